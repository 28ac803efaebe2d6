package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
)

const patience = 2 * time.Minute

type world struct {
	*mcp.Pool
	log    *logtest.Buffer
	ledger *tooltest.Ledger
}

func newPool(t *testing.T) *world {
	t.Helper()
	// Directories of a test are removed behind what was set up after the first of
	// them: here, when no server is left that writes into one.
	_ = t.TempDir()
	w := &world{log: &logtest.Buffer{}, ledger: &tooltest.Ledger{}}
	w.Pool = mcp.NewPool(mcp.Options{Writer: tool.Writer{Ledger: w.ledger}, Version: "test", Log: zerolog.New(w.log)})
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func (w *world) tool(t *testing.T, s mcp.Server, name string) tool.Tool {
	t.Helper()
	tools, err := w.Tools(t.Context(), []mcp.Server{s})
	if err != nil {
		t.Fatalf("tools: %v\n%s", err, w.log)
	}
	for _, one := range tools {
		if one.Spec().Name == name {
			return one
		}
	}
	t.Fatalf("there is no tool %s among %v", name, names(tools))
	return nil
}

func names(tools []tool.Tool) []string {
	var out []string
	for _, one := range tools {
		out = append(out, one.Spec().Name)
	}
	return out
}

func call(t *testing.T, one tool.Tool, id, args string) (tool.Result, error) {
	t.Helper()
	return one.Call(t.Context(), tool.Call{ID: id, Args: json.RawMessage(args)})
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// notes returns the lines that a server noted.
func notes(s mcp.Server, name string) []string {
	body, err := os.ReadFile(filepath.Join(s.URL, name))
	if err != nil {
		return nil
	}
	return strings.Fields(string(body))
}

func alive(t *testing.T, pid string) bool {
	t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	if syscall.Kill(number, 0) != nil {
		return false
	}
	// A process that nobody has reaped yet is not alive.
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestAToolOfAProgramIsCalled(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	echo := w.tool(t, s, "mcp_srv_echo")
	got, err := call(t, echo, "1", `{"text":"hi"}`)
	if diff := cmp.Diff(tool.Result{Text: "you said hi", Target: "mcp:srv/echo"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if pids := notes(s, "pid"); len(pids) != 1 {
		t.Errorf("started %d times", len(pids))
	}
}

func TestAToolBehindAURLIsCalled(t *testing.T) {
	w := newPool(t)
	s, _ := overHTTP(t, "right-token")
	got, err := call(t, w.tool(t, s, "mcp_web_echo"), "1", `{"text":"hi"}`)
	if err != nil || got.Text != "you said hi" || got.Target != "mcp:web/echo" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAProgramSeesNothingOfTheEnvironment(t *testing.T) {
	t.Setenv("JIRA_API_TOKEN", "very-secret-token")
	w, s := newPool(t), stdio(t, "plain")
	got, err := call(t, w.tool(t, s, "mcp_srv_get_environment"), "1", `{}`)
	if err != nil || strings.Contains(got.Text, "very-secret") || strings.Contains(got.Text, "JIRA") || !strings.Contains(got.Text, "PATH=") {
		t.Errorf("%s, %v", got.Text, err)
	}
}

func TestAWrongTokenIsToldClearly(t *testing.T) {
	w := newPool(t)
	s, _ := overHTTP(t, "wrong")
	_, err := w.Tools(t.Context(), []mcp.Server{s})
	if err == nil || !strings.Contains(err.Error(), "MCP server web: it refuses the credentials (401 Unauthorized): check its headers") || !mcp.Lasting(err) {
		t.Errorf("%v", err)
	}
	if err != nil && strings.Contains(err.Error(), "wrong") {
		t.Errorf("the error tells the token: %v", err)
	}
}

func TestATokenThatIsRevokedDuringARunFailsItsWritesForCertain(t *testing.T) {
	w := newPool(t)
	s, srv := overHTTP(t, "right-token")
	echo := w.tool(t, s, "mcp_web_echo")
	srv.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	_, err := call(t, echo, "1", `{"text":"hi"}`)
	if err == nil || errors.Is(err, tool.ErrInDoubt) || !strings.Contains(err.Error(), "403") || !mcp.Lasting(err) {
		t.Errorf("%v", err)
	}
	if len(w.ledger.All()) != 0 {
		t.Errorf("the ledger has %v", w.ledger.All())
	}
}

func TestAccessIsTheOperatorsWord(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	if got := w.tool(t, s, "mcp_srv_get_environment").Spec().Access; got != tool.Write {
		t.Errorf("the server's hint was believed: %s", got)
	}
	s.Key, s.ReadOnly = s.Key+"2", []string{"ec*"}
	if got := w.tool(t, s, "mcp_srv_echo").Spec().Access; got != tool.Read {
		t.Errorf("the operator's word was not: %s", got)
	}
	if got := w.tool(t, s, "mcp_srv_get_environment").Spec().Access; got != tool.Write {
		t.Errorf("a tool that is not listed: %s", got)
	}
	s.Key, s.TrustAnnotations = s.Key+"3", true
	if got := w.tool(t, s, "mcp_srv_get_environment").Spec().Access; got != tool.Read {
		t.Errorf("the server is trusted: %s", got)
	}
	if got := w.tool(t, s, "mcp_srv_fail").Spec().Access; got != tool.Write {
		t.Errorf("a server that is trusted and says nothing: %s", got)
	}
}

func TestOnlyListedToolsAreOffered(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	s.Tools, s.Listed = []string{"echo", "get_*"}, []string{"e*", "fail"}
	tools, err := w.Tools(t.Context(), []mcp.Server{s})
	if diff := cmp.Diff([]string{"mcp_srv_echo"}, names(tools)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWhatAServerAnswersIsAResult(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	failed, err := call(t, w.tool(t, s, "mcp_srv_fail"), "1", `{}`)
	if err != nil || !failed.Failed || failed.Text != "the disk is full" {
		t.Errorf("%+v, %v", failed, err)
	}
	mixed, err := call(t, w.tool(t, s, "mcp_srv_mixed"), "2", `{}`)
	want := "ab[31m\n[image image/png of 5 bytes, left out]\n[resource doc file:///x]\n[resource file:///y]\ninside"
	if err != nil || mixed.Text != want {
		t.Errorf("%q, %v", mixed.Text, err)
	}
	huge, err := call(t, w.tool(t, s, "mcp_srv_huge"), "3", `{"megabytes":1}`)
	if err != nil || len(huge.Text) > 25<<10 || !strings.Contains(huge.Text, "truncated: 1024000 of 1048576 bytes") {
		t.Errorf("%d bytes, %.60q, %v", len(huge.Text), huge.Text[max(0, len(huge.Text)-80):], err)
	}
}

func TestAMessageThatIsTooLargeEndsTheConnection(t *testing.T) {
	web, _ := overHTTP(t, "right-token")
	for _, s := range []mcp.Server{stdio(t, "plain"), web} {
		w := newPool(t)
		s.ReadOnly = []string{"huge"}
		if _, err := call(t, w.tool(t, s, "mcp_"+s.Name+"_huge"), "1", `{"megabytes":12}`); err == nil {
			t.Errorf("%s: 12 MB were taken", s.Name)
		}
	}
}

func TestAToolThatTheServerDoesNotKnowIsAFailure(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	echo := w.tool(t, s, "mcp_srv_echo")
	got, err := mcp.Renamed(echo, "nonsense").Call(t.Context(), tool.Call{ID: "1", Args: json.RawMessage(`{}`)})
	if err != nil || !got.Failed || !strings.Contains(got.Text, "nonsense") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestACrashInTheMiddleOfAWriteIsInDoubtAndNotRepeated(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	crash := w.tool(t, s, "mcp_srv_crash")
	for range 3 {
		if _, err := call(t, crash, "run:1", `{}`); !errors.Is(err, tool.ErrInDoubt) {
			t.Fatalf("%v", err)
		}
	}
	if calls := notes(s, "calls"); len(calls) != 1 {
		t.Errorf("called %d times", len(calls))
	}
}

func TestACrashInTheMiddleOfAReadIsTriedAgain(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	s.ReadOnly = []string{"get_*"}
	read := w.tool(t, s, "mcp_srv_get_crash_once")
	_, err := call(t, read, "run:1", `{}`)
	var again interface {
		Temporary() bool
		RetryDelay() time.Duration
	}
	if !errors.As(err, &again) || !again.Temporary() {
		t.Fatalf("%v", err)
	}
	var got tool.Result
	await(t, "the server to come back", func() bool {
		got, err = call(t, read, "run:1", `{}`)
		return err == nil
	})
	if got.Text != "all is well" || len(notes(s, "pid")) != 2 {
		t.Errorf("%+v; started %v", got, notes(s, "pid"))
	}
	if !strings.Contains(w.log.String(), "MCP server connected") {
		t.Errorf("the log says nothing:\n%s", w.log)
	}
}

func TestAWriteThatTakesTooLongIsInDoubtAndCanceled(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	s.Timeout = 300 * time.Millisecond
	var slow tool.Tool
	await(t, "the list", func() bool { // the time-out bounds the list, too
		tools, err := w.Tools(t.Context(), []mcp.Server{s})
		i := slices.Index(names(tools), "mcp_srv_slow")
		if err == nil {
			slow = tools[i]
		}
		return err == nil
	})
	if _, err := call(t, slow, "1", `{}`); !errors.Is(err, tool.ErrInDoubt) || !strings.Contains(err.Error(), "did not answer within 300ms") {
		t.Errorf("%v", err)
	}
	await(t, "the server to be told", func() bool { return len(notes(s, "canceled")) == 1 })
}

func TestACanceledRunStopsWaiting(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	slow := w.tool(t, s, "mcp_srv_slow")
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := slow.Call(ctx, tool.Call{ID: "1", Args: json.RawMessage(`{}`)}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestADoneWriteAnswersFromTheLedger(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	echo, fail := w.tool(t, s, "mcp_srv_echo"), w.tool(t, s, "mcp_srv_fail")
	for range 2 {
		if got, err := call(t, echo, "1", `{"text":"x"}`); err != nil || got.Text != "you said x" || got.Failed {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := call(t, fail, "2", `{}`); err != nil || got.Text != "the disk is full" || !got.Failed {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if calls := notes(s, "calls"); len(calls) != 2 {
		t.Errorf("called %v", calls)
	}
}

func TestProgramsThatDoNotServeAreToldApart(t *testing.T) {
	for mode, want := range map[string]string{"gone": "ended before it answered (exit status 3)", "babble": "does not speak MCP"} {
		w, s := newPool(t), stdio(t, mode)
		_, err := w.Tools(t.Context(), []mcp.Server{s})
		if err == nil || !strings.Contains(err.Error(), want) || mcp.Lasting(err) {
			t.Errorf("%s: %v", mode, err)
		}
		_, err = w.Tools(t.Context(), []mcp.Server{s})
		var again interface{ RetryDelay() time.Duration }
		if !errors.As(err, &again) {
			t.Errorf("%s, at once again: %v", mode, err)
		}
	}
	w, s := newPool(t), stdio(t, "plain")
	s.Command = "/nonexistent/program"
	if _, err := w.Tools(t.Context(), []mcp.Server{s}); err == nil || !strings.Contains(err.Error(), "cannot be started") || !mcp.Lasting(err) {
		t.Errorf("%v", err)
	}
	s.Key, s.Access = "other", func() (mcp.Access, error) { return mcp.Access{}, errors.New("environment variable X is not set") }
	if _, err := w.Tools(t.Context(), []mcp.Server{s}); err == nil || !strings.Contains(err.Error(), "MCP server srv: environment variable X is not set") {
		t.Errorf("%v", err)
	}
}

func TestClosingDoesNotWaitForAServerThatIsMute(t *testing.T) {
	w, s := newPool(t), stdio(t, "mute")
	w.Keep([]mcp.Server{s})
	closed := make(chan struct{})
	go func() { defer close(closed); _ = w.Close() }()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("still closing")
	}
}

func TestClosingLeavesNoProcess(t *testing.T) {
	for _, mode := range []string{"plain", "stubborn", "parent"} {
		w, s := newPool(t), stdio(t, mode)
		w.tool(t, s, "mcp_srv_echo")
		_ = w.Close()
		for _, pid := range append(notes(s, "pid"), notes(s, "child")...) {
			await(t, mode+" to be gone", func() bool { return !alive(t, pid) })
		}
		if _, err := w.Tools(t.Context(), []mcp.Server{s}); err == nil {
			t.Errorf("%s: a closed pool started a server", mode)
		}
	}
}

func TestWhatAServerLeavesBehindWhenItCrashesIsEnded(t *testing.T) {
	w, s := newPool(t), stdio(t, "parent")
	_, _ = call(t, w.tool(t, s, "mcp_srv_crash"), "1", `{}`)
	await(t, "the child to be gone", func() bool { return !alive(t, notes(s, "child")[0]) })
}

func TestAServerStaysWhileTheCatalogueOrARunHasIt(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	w.Keep([]mcp.Server{s})
	await(t, "the server to be looked at", func() bool { return strings.Contains(w.log.String(), "MCP server offers tools") })
	pid := notes(s, "pid")[0]
	release := w.Hold([]mcp.Server{s})
	changed := s
	changed.Key += " changed"
	w.Keep([]mcp.Server{changed})
	w.tool(t, s, "mcp_srv_echo")
	if !alive(t, pid) || len(notes(s, "pid")) > 2 {
		t.Fatal("the server of a run was stopped")
	}
	release()
	await(t, "the server to be stopped", func() bool { return !alive(t, pid) })
	release() // once more does nothing
	w.tool(t, changed, "mcp_srv_echo")
}

func TestAChangeOfToolsIsNoticed(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	change := w.tool(t, s, "mcp_srv_change")
	report, err := w.Look(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(t, change, "1", `{}`); err != nil {
		t.Fatal(err)
	}
	await(t, "the change to be logged", func() bool {
		_, err := w.Tools(t.Context(), []mcp.Server{s})
		return err == nil && strings.Contains(w.log.String(), `"changed":["echo"]`)
	})
	pinned := s
	pinned.Key, pinned.Pin = "pinned", report.Fingerprint
	change = w.tool(t, pinned, "mcp_srv_change") // as it was looked at
	if _, err := call(t, change, "2", `{}`); err != nil {
		t.Fatal(err)
	}
	await(t, "the changed tools to be refused", func() bool {
		_, err = w.Tools(t.Context(), []mcp.Server{pinned})
		return err != nil
	})
	if !strings.Contains(err.Error(), "not those that are pinned: they have sha256:") || !mcp.Lasting(err) {
		t.Errorf("%v", err)
	}
}

func TestHostileToolsAreMadeHarmless(t *testing.T) {
	w, s := newPool(t), stdio(t, "hostile")
	tools, err := w.Tools(t.Context(), []mcp.Server{s})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := tool.NewRegistry(tools...)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range tools {
		spec := one.Spec()
		if len(spec.Name) > 64 || strings.Trim(spec.Name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			t.Errorf("name %q", spec.Name)
		}
		if len(spec.Description) > 1100 || strings.ContainsAny(spec.Description, "\n\x07\u200b\u202e") {
			t.Errorf("%s: %q", spec.Name, spec.Description)
		}
		subset(t, spec.Parameters)
	}
	if _, ok := registry.Lookup("mcp_srv_unnameable"); ok {
		t.Error("a tool that cannot be called is offered")
	}
	report, err := w.Look(t.Context(), s)
	if err != nil || !slices.ContainsFunc(report.Problems, func(p string) bool { return strings.Contains(p, "mcp:srv/unnameable is not offered") }) {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestToolsThatAreListedAndMissingAreTold(t *testing.T) {
	w, s := newPool(t), stdio(t, "plain")
	s.Listed = []string{"echo", "ehco", "zz_*"}
	report, err := w.Look(t.Context(), s)
	want := []string{"the server offers no tool that is listed as mcp:srv/ehco", "the server offers no tool that is listed as mcp:srv/zz_*"}
	if diff := cmp.Diff(want, report.Problems); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestNamesThatWouldBeAlikeAreToldApart(t *testing.T) {
	w := newPool(t)
	one, two := stdio(t, "plain"), stdio(t, "plain")
	one.Name, two.Name, two.Key = "a", "a_get", "two"
	two.Tools, one.Tools = []string{"echo"}, []string{"*"}
	tools, err := w.Tools(t.Context(), []mcp.Server{one, two})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tool.NewRegistry(tools...); err != nil {
		t.Error(err)
	}
	got := map[string]bool{}
	for _, pair := range [][2]string{{"a", "b_c"}, {"a_b", "c"}, {"x", "y.z"}, {"x", "y/z"}, {"x", strings.Repeat("n", 90)}, {"x", strings.Repeat("n", 91)}} {
		got[mcp.ModelName(pair[0], pair[1])] = true
	}
	if len(got) != 5 { // the first two are told apart where they meet
		t.Errorf("%v", got)
	}
}

func TestAServerThatIsNotThereIsWaitedFor(t *testing.T) {
	w := newPool(t)
	s, srv := overHTTP(t, "right-token")
	srv.Close()
	_, err := w.Tools(t.Context(), []mcp.Server{s})
	if err == nil || mcp.Lasting(err) || !strings.Contains(err.Error(), "MCP server web: it cannot be reached") {
		t.Errorf("%v", err)
	}
}

func TestALostAnswerOverHTTPIsInDoubt(t *testing.T) {
	w := newPool(t)
	s, srv := overHTTP(t, "right-token")
	echo := w.tool(t, s, "mcp_web_echo")
	srv.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := rw.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	if _, err := call(t, echo, "1", `{"text":"hi"}`); !errors.Is(err, tool.ErrInDoubt) {
		t.Errorf("%v", err)
	}
	_ = srv.Listener.Close()
	srv.CloseClientConnections()
	if _, err := call(t, echo, "2", `{"text":"hi"}`); err == nil || errors.Is(err, tool.ErrInDoubt) {
		t.Errorf("a call that was never sent: %v", err)
	}
}
