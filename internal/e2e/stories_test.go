package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/aofctl/aofctl/internal/store"
)

// storyExample is the directory of the example that these tests run as it is.
var storyExample = filepath.Join("..", "..", "examples", "spec-to-stories")

// newStories is a world with the example of stories from a specification, whose page is
// not published yet.
func newStories(t *testing.T, kind jira.Deployment) *scribe {
	t.Helper()
	spaces := append(confluence.DefaultSpaces(), confluence.Space{Key: "SPEC", Name: "Specifications"})
	w := newWorldOf(t, sandbox.Options{Jira: jira.Options{Deployment: kind}, Confluence: confluence.Options{Spaces: spaces}})
	w.environ["CONFLUENCE_WEBHOOK_SECRET"], w.environ["CONFLUENCE_WEBHOOK_TOKEN"], w.environ["SPEC_DEBOUNCE"] = wikiSecret, wikiToken, "1s"
	rules, err := os.ReadFile(filepath.Join(storyExample, "model.rules.yaml"))
	do(t, err)
	w.githubModel(string(rules))
	w.configure("{}", "{settle: 100ms, task_timeout_secs: 900}")
	w.example("spec-to-stories")
	flow, err := os.ReadFile(filepath.Join(storyExample, "flows", "spec-to-stories.yaml"))
	do(t, err)
	w.write("flows/spec-to-stories.yaml", string(flow))
	w.wikiConfig(kind)
	text, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
	do(t, err)
	w.write("daemon.yaml", string(text)+"  policy: {writes_per_run: 400, comments_per_run: 100}\n")
	w.hook(kind)
	return &scribe{world: w, pages: w.proxy}
}

// publish lets Alice publish the page of a file of the example, and returns its id.
func (s *scribe) publish(file string) string {
	s.t.Helper()
	var page struct{ Space, Title, Body, Label string }
	raw, err := os.ReadFile(filepath.Join(storyExample, file))
	do(s.t, err)
	do(s.t, json.Unmarshal(raw, &page))
	id, err := s.box.Confluence.As("alice").CreatePage(confluence.NewPage{Space: page.Space, Title: page.Title, Body: page.Body})
	do(s.t, err)
	do(s.t, s.box.Confluence.As("alice").Label(id, page.Label))
	return id
}

// scythe kills a daemon at some of its writes, each of these once: at every fourth, in
// all four moments in turn, and at every comment.
type scythe struct {
	mu    sync.Mutex
	seen  map[string]bool
	kills int
}

// volatile is what is another in the same write of another daemon.
var volatile = regexp.MustCompile(`"(?:since|number|version)":[^,}]*`)

func (y *scythe) strikes(r *http.Request) (string, bool) {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/chat/completions") || strings.Contains(r.URL.Path, "/search") {
		return "", false
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	key := r.Method + " " + r.URL.Path + " " + volatile.ReplaceAllString(string(body), "")
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.seen[key] {
		return "", false
	}
	if y.seen == nil {
		y.seen = map[string]bool{}
	}
	y.seen[key] = true
	n := len(y.seen)
	if n%4 != 3 && !strings.Contains(r.URL.Path, "comment") {
		return "", false
	}
	y.kills++
	return moments[y.kills%len(moments)], true
}

func (y *scythe) watch(g *gate, only *seat) {
	g.set(func(_ int, r *http.Request, forward func()) bool {
		moment, strike := y.strikes(r)
		if !strike {
			return false
		}
		only.killAt(moment, forward)
		return true
	})
}

// killed is how often it struck.
func (y *scythe) killed() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.kills
}

// storiesOf waits until the runs about the page are over, starting a daemon whenever
// there is none.
func (s *seat) storiesOf(page string) []store.Run {
	s.t.Helper()
	var over []store.Run
	s.awaitFor(5*patience, "the stories to be made, however often the daemon is killed", func() bool {
		s.sit()
		list, err := s.client().Runs(context.Background(), url.Values{})
		list = slices.DeleteFunc(list, func(r store.Run) bool { return r.Subject != "page:"+page })
		if err != nil || len(list) == 0 || slices.ContainsFunc(list, func(r store.Run) bool { return !r.State.Terminal() }) {
			return false
		}
		over = list
		return true
	})
	return over
}

// made is what the stories come to: each issue with its type, how many links it has and
// the requirement that they name.
func (s *scribe) made() []string {
	s.t.Helper()
	var out []string
	for _, key := range s.box.Jira.Keys() {
		i, _ := s.box.Jira.Issue(key)
		line := fmt.Sprintf("%s %s: %d links", i.Type, i.Summary, len(i.RemoteLinks))
		for _, l := range i.RemoteLinks {
			_, ref, _ := strings.Cut(l.GlobalID, "#")
			line += " " + ref
		}
		out = append(out, line)
	}
	return out
}

// TestStoriesOfASpecificationAreMadeOnce kills the daemon again and again while it makes
// the stories of a page: in the end there are an epic, eight stories and one comment.
func TestStoriesOfASpecificationAreMadeOnce(t *testing.T) {
	want := []string{
		"Epic Order tracking: 1 links ",
		"Story REQ-1: Show the state of an order: 1 links req-1",
		"Story REQ-2: Estimate the time of arrival: 1 links req-2",
		"Story REQ-3: Track without an account: 1 links req-3",
		"Story REQ-4: Offer the state to partners: 1 links req-4",
		"Story REQ-5: Tell shoppers by e-mail when the parcel was shipped: 1 links req-5",
		"Story REQ-6: Tell shoppers by text message on the day of delivery: 1 links req-6",
		"Story REQ-7: Let shoppers choose a safe place: 1 links req-7",
		"Story REQ-8: Work with screen readers: 1 links req-8",
	}
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newStories(t, kind)
			y, only := &scythe{}, &seat{scribe: s}
			y.watch(s.proxy, only)
			only.open()
			page := s.publish("page.json")
			succeeded(t, only.storiesOf(page))
			if diff := cmp.Diff(want, s.made()); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
			if got := s.remarks(page); len(got) != 1 || strings.Count(got[0], "/browse/") != 9 || strings.Contains(got[0], "no story") {
				t.Errorf("comments %q", got)
			}
			if n := y.killed(); n < 4 {
				t.Errorf("killed %d times only", n)
			}
		})
	}
}
