package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/npmtest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// TestTheSDKForJavaScriptIsServed calls the daemon with the protocol's official SDK
// for JavaScript, in the last version that speaks 0.3 and in one that speaks 1.0.
func TestTheSDKForJavaScriptIsServed(t *testing.T) {
	if testing.Short() {
		t.Skip("installs SDKs")
	}
	for _, sdk := range []struct {
		version, script, told string
		more                  []string
	}{
		{"0.3.14", "client03.mjs", "told-0.3", nil},
		{"1.3.0", "client10.mjs", "Bearer told-1.0", []string{"list"}},
	} {
		t.Run(sdk.version, func(t *testing.T) {
			t.Parallel()
			dir := installSDK(t, sdk.version)
			w := newCallersWorld(t)
			w.played(exec.CommandContext(bounded(t), "node", filepath.Join(dir, sdk.script)), sdk.more...)
			w.await("the receiver to be told as "+sdk.told, func() bool { return w.told(sdk.told) })
		})
	}
}

// installSDK installs the SDK beside the scripts that use it.
func installSDK(t *testing.T, version string) string {
	t.Helper()
	npmtest.Require(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/a2a-js")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	npmtest.Install(t, dir, "@a2a-js/sdk@"+version)
	return dir
}

// callersWorld is a world with a daemon that programs call, which each test here
// lets play the same conversations, and a receiver of notifications.
type callersWorld struct {
	*world
	hook *httptest.Server
	mu   sync.Mutex
	// notices are the headers of what the receiver was told.
	notices []http.Header
}

// asks is a model for conversations with programs.
const asks = `
let:
  answer: {in: results, match: '(the \w+ one)', else: nothing}
rules:
  - {when: {user_contains: ask me first, not_called: ask_user}, call: [{tool: ask_user, args: {question: 'Which one do you mean?'}}]}
  - {when: {user_contains: ask me first}, say: 'You mean ${answer}.'}
  - {say: Hello from the agent.}
`

func newCallersWorld(t *testing.T) *callersWorld {
	t.Helper()
	rules, err := model.Parse([]byte(asks))
	if err != nil {
		t.Fatal(err)
	}
	w := &callersWorld{world: newWorldOf(t, sandbox.Options{Model: model.Options{Rules: rules}})}
	w.hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notices = append(w.notices, r.Header.Clone())
	}))
	t.Cleanup(w.hook.Close)
	w.environ["A2A_TOKENS"] = "one=" + callerOne + ",two=" + callerTwo
	w.write("agents/helper.yaml", `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: helper}
spec: {model: google:gemini-2.5-flash, instructions: You help programs., tools: [ask_user]}
`)
	w.write("daemon.yaml", fmt.Sprintf(`apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: e2e}
spec:
  server: {host: 127.0.0.1, port: %d}
  platforms:
    a2a: {default_agent: helper, tokens_env: A2A_TOKENS, push_hosts: [{host: "%s", private: true}]}
  agents: {directory: ./agents/}
  models: {providers: {google: {base_url: %s/v1}}}
  admin: {host: 127.0.0.1, port: %d}
  storage: %s
`, w.port, w.hook.URL, w.box.ModelURL(), w.admin, w.storage))
	w.start()
	return w
}

// Tokens of two programs.
const (
	callerOne = "e2e-first-program-token"
	callerTwo = "e2e-second-program-token"
)

// steps are what all clients play.
func steps() []string {
	return []string{
		"card discovery", "card of a named agent", "send and wait", "send and poll", "the same message again", "history length", "stream",
		"a question and its answer", "resubscribe", "cancel", "push configurations", "errors", "bearer tokens",
	}
}

// played runs a client that calls the daemon, and sees that it took all steps and
// some more.
func (w *callersWorld) played(cmd *exec.Cmd, more ...string) {
	w.t.Helper()
	settings, err := json.Marshal(map[string]string{
		"base": fmt.Sprintf("http://127.0.0.1:%d", w.port), "token": callerOne, "other": callerTwo, "hook": w.hook.URL + "/told",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "A2A_SETTINGS="+string(settings))
	output, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%v\n%s", err, output)
	}
	for _, step := range append(steps(), more...) {
		if !strings.Contains(string(output), "ok "+step+"\n") {
			w.t.Errorf("no step %q:\n%s", step, output)
		}
	}
}

// told says whether the receiver was told something with the token or credentials.
func (w *callersWorld) told(secret string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.notices {
		if h.Get("X-A2A-Notification-Token") == secret || h.Get("Authorization") == secret {
			return true
		}
	}
	return false
}

// TestAnAgentsAddressMayEndWithASlash is for clients that take it for a base.
func TestAnAgentsAddressMayEndWithASlash(t *testing.T) {
	w := newCallersWorld(t)
	for _, path := range []string{"/a2a/json-rpc", "/a2a/json-rpc/", "/a2a/helper/json-rpc", "/a2a/helper/json-rpc/"} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path),
			strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"none"}}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+callerOne)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(body), "-32001") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}
