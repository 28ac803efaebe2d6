package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// site is a Jira of three tools that remembers, by the id of the call, what it
// was asked to do: an id counts once, as the ledger makes sure for real tools.
type site struct {
	mu   sync.Mutex
	done map[string]string
	fail map[string]tool.Result
}

type siteTool struct {
	site *site
	spec tool.Spec
}

func (t siteTool) Spec() tool.Spec { return t.spec }

func (t siteTool) Targets(json.RawMessage) (tool.Targets, error) {
	return tool.Targets{Projects: []string{"PROJ"}}, nil
}

func (t siteTool) Call(_ context.Context, call tool.Call) (tool.Result, error) {
	t.site.mu.Lock()
	defer t.site.mu.Unlock()
	if r, ok := t.site.fail[t.spec.Name]; ok {
		return r, nil
	}
	t.site.done[call.ID] = t.spec.Name + " " + string(call.Args)
	return tool.Result{Text: "Done.", Target: "PROJ-1"}, nil
}

func (s *site) tools(t *testing.T) *tool.Registry {
	t.Helper()
	schema := json.RawMessage(`{"type":"object","properties":{"issue_key":{"type":"string"},"body":{"type":"string"},"to":{"type":"string"},"labels":{"type":"array","items":{"type":"string"}}}}`)
	of := func(name string, access tool.Access) tool.Tool {
		return siteTool{s, tool.Spec{Name: name, Toolset: "jira", Description: "d", Parameters: schema, Access: access,
			Comments: name == "jira_post_comment", DraftLabels: map[string]string{"jira_create_issue": "labels"}[name]}}
	}
	registry, err := tool.NewRegistry(of("jira_post_comment", tool.Write), of("jira_move", tool.Write), of("jira_create_issue", tool.Write), of("jira_read", tool.Read))
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// made are the calls that happened, comments left out.
func (s *site) made() []string {
	var list []string
	for _, call := range s.done {
		if !strings.HasPrefix(call, "jira_post_comment") {
			list = append(list, call)
		}
	}
	return list
}

// house is a gate with its surroundings on a run in memory and a real store.
type house struct {
	t    *testing.T
	site *site
	run  *steptest.Run
	desk *approval.Desk
	gate *gate.Gate
	req  gate.Request
	// result is what the work came to.
	result step.Entry
}

// signals hands the decisions that count to the run in memory.
type signals struct {
	*store.Store
	run *steptest.Run
}

func (s signals) Decide(ctx context.Context, code string, d store.Decision) (store.Approval, bool, error) {
	a, ours, err := s.Store.Decide(ctx, code, d)
	if ours && d.Signal != "" {
		s.run.Signal(d.Signal, d.Body)
	}
	return a, ours, err
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{t: t, site: &site{done: map[string]string{}, fail: map[string]tool.Result{}}, run: &steptest.Run{Name: "run"}}
	codes := 0
	h.desk = approval.New(approval.Config{Store: signals{s, h.run}, Code: func() string { codes++; return fmt.Sprintf("CDE%03d", codes+221) }})
	h.gate = gate.New(policy.New(policy.Config{Tools: h.site.tools(t)}), h.desk)
	h.req = gate.Request{
		Tool: "jira_move", Args: json.RawMessage(`{"issue_key":"PROJ-1","to":"Done"}`), Allowed: []string{"jira_move", "jira_read", "jira_create_issue", "jira_post_comment"},
		Approval: &manifest.Approval{Tools: []string{"jira_mo*"}, Approvers: []string{"bob"}, Timeout: time.Hour},
		Origin:   tool.Origin{Site: "s", Run: "run", Project: "PROJ", IssueKey: "PROJ-1", Agent: "mover", Actor: tool.Person{Name: "alice"}},
		Reason:   "It is finished.",
	}
	return h
}

func (h *house) call(ctx context.Context, journal step.Journal) error {
	var err error
	h.result, err = h.gate.Call(ctx, journal, &gate.Session{}, h.req)
	return err
}

// asks plays until the run waits.
func (h *house) asks(work func(context.Context, step.Journal) error) {
	h.t.Helper()
	if err := h.run.Play(h.t.Context(), work); !errors.Is(err, step.ErrWaiting) {
		h.t.Fatalf("the run does not wait: %v", err)
	}
}

func (h *house) goesOn(work func(context.Context, step.Journal) error) {
	h.t.Helper()
	if err := h.run.Play(h.t.Context(), work); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) decide(approve bool, who, reason string, items ...int) error {
	_, err := h.desk.Decide(h.t.Context(), approval.Answer{Code: "cde222", Approve: approve, Person: &tool.Person{Name: who}, Site: "s", Reason: reason, Items: items})
	return err
}

func TestACallIsMadeOnceWhenItIsApprovedHoweverOftenTheProcessDies(t *testing.T) {
	for crash := range 6 {
		h := newHouse(t)
		h.run.Crash(crash)
		for range 3 { // one of them crashes
			if err := h.run.Play(t.Context(), h.call); errors.Is(err, step.ErrWaiting) {
				break
			}
		}
		if n := len(h.site.made()); n != 0 {
			t.Fatalf("crash %d: %d calls before anybody approved", crash, n)
		}
		if err := h.decide(true, "Bob", ""); err != nil {
			t.Fatal(err)
		}
		if err := h.run.Play(t.Context(), h.call); errors.Is(err, steptest.ErrCrash) {
			h.goesOn(h.call)
		}
		if diff := cmp.Diff([]string{`jira_move {"issue_key":"PROJ-1","to":"Done"}`}, h.site.made()); diff != "" {
			t.Errorf("crash %d (-want +got):\n%s", crash, diff)
		}
		comments := 0
		for _, call := range h.site.done {
			if strings.HasPrefix(call, "jira_post_comment") {
				comments++
			}
		}
		if comments != 1 {
			t.Errorf("crash %d: %d comments ask", crash, comments)
		}
	}
}

func TestWhatIsRejectedOrNotDecidedInTimeIsNotCalled(t *testing.T) {
	cases := map[string]struct {
		end  func(h *house) error
		want string
	}{
		"rejected": {func(h *house) error { return h.decide(false, "bob", "not today") }, "Not carried out: it was rejected: not today"},
		"too late": {func(h *house) error { h.run.Pass(2 * time.Hour); return nil }, "Not carried out: nobody decided in time"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.asks(h.call)
			if err := c.end(h); err != nil {
				t.Fatal(err)
			}
			h.goesOn(h.call)
			text, err := gate.Text(h.result)
			if err != nil || text != c.want || len(h.site.made()) != 0 {
				t.Errorf("%q, %v, calls %v", text, err, h.site.made())
			}
			if err := h.decide(true, "bob", ""); !errors.Is(err, approval.ErrClosed) {
				t.Errorf("approved afterwards: %v", err)
			}
		})
	}
}

func TestOnlyApproversDecideAndNotAboutTheirOwnRuns(t *testing.T) {
	h := newHouse(t)
	h.req.Approval.Approvers = []string{"bob", "alice", "5b10", "carol@example.com", "Display Name"}
	h.asks(h.call)
	for name, p := range map[string]tool.Person{
		"a stranger": {Name: "eve"}, "the requester": {Name: "Alice"}, "nobody": {}, "a display name": {AccountID: "x", DisplayName: "display name"},
	} {
		_, err := h.desk.Decide(t.Context(), approval.Answer{Code: "CDE222", Approve: true, Person: &p, Site: "s"})
		if !errors.Is(err, approval.ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, a := range map[string]approval.Answer{
		"another site": {Code: "CDE222", Person: &tool.Person{Name: "bob"}, Site: "t"}, "another code": {Code: "CDE999", Person: &tool.Person{Name: "bob"}, Site: "s"},
	} {
		if _, err := h.desk.Decide(t.Context(), a); !errors.Is(err, approval.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(h.site.made()) != 0 {
		t.Errorf("calls %v", h.site.made())
	}
	if _, err := h.desk.Decide(t.Context(), approval.Answer{Code: " `cde222`. ", Approve: true, Person: &tool.Person{Email: "Carol@example.com"}, Site: "s"}); err != nil {
		t.Error(err)
	}
}

func TestProposalsAreCarriedOutAsFarAsTheyAreApproved(t *testing.T) {
	h := newHouse(t)
	h.req.Writes, h.req.Approval = manifest.WritesPropose, &manifest.Approval{Approvers: []string{"bob"}}
	propose := func(ctx context.Context, journal step.Journal) error {
		session, entries := &gate.Session{}, []step.Entry{}
		for _, to := range []string{"A", "B", "C"} {
			req := h.req
			req.Args = json.RawMessage(`{"issue_key":"PROJ-1","to":"` + to + `"}`)
			entry, err := h.gate.Call(ctx, journal, session, req)
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
		return h.gate.Settle(ctx, journal, session, h.req, entries)
	}
	h.asks(propose)
	if err := h.decide(true, "bob", "", 7); !errors.Is(err, approval.ErrUnclear) {
		t.Errorf("a number that is not there: %v", err)
	}
	if err := h.decide(true, "bob", "", 1, 3); err != nil {
		t.Fatal(err)
	}
	h.goesOn(propose)
	made := strings.Join(h.site.made(), "\n")
	if len(h.site.made()) != 2 || !strings.Contains(made, `"to":"A"`) || !strings.Contains(made, `"to":"C"`) {
		t.Errorf("made:\n%s", made)
	}
}

func TestAProposedIssueIsMadeAsADraftAndCommentsAreNotProposed(t *testing.T) {
	h := newHouse(t)
	h.req.Writes, h.req.Approval = manifest.WritesPropose, nil
	for name, args := range map[string]string{"jira_create_issue": `{"labels":["x"]}`, "jira_post_comment": `{"issue_key":"PROJ-1","body":"b"}`} {
		h.req.Tool, h.req.Args = name, json.RawMessage(args)
		h.run = &steptest.Run{Name: name}
		h.goesOn(h.call)
		if h.result.Decision != policy.RuleAllowed {
			t.Errorf("%s: %+v", name, h.result)
		}
	}
	if diff := cmp.Diff([]string{`jira_create_issue {"labels":["x","draft"]}`}, h.site.made()); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
}

func TestEveryWriteAndEveryDenialIsAccountedForAndReadsAreNot(t *testing.T) {
	h := newHouse(t)
	h.req.Approval = nil
	for _, c := range []struct {
		tool, args, rule string
		told             bool
	}{
		{"jira_move", `{"issue_key":"PROJ-1"}`, policy.RuleAllowed, true},
		{"jira_read", `{"issue_key":"PROJ-1"}`, policy.RuleAllowed, false},
		{"jira_read", `{"issue_key":7}`, policy.RuleSchema, true},
		{"jira_delete", `{}`, policy.RuleToolList, true},
	} {
		h.req.Tool, h.req.Args = c.tool, json.RawMessage(c.args)
		var audit json.RawMessage
		h.run = &steptest.Run{Name: "run"}
		h.goesOn(func(ctx context.Context, journal step.Journal) error {
			return h.call(ctx, listener{journal, &audit})
		})
		var deed gate.Deed
		if c.told != (audit != nil) {
			t.Fatalf("%s %s: told %s", c.tool, c.args, audit)
		}
		if audit == nil {
			continue
		}
		if err := json.Unmarshal(audit, &deed); err != nil {
			t.Fatal(err)
		}
		if deed.Tool != c.tool || deed.Rule != c.rule || deed.Actor.Name != "alice" || deed.Agent != "mover" || deed.Reason != "It is finished." {
			t.Errorf("%s %s: %+v", c.tool, c.args, deed)
		}
	}
}

// listener hears what a step tells the audit log.
type listener struct {
	step.Journal

	audit *json.RawMessage
}

func (l listener) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	return l.Journal.Do(ctx, kind, name, func(ctx context.Context, id string) (step.Entry, error) {
		entry, err := fn(ctx, id)
		*l.audit = entry.Audit
		return entry, err
	})
}

func TestWithoutAnybodyToAskACallThatNeedsApprovalIsNotMade(t *testing.T) {
	h := newHouse(t)
	h.gate = gate.New(policy.New(policy.Config{Tools: h.site.tools(t)}), nil)
	h.goesOn(h.call)
	if len(h.site.made()) != 0 || h.result.Error == "" {
		t.Errorf("made %v, %+v", h.site.made(), h.result)
	}
}
