package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aofctl/aofctl"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// patience bounds every wait of a script.
const patience = 2 * time.Minute

// TestMain lets the scripts call aofctl: the test binary then runs Main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"aofctl": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: isolate,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"world": world, "await": await, "act": act, "defaults": defaults, "big": big, "jsonfield": jsonField, "hold": hold, "codes": codes, "release": release, "rules": rules, "expand": expand,
			"post": func(ts *testscript.TestScript, neg bool, args []string) {
				post(ts, neg, strings.TrimPrefix(args[0], ts.Getenv("CONTROL")), args[1:])
			},
			"freeport": func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(args[0], freePort(ts)) },
		},
		RequireExplicitExec: true,
	})
}

// isolate keeps what the machine has set out of the scripts.
func isolate(env *testscript.Env) error {
	for _, name := range []string{"JIRA_EMAIL", "JIRA_API_TOKEN", "JIRA_WEBHOOK_SECRET", "GOOGLE_API_KEY", "GEMINI_API_KEY",
		"AOF_ADMIN_TOKEN", "AOF_ADMIN_URL", "AOF_A2A_TOKEN"} {
		env.Setenv(name, "")
	}
	return nil
}

// cloudAuth is how a daemon signs in to Jira Cloud.
const cloudAuth = "{type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}"

// world starts a sandbox, of Jira Cloud or, with "dc" and perhaps a version, of a
// Data Center, whose webhooks go to a port that is free for a daemon,
// and sets the variables that a configuration needs: PORT, ADMIN, JIRA, MODEL,
// CONTROL and the credentials.
func world(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 2 {
		ts.Fatalf("usage: world [dc [version]]")
	}
	opts, auth := sandbox.Options{}, cloudAuth
	if len(args) > 0 {
		deployment, err := jira.ParseDeployment(args[0])
		ts.Check(err)
		opts.Jira.Deployment, auth = deployment, "{type: pat, token_env: JIRA_API_TOKEN}"
	}
	if len(args) > 1 {
		opts.Jira.Version = args[1]
	}
	box, err := sandbox.Start(context.Background(), opts)
	ts.Check(err)
	ts.Defer(func() { _ = box.Close() })
	own, adminPort := freePort(ts), freePort(ts)
	email, token := box.Credentials()
	for name, value := range map[string]string{
		"PORT": own, "ADMIN": adminPort, "JIRA": box.JiraURL(), "MODEL": box.ModelURL(), "CONTROL": box.ControlURL(),
		"JIRA_EMAIL": email, "JIRA_API_TOKEN": token, "JIRA_WEBHOOK_SECRET": "script-webhook-secret", "GOOGLE_API_KEY": "sandbox",
		"AUTH": auth, "AOF_ADMIN_URL": "http://127.0.0.1:" + adminPort, "HOOK": "http://127.0.0.1:" + own + "/webhook/jira",
	} {
		ts.Setenv(name, value)
	}
	box.RegisterWebhook("http://127.0.0.1:"+own+"/webhook/jira", "script-webhook-secret")
}

func freePort(ts *testscript.TestScript) string {
	n, release, err := port.Reserve()
	ts.Check(err)
	ts.Defer(func() { _ = release() })
	return strconv.Itoa(n)
}

// defaults lays out the default manifests, and a configuration for the world.
func defaults(ts *testscript.TestScript, _ bool, _ []string) {
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		ts.Check(os.MkdirAll(ts.MkAbs(dir), 0o755))
		entries, err := aofctl.Defaults.ReadDir(dir)
		ts.Check(err)
		for _, e := range entries {
			text, err := aofctl.Defaults.ReadFile(dir + "/" + e.Name())
			ts.Check(err)
			ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(dir), e.Name()), text, 0o600))
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("daemon.yaml"), fmt.Appendf(nil, `apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: script}
spec:
  server: {host: 127.0.0.1, port: %s}
  platforms:
    jira:
      enabled: true
      base_url: %s
      auth: %s
      webhook_secret_env: JIRA_WEBHOOK_SECRET
  triggers: {directory: ./triggers/, watch: true}
  agents: {directory: ./agents/, watch: true}
  fleets: {directory: ./fleets/, watch: true}
  models: {providers: {google: {base_url: %s}}}
  admin: {host: 127.0.0.1, port: %s}
  storage: {dsn: "sqlite:./data"}
`, ts.Getenv("PORT"), ts.Getenv("JIRA"), cmp.Or(ts.Getenv("AUTH"), cloudAuth), ts.Getenv("MODEL"), ts.Getenv("ADMIN")), 0o600))
}

// await polls a URL until its answer contains a text: await url [text].
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: await url [text]")
	}
	want := strings.Join(args[1:], " ")
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		body, err := fetch(args[0], ts.Getenv("AOF_ADMIN_TOKEN"))
		if err == nil && strings.Contains(body, want) {
			return
		}
		last = fmt.Sprint(err, " ", body)
	}
	ts.Fatalf("%s never had %q; last: %s", args[0], want, last)
}

func fetch(url, token string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return string(body), err
}

// act lets somebody do something in the sandbox: act '{"as": …}'.
func act(ts *testscript.TestScript, neg bool, args []string) { post(ts, neg, "/act", args) }

// hold stops requests: hold '{"path": …}'.
func hold(ts *testscript.TestScript, neg bool, args []string) { post(ts, neg, "/holds", args) }

// rules gives the sandbox's model other rules: rules file.
func rules(ts *testscript.TestScript, _ bool, args []string) {
	req, err := http.NewRequest(http.MethodPut, strings.TrimSuffix(ts.Getenv("MODEL"), "/v1")+"/__sandbox/rules", strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		body, _ := io.ReadAll(resp.Body)
		ts.Fatalf("%s: %s", resp.Status, body)
	}
}

// release ends a hold: release id.
func release(ts *testscript.TestScript, neg bool, args []string) {
	post(ts, neg, "/holds/"+args[0]+"/release", []string{"{}"})
}

func post(ts *testscript.TestScript, neg bool, path string, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("one JSON body is needed")
	}
	resp, err := http.Post(ts.Getenv("CONTROL")+path, "application/json", strings.NewReader(args[0]))
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode >= 300 {
		ts.Fatalf("%s: %s", resp.Status, body)
	}
}

// expand fills in the variables in a file: expand file.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

// big makes a JSON file of n bytes: big file n.
func big(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: big file bytes")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	const frame = `{"webhookEvent":""}`
	text := strings.Replace(frame, `""`, `"`+strings.Repeat("x", n-len(frame))+`"`, 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// jsonField sets a variable from a list in the last command's output:
// jsonfield VAR name takes the field of the first element.
func jsonField(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: jsonfield VAR name")
	}
	var list []map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &list))
	if len(list) == 0 {
		ts.Fatalf("the list is empty")
	}
	ts.Setenv(args[0], fmt.Sprint(list[0][args[1]]))
}

// codes checks an exit code: codes aofctl args... => 2.
func codes(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 || args[len(args)-2] != "=>" {
		ts.Fatalf("usage: codes command args... => code")
	}
	err := ts.Exec(args[0], args[1:len(args)-2]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if want := args[len(args)-1]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}
