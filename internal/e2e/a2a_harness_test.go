package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// docile is a model that does what its user says, for tests of tasks.
const docile = `
let:
  issue: {in: all, match: '\b([A-Z]+-\d+)\b', else: NONE-0}
  text: {in: data, match: 'write (\w+)', else: something}
  known: {in: all, match: 'my number is (\w+)', else: unknown}
  answer: {in: results, match: '(the \w+ one)', else: nothing}
rules:
  - {when: {user_contains: ask me first, not_called: ask_user}, call: [{tool: ask_user, args: {question: 'Which one do you mean?'}}]}
  - {when: {data_matches: 'write \w+', not_called: jira_add_comment}, call: [{tool: jira_add_comment, args: {issue_key: '${issue}', body: 'Wrote ${text}.'}}]}
  - {when: {user_contains: ask me first}, say: 'You mean ${answer}.'}
  - {when: {user_contains: look at it, not_called: jira_get_issue}, call: [{tool: jira_get_issue, args: {issue_key: '${issue}'}}]}
  - {when: {user_contains: the logo too}, say: 'Done, with the logo.'}
  - {when: {user_contains: what is my number}, say: 'It is ${known}.'}
  - {say: Done.}
`

// site is a world with one daemon on SQLite, or with two that share a database on
// PostgreSQL and get the requests in turn.
type site struct {
	*world
	places  []*world
	daemons []*daemon
	front   *front
	models  *door
	// told are the notifications that were pushed.
	told *notices
}

// kinds are where the rules of tasks hold.
var kinds = []string{"SQLite", "PostgreSQL with two replicas"}

// onBoth plays a test on each kind of database.
func onBoth(t *testing.T, opts rovo.Options, forge string, play func(t *testing.T, s *site)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, kind, opts, forge)
			s.startAll()
			play(t, s)
		})
	}
}

// newSite lays out the daemons, with further fields of platforms.forge. The sandbox
// has a second tenant, beta.
func newSite(t *testing.T, kind string, opts rovo.Options, forge string) *site {
	t.Helper()
	if opts.Poll == 0 {
		opts.Poll = 20 * time.Millisecond
	}
	w := newRovoWorld(t, opts, "beta")
	w.environ["A2A_TOKENS"] = "script=" + plainToken + ",other=" + otherToken
	s := &site{world: w, places: []*world{w}, models: newDoor(t, w.box.ModelURL()), told: newNotices(t)}
	if kind != kinds[0] {
		w.environ["AOF_DSN"], w.storage = pgtest.Database(t), "{dsn_env: AOF_DSN}"
		s.places = append(s.places, w.replica())
	}
	for _, place := range s.places {
		place.write("agents/reviewer.yaml", reviewer)
		place.write("agents/second.yaml", strings.Replace(reviewer, "reviewer", "second", 1))
		s.configureAt(place, forge)
	}
	w.script(docile)
	s.front = newFront(t, s.places)
	w.box.Rovo.SetRemote(s.front.url)
	for _, hook := range w.box.Jira.Webhooks() { // with them the daemons work for themselves, too
		w.box.Jira.Unregister(hook.ID)
	}
	return s
}

// configureAt writes a place's configuration, with further fields of platforms.forge.
func (s *site) configureAt(place *world, forge string) {
	s.t.Helper()
	place.configureRovo(forge)
	text, err := os.ReadFile(filepath.Join(place.dir, "daemon.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	place.write("daemon.yaml", strings.NewReplacer(s.proxy.url+"/llm/v1", s.models.url+"/v1",
		"tokens_env: A2A_TOKENS", "tokens_env: A2A_TOKENS, push_hosts: [{host: '"+s.told.url+"', private: true}]").Replace(string(text)))
}

// notices is a receiver of notifications.
type notices struct {
	url  string
	mu   sync.Mutex
	list []notice
}

type notice struct {
	header http.Header
	gjson.Result
}

func newNotices(t *testing.T) *notices {
	t.Helper()
	n := &notices{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.list = append(n.list, notice{r.Header.Clone(), gjson.ParseBytes(body)})
	}))
	t.Cleanup(srv.Close)
	n.url = srv.URL
	return n
}

// of are the notifications with a text in them, in the order in which they came.
func (n *notices) of(text string) []notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.list), func(one notice) bool { return !strings.Contains(one.Raw, text) })
}

// otherToken is that of a second plain caller.
const otherToken = "e2e-other-caller-token"

// startAll starts all daemons at the same time.
func (s *site) startAll() {
	s.t.Helper()
	s.daemons = nil
	for _, place := range s.places {
		s.daemons = append(s.daemons, place.launch())
	}
	for _, place := range s.places {
		place.awaitReady()
	}
	s.front.only(s.places...)
}

func (w *world) awaitReady() {
	w.t.Helper()
	w.await("the daemon to be ready", func() bool {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", w.port))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// resume has the work go on after the first daemon died: on SQLite it starts again,
// else the other one goes on in its place.
func (s *site) resume() {
	s.t.Helper()
	if len(s.places) == 1 {
		s.daemons[0] = s.places[0].start()
		return
	}
	s.front.only(s.places[1])
}

// scene is a part of a test with a copy of the site that reports to it.
func (s *site) scene(t *testing.T, name string, play func(t *testing.T, s *site)) {
	t.Run(name, func(t *testing.T) {
		own, first := *s, *s.world
		first.t = t
		own.world = &first
		play(t, &own)
	})
}

// front gives the requests to the daemons in turn.
type front struct {
	url   string
	mu    sync.Mutex
	backs []*url.URL
	next  int
}

func newFront(t *testing.T, places []*world) *front {
	t.Helper()
	f := &front{}
	f.only(places...)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(f.turn()) }, FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A ReverseProxy may cut a stream whose beginning comes before it has found the
		// request to be at its end.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *front) turn() *url.URL {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	return f.backs[f.next%len(f.backs)]
}

// only gives all requests to some of the daemons from now on.
func (f *front) only(places ...*world) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backs = nil
	for _, place := range places {
		f.backs = append(f.backs, &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", place.port)})
	}
}

// door is before the model, and holds requests by what they are about.
type door struct {
	url string
	mu  sync.Mutex
	// guards are by the words that a request has in it.
	guards map[string]*guard
}

// guard holds the requests with a word in them until it is released.
type guard struct {
	skip   int
	opened chan struct{}
	once   sync.Once
	// came counts the requests that were held, left those whose sender gave up.
	came, left atomic.Int32
}

func (g *guard) released() bool {
	select {
	case <-g.opened:
		return true
	default:
		return false
	}
}

func (g *guard) release() { g.once.Do(func() { close(g.opened) }) }

func newDoor(t *testing.T, target string) *door {
	t.Helper()
	u, err := url.Parse(strings.TrimSuffix(target, "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{guards: map[string]*guard{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if g := d.guarding(string(body)); g != nil {
			g.came.Add(1)
			select {
			case <-g.opened:
			case <-r.Context().Done():
				g.left.Add(1)
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(d.releaseAll)
	d.url = srv.URL
	return d
}

func (d *door) guarding(body string) *guard {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found *guard
	for word, g := range d.guards {
		switch {
		case !strings.Contains(body, word) || g.released():
		case g.skip > 0:
			g.skip--
		default:
			found = g
		}
	}
	return found
}

// hold holds the requests that have the word in them, but for the first few.
func (d *door) hold(word string, skip int) *guard {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := &guard{skip: skip, opened: make(chan struct{})}
	d.guards[word] = g
	return g
}

func (d *door) releaseAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, g := range d.guards {
		g.release()
	}
}

// held waits until a guard has held n requests.
func (s *site) held(g *guard, n int32) {
	s.t.Helper()
	s.await("requests to the model to be held", func() bool { return g.came.Load() >= n })
}

// issue creates an issue in the first tenant.
func (s *site) issue() string {
	s.t.Helper()
	return s.create(jira.NewIssue{Project: "PROJ", Summary: "QA checkout flow", Description: "Review it."})
}

// setup installs the app in both tenants and configures it.
func (s *site) setup(ctx context.Context) {
	s.t.Helper()
	for _, name := range []string{"sandbox", "beta"} {
		if err := s.box.Rovo.Tenant(name).Setup(ctx); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) alice() *rovo.User { return s.box.Rovo.Tenant("").User("alice") }
func (s *site) bob() *rovo.User   { return s.box.Rovo.Tenant("").User("bob") }

// plain is a caller that is not Jira.
func (s *site) plain(token string, d client.Dialect) *client.Client {
	return &client.Client{URL: s.front.url + "/a2a/json-rpc", Dialect: d, Sign: func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}}
}

// reply is what a request of JSON-RPC was answered with.
type reply struct {
	status int
	header http.Header
	gjson.Result
}

func (r reply) code() int64 { return r.Get("error.code").Int() }

// post sends a body as a caller does, as it is.
func (s *site) post(c *client.Client, body string, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, c.URL, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if err := c.Sign(req); err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, Result: gjson.ParseBytes(text)}
}

// method calls a method with parameters as JSON.
func (s *site) method(c *client.Client, name, params string) reply {
	s.t.Helper()
	return s.post(c, `{"jsonrpc":"2.0","id":1,"method":"`+name+`","params":`+params+`}`)
}

// ends waits until a task that its caller polls has come to its end.
func (s *site) ends(ctx context.Context, c *client.Client, id string) client.Task {
	s.t.Helper()
	return s.becomes(ctx, c, id, over)
}

// becomes polls a task until it is as wanted.
func (s *site) becomes(ctx context.Context, c *client.Client, id string, ok func(client.Task) bool) client.Task {
	s.t.Helper()
	var task client.Task
	s.await("task "+id+" to go on", func() bool {
		var err error
		task, err = c.Get(ctx, id)
		return err == nil && ok(task)
	})
	return task
}

func over(t client.Task) bool { return t.State.Terminal() }

func is(state a2a.State) func(client.Task) bool {
	return func(t client.Task) bool { return t.State == state }
}

// sse are the events of a stream as they come.
type sse struct {
	resp  *http.Response
	lines *bufio.Scanner
}

// frame is one event, or a comment.
type frame struct {
	id, comment string
	gjson.Result
}

// stream opens a stream with a request as it is.
func (s *site) stream(c *client.Client, body string, headers ...string) *sse {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, c.URL, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if err := c.Sign(req); err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		text, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("the answer is no stream: %d %s %s", resp.StatusCode, kind, text)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &sse{resp: resp, lines: lines}
}

// next reads what comes next; false at the end.
func (e *sse) next() (frame, bool) {
	var f frame
	begun := false
	for e.lines.Scan() {
		line := e.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && begun:
			return f, true
		case name == "id":
			f.id = value
		case name == "data":
			f.Result = gjson.Parse(value)
		case name == "":
			f.comment = value
		}
		begun = begun || line != ""
	}
	return f, false
}

// events reads the next n events, all until the end for 0.
func (e *sse) events(n int) []frame {
	var list []frame
	for n == 0 || len(list) < n {
		f, more := e.next()
		if !more {
			return list
		}
		if f.comment == "" {
			list = append(list, f)
		}
	}
	return list
}

func (e *sse) drop() { _ = e.resp.Body.Close() }

// comments are the bodies on an issue, sorted.
func (s *site) comments(key string) []string {
	s.t.Helper()
	issue, _ := s.box.Jira.Issue(key)
	var list []string
	for _, c := range issue.Comments {
		if !strings.Contains(c.Body, "accountid:") {
			list = append(list, c.Body)
		}
	}
	slices.Sort(list)
	return list
}
