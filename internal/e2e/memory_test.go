package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/step"
)

// remembering is a model that stores what it is told, and tells what it finds.
const remembering = `
let:
  fact: {in: user, match: '(?m)^args: (\S+)'}
  known: {in: results, match: 'stored [^)]*\):\n(\S+)'}
rules:
  - {name: store, when: {user_contains: remember, not_called: memory_set}, call: [{tool: memory_set, args: {key: the fact, value: '${fact}'}}]}
  - {name: stored, when: {called: memory_set}, say: I noted it.}
  - {name: find, when: {user_contains: recall, not_called: memory_get}, call: [{tool: memory_get, args: {key: the fact}}]}
  - {name: told, when: {called: memory_get}, say: 'I know ${known}.'}
  - {name: blank, when: {called: memory_get}, say: I know nothing.}
`

// keeper is an agent with a memory and further fields, and the commands for it.
func keeper(name, more string) string {
	return fmt.Sprintf(`apiVersion: aof.dev/v1
kind: Agent
metadata: {name: %[1]s}
spec:
  model: google:gemini-2.5-flash
  instructions: Do what the command says.
%[2]s
---
apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: %[1]s}
spec:
  type: Jira
  config: {events: [comment_created]}
  commands:
    /remember-%[1]s: {agent: %[1]s, description: Remember}
    /recall-%[1]s: {agent: %[1]s, description: Recall}
`, name, more)
}

// says sends a command on an issue and returns the answer to it.
func (w *world) says(key, command string) string {
	w.t.Helper()
	before := len(w.replies(key))
	w.comment("alice", key, command)
	w.await("an answer to "+command, func() bool { return len(w.replies(key)) > before })
	return w.replies(key)[before]
}

// TestAnAgentRemembersOverARestartAndWithinItsProjectOnly has one run store
// something, restarts the daemon, and has others look for it.
func TestAnAgentRemembersOverARestartAndWithinItsProjectOnly(t *testing.T) {
	w := newWorld(t)
	w.script(remembering)
	w.write("agents/filed.yaml", keeper("filed", `  memory: "File:./notes/cache.json:1000"`))
	w.write("agents/other.yaml", keeper("other", `  memory: "File:./notes/cache.json:1000"`))
	w.write("agents/stored.yaml", keeper("stored", `  memory: Store:20`))
	w.write("agents/dry.yaml", keeper("dry", "  memory: \"File:./notes/dry.json\"\n  writes: dry_run"))
	d := w.start()
	one, two, foreign := w.story("FEAT"), w.story("FEAT"), w.story("PROJ")
	for _, name := range []string{"filed", "stored"} {
		if got := w.says(one, "/remember-"+name+" door-is-"+name); !strings.Contains(got, "noted") {
			t.Fatalf("%s: %q", name, got)
		}
	}
	w.comment("alice", one, "/remember-dry something")
	w.ended(one, 3)
	d.kill()
	w.start()
	for name, want := range map[string]string{"filed": "I know door-is-filed.", "stored": "I know door-is-stored.", "other": "I know nothing."} {
		if got := w.says(two, "/recall-"+name); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
		if got := w.says(foreign, "/recall-"+name); !strings.Contains(got, "I know nothing.") {
			t.Errorf("in another project %s says %q", name, got)
		}
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "notes", "cache.json"))
	if err != nil || !strings.Contains(string(text), `"project": "FEAT"`) || !strings.Contains(string(text), "door-is-filed") || strings.Contains(string(text), "PROJ") {
		t.Errorf("the file holds %s, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "notes", "dry.json")); !os.IsNotExist(err) {
		t.Errorf("a dry run wrote to its memory: %v", err)
	}
}

// fetching is a model that reads a page and then tries to read what it must not.
const fetching = `
let:
  page: {in: system, match: 'page=(\S+)'}
  inside: {in: system, match: 'inside=(\S+)'}
  word: {in: results, match: 'the word is (\w+)'}
rules:
  - {name: read, call: [{tool: http_request, args: {url: '${page}'}}]}
  - {name: pry, call: [{tool: http_request, args: {url: '${inside}'}}]}
  - {name: write, call: [{tool: http_request, args: {url: '${page}', method: POST, body: hello}}]}
  - {name: end, say: 'The word is ${word}.'}
`

func TestAnAgentReadsFromTheHostsOfTheListAlone(t *testing.T) {
	secrets := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a host off the list was reached") }))
	defer secrets.Close()
	posted := make(chan string, 10)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			posted <- r.Header.Get("Authorization") + " " + string(body)
		}
		_, _ = w.Write([]byte("the word is sesame"))
	}))
	defer pages.Close()
	w := newWorld(t)
	w.script(fetching)
	w.environ["PAGES_TOKEN"] = "pages-token-of-the-test"
	config, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("daemon.yaml", string(config)+fmt.Sprintf("  policy: {allowed_hosts: [{host: %q, private: true, token_env: PAGES_TOKEN}]}\n", pages.URL))
	w.write("agents/reader.yaml", strings.Replace(keeper("reader", "  tools: [http_request]"), "Do what the command says.", "page="+pages.URL+"/x inside="+secrets.URL+"/", 1))
	d := w.start()
	key := w.story("FEAT")
	if got := w.says(key, "/recall-reader"); !strings.Contains(got, "The word is sesame.") {
		t.Errorf("the answer is %q", got)
	}
	run := w.run(w.ended(key, 1)[0].ID)
	var decisions []string
	for _, s := range run.StepList {
		if s.Kind == step.KindTool && s.Name == "http_request" {
			decisions = append(decisions, s.Decision)
		}
	}
	if len(decisions) != 3 || decisions[0] != "allowed" || decisions[1] == "allowed" || decisions[2] != "allowed" {
		t.Errorf("the policy decided %v", decisions)
	}
	if got := <-posted; got != "Bearer pages-token-of-the-test hello" {
		t.Errorf("posted was %q", got)
	}
	if strings.Contains(d.log.String(), "pages-token-of-the-test") {
		t.Error("the log tells the token")
	}
	w.write("agents/reader.yaml", keeper("reader", "  tools: [http_request]"))
	w.write("daemon.yaml", string(config))
	d.kill()
	out := w.launch()
	<-out.done
	if !strings.Contains(out.log.String(), "policy.allowed_hosts") {
		t.Errorf("without hosts it says\n%s", out.log)
	}
}
