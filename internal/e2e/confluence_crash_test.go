package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

// scribbling are the rules of a model that writes all that can be written, each once.
const scribbling = `
rules:
  - name: write
    when: {not_called: [confluence_create_page]}
    call:
      - {tool: confluence_create_page, args: {space_key: DOC, title: Test plan, body: "- [ ] one", labels: [test-plan]}}
      - {tool: confluence_update_page, args: {page_id: "WHOLE", body: "All *new*.", reason: "NOTIFY-1: decided anew"}}
      - {tool: confluence_update_section, args: {page_id: "SECTION", heading: Digest mode, body: "Every 15 minutes.", reason: "NOTIFY-2: it takes longer"}}
      - {tool: confluence_append_to_page, args: {page_id: "LOG", body: "A further line.", reason: "NOTIFY-3: one more"}}
      - {tool: confluence_add_labels, args: {page_id: "TALK", labels: [spec, v2]}}
      - {tool: confluence_remove_label, args: {page_id: "TALK", label: old}}
      - {tool: confluence_set_property, args: {page_id: "TALK", key: requirement, value: '{"id": 7}'}}
      - {tool: confluence_add_comment, args: {page_id: "TALK", body: "Eight **requirements**."}}
      - {tool: confluence_add_comment, args: {page_id: "TALK", body: "Is that so?", selection: Every 5 minutes}}
      - {tool: confluence_add_comment, args: {page_id: "TALK", body: "I answer.", parent_comment_id: "COMMENT"}}
      - {tool: confluence_add_attachment, args: {page_id: "TALK", filename: a.csv, content: "a,b", comment: "NOTIFY-4: the figures"}}
      - {tool: confluence_create_page, args: {space_key: DOC, title: Notes, body: "to be seen", status: draft}}
  - {name: done, say: All is written.}
`

// scribe is a world whose agent writes to Confluence.
type scribe struct {
	*world

	// pages is before Confluence, and is the world's proxy on Cloud.
	pages *gate
}

func newScribe(t *testing.T, kind jira.Deployment, dsn string) *scribe {
	t.Helper()
	w := newWorldOf(t, sandbox.Options{Jira: jira.Options{Deployment: kind}})
	if dsn != "" {
		w.environ["AOF_DSN"], w.storage = dsn, "{dsn_env: AOF_DSN}"
	}
	alice, names := w.box.Confluence.As("alice"), map[string]string{}
	for _, name := range []string{"WHOLE", "SECTION", "LOG", "TALK"} {
		id, err := alice.CreatePage(confluence.NewPage{Space: "DOC", Title: "Page " + name, Body: preferences})
		do(t, err)
		names[name] = id
	}
	do(t, alice.Label(names["TALK"], "old"))
	comment, err := alice.Comment(names["TALK"], "<p>What of it?</p>")
	do(t, err)
	rules := strings.NewReplacer("COMMENT", comment, "WHOLE", names["WHOLE"], "SECTION", names["SECTION"], "LOG", names["LOG"], "TALK", names["TALK"])
	w.githubModel(rules.Replace(scribbling))
	s := &scribe{world: w, pages: w.proxy}
	if kind == jira.DataCenter {
		s.pages = newGate(t, w.box.ConfluenceURL())
	}
	s.layOut(kind)
	return s
}

// layOut writes manifests and a configuration for a place that asks through its own
// proxies.
func (s *scribe) layOut(kind jira.Deployment) {
	s.t.Helper()
	s.configure("{}", "{settle: 100ms}")
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		do(s.t, os.RemoveAll(filepath.Join(s.dir, dir)))
		do(s.t, os.MkdirAll(filepath.Join(s.dir, dir), 0o755))
	}
	s.write("agents/keeper.yaml", pageKeeper)
	s.write("triggers/keep.yaml", keepTrigger)
	text, err := os.ReadFile(filepath.Join(s.dir, "daemon.yaml"))
	do(s.t, err)
	said, config := "    confluence: {enabled: true}\n", string(text)
	if kind == jira.DataCenter {
		pat := "auth: {type: pat, token_env: JIRA_API_TOKEN}"
		said = "    confluence: {base_url: " + s.pages.url + ", " + pat + "}\n"
		config = strings.Replace(config, "auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}", pat, 1)
	}
	s.write("daemon.yaml", strings.Replace(config, "  triggers:", said+"  triggers:", 1))
}

// reaper kills daemons at writes to Confluence, each write once.
type reaper struct {
	moment string
	// at, if given, are ends of the addresses at each of which it strikes once.
	at []string

	mu     sync.Mutex
	struck map[string]bool
	kills  int
}

// watch makes the reaper lie in wait behind a gate, for the daemon that is behind it.
func (p *reaper) watch(g *gate, behind *seat) {
	g.set(func(_ int, r *http.Request, forward func()) bool {
		if !p.strikes(r) {
			return false
		}
		behind.killAt(p.moment, forward)
		return true
	})
}

// killAt kills the daemon at a moment of a request, which forward carries out. Who is
// killed behind its request is the one that made it, however late that is done: its
// successor is not to pay for it.
func (s *seat) killAt(moment string, forward func()) {
	d := s.seated()
	switch moment {
	case "before":
		d.kill()
	case "after":
		forward()
		d.kill()
	case "late":
		d.kill()
		forward()
	default:
		forward()
		go d.kill()
	}
}

// killed is how often it struck.
func (p *reaper) killed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kills
}

// stamped is what a comment on a piece of text says of the time.
var stamped = regexp.MustCompile(`"lastFetchTime":"[0-9]*"`)

// key names a write; false for what is none. Those of one address are told apart by
// what they say.
func (p *reaper) key(r *http.Request) (string, bool) {
	writes := []string{"/pages", "/content", "-comments"}
	if r.Method == http.MethodGet || !slices.ContainsFunc(writes, func(part string) bool { return strings.Contains(r.URL.Path, part) }) {
		return "", false
	}
	if p.at != nil {
		return r.URL.Path, slices.ContainsFunc(p.at, func(end string) bool { return strings.HasSuffix(r.URL.Path, end) })
	}
	key := r.Method + " " + r.URL.Path
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		key += " " + stamped.ReplaceAllString(string(body), "")
	}
	return key, true
}

// strikes reports whether a request is a write that was not struck yet.
func (p *reaper) strikes(r *http.Request) bool {
	key, is := p.key(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.struck == nil {
		p.struck = map[string]bool{}
	}
	if !is || p.struck[key] {
		return false
	}
	p.struck[key] = true
	p.kills++
	return true
}

// seat is where one daemon after the other is started.
type seat struct {
	*scribe

	mu sync.Mutex
	d  *daemon
}

// sit starts a daemon unless one is there. A request of it that is to be its last
// waits until it is known which one it is.
func (s *seat) sit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.d != nil {
		select {
		case <-s.d.done:
		default:
			return
		}
	}
	s.d = s.launch()
}

// open starts the first daemon, and waits until it takes webhooks, which a Data
// Center sends once.
func (s *seat) open() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d = s.start()
}

// seated is the daemon that is there, or was last.
func (s *seat) seated() *daemon {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d
}

// outlive has daemons started until the run of the issue is over, and returns it.
func (s *scribe) outlive(key string, seats ...*seat) store.Run {
	s.t.Helper()
	var over []store.Run
	s.awaitFor(5*patience, "the run to end, however often it is killed", func() bool {
		for _, one := range seats {
			one.sit()
		}
		for _, one := range seats {
			list, err := one.client().Runs(context.Background(), url.Values{"issue": {key}})
			if err == nil && len(list) > 0 && !slices.ContainsFunc(list, func(r store.Run) bool { return !r.State.Terminal() }) {
				over = list
				return true
			}
		}
		return false
	})
	if len(over) != 1 {
		s.t.Fatalf("%d runs, want 1: %s", len(over), toJSON(s.t, over))
	}
	return over[0]
}

// kept is what is left of a run that wrote to Confluence.
type kept struct {
	State store.State
	Error string
	// Pages are told as JSON, by title.
	Pages map[string]string
	// Writes counts what Confluence carried out.
	Writes map[string]int
	Steps  []string
	Reply  []string
}

// ownMark is the mark of a call, which is another one for each run.
var ownMark = regexp.MustCompile(`aofctl:[0-9a-f]{12}|"run":"[^"]*"|127\.0\.0\.1:[0-9]+`)

func (s *scribe) left(run store.Run) kept {
	s.t.Helper()
	out := kept{State: run.State, Error: run.Error, Pages: map[string]string{}, Writes: map[string]int{}, Reply: s.replies(run.IssueKey)}
	for _, id := range s.box.Confluence.Pages() {
		p, _ := s.box.Confluence.Page(id)
		for key, value := range p.Properties {
			p.Properties[key] = ownMark.ReplaceAllString(value, "MARK")
		}
		if _, twice := out.Pages[p.Title]; twice {
			s.t.Errorf("there are two pages %q", p.Title)
		}
		out.Pages[p.Title] = ownMark.ReplaceAllString(toJSON(s.t, p), "MARK")
	}
	for _, r := range s.box.Confluence.Requests() {
		if r.Method != http.MethodGet && r.Applied >= 200 && r.Applied < 300 {
			out.Writes[r.Method+" "+r.Path]++
		}
	}
	for _, e := range s.run(run.ID).StepList {
		out.Steps = append(out.Steps, ownMark.ReplaceAllString(string(e.Kind)+" "+e.Name+" "+string(e.Output), "MARK"))
	}
	return out
}

// plainly is what a run leaves that nobody disturbs, and its requests.
func plainly(t *testing.T, kind jira.Deployment) (kept, []string) {
	t.Helper()
	s := newScribe(t, kind, "")
	s.start()
	key := s.story("PROJ")
	runs := s.ended(key, 1)
	want := s.left(runs[0])
	if want.State != store.StateSucceeded || len(want.Steps) < 14 {
		t.Fatalf("undisturbed: %s", toJSON(t, want))
	}
	for title, message := range map[string]string{
		"Page WHOLE": "NOTIFY-1: decided anew (keeper, MARK)", "Page SECTION": "NOTIFY-2: it takes longer (keeper, MARK)", "Page LOG": "NOTIFY-3: one more (keeper, MARK)",
	} {
		if p := want.Pages[title]; !strings.Contains(p, `"version": 2,`) || !strings.Contains(p, `"message": "`+message+`"`) {
			t.Errorf("%s is %s", title, p)
		}
	}
	return want, s.proxy.requests()
}

// writes is how many there were.
func (w kept) writes() int {
	n := 0
	for _, of := range w.Writes {
		n += of
	}
	return n
}

// check compares what is left with what should be.
func (w kept) check(t *testing.T, got kept) {
	t.Helper()
	if diff := cmp.Diff(w, got); diff != "" {
		t.Errorf("in the end (-undisturbed +killed):\n%s", diff)
	}
}

// TestWhatARunWritesToConfluenceIsThereOnce kills the daemon with SIGKILL at each
// write to Confluence that a run makes, one after the other in the same run, and
// starts it again; at each moment of a write.
func TestWhatARunWritesToConfluenceIsThereOnce(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			want, plain := plainly(t, kind)
			for _, moment := range moments {
				t.Run(moment, func(t *testing.T) {
					t.Parallel()
					s := newScribe(t, kind, "")
					p, only := &reaper{moment: moment}, &seat{scribe: s}
					p.watch(s.pages, only)
					only.open()
					run := s.outlive(s.story("PROJ"), only)
					want.check(t, s.left(run))
					if n := p.killed(); n < want.writes() {
						t.Errorf("killed %d times at %d writes", n, want.writes())
					}
					once(t, plain, s.proxy.requests(), moment)
				})
			}
		})
	}
}

// once checks that the model was not asked again what it had answered. Who is killed
// behind a write may be asking it already.
func once(t *testing.T, plain, got []string, moment string) {
	t.Helper()
	asked := func(list []string) int {
		return len(slices.DeleteFunc(slices.Clone(list), func(r string) bool { return !strings.HasSuffix(r, "/chat/completions") }))
	}
	more := asked(got) - asked(plain)
	if more < 0 || more > 1 || more == 1 && moment != "behind" {
		t.Errorf("the model was asked %d times more", more)
	}
}

// TestWhatRunsOfReplicasWriteToConfluenceIsThereOnce kills that of two replicas which
// makes the first page, and that which writes the first comment, so that the other
// has to go on with the run.
func TestWhatRunsOfReplicasWriteToConfluenceIsThereOnce(t *testing.T) {
	want, _ := plainly(t, jira.Cloud)
	for _, moment := range []string{"after", "late"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := newScribe(t, jira.Cloud, pgtest.Database(t))
			mirror := &scribe{world: s.replica()}
			mirror.proxy = newGate(t, s.box.JiraURL())
			mirror.pages = mirror.proxy
			mirror.layOut(jira.Cloud)
			one, other := &seat{scribe: s}, &seat{scribe: mirror}
			p := &reaper{moment: moment, at: []string{"/v2/pages", "/footer-comments"}}
			p.watch(s.pages, one)
			p.watch(mirror.pages, other)
			one.open()
			other.open()
			run := s.outlive(s.story("PROJ"), one, other)
			want.check(t, other.left(run))
			if n := p.killed(); n != 2 {
				t.Errorf("killed %d times", n)
			}
		})
	}
}
