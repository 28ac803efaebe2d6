package approval_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

const code = "CDE222"

// told hands the decisions that count to a run in memory.
type told struct {
	*store.Store
	run *steptest.Run
}

func (s told) Decide(ctx context.Context, code string, d store.Decision) (store.Approval, bool, error) {
	a, ours, err := s.Store.Decide(ctx, code, d)
	if ours && d.Signal != "" {
		s.run.Signal(d.Signal, d.Body)
	}
	return a, ours, err
}

// house is a desk with one run that asks.
type house struct {
	t        *testing.T
	store    *store.Store
	run      *steptest.Run
	desk     *approval.Desk
	question approval.Question
	// post tells people; posts are the texts.
	post  func() error
	posts []string
	// decision is what came of it.
	decision approval.Decision
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{t: t, store: s, run: &steptest.Run{Name: "run"}, post: func() error { return nil }}
	h.desk = approval.New(approval.Config{Store: told{s, h.run}, Code: func() string { return code }, Approvers: []string{"olga"}})
	h.question = approval.Question{Kind: approval.KindProposals, Agent: "mover", Site: "s", Run: "run", Place: "PROJ-1", Subject: "issue:1",
		Requester: tool.Person{Name: "alice"}, Timeout: time.Hour,
		Items: []approval.Item{{Tool: "a", Args: json.RawMessage(`{}`)}, {Tool: "b", Args: json.RawMessage(`{}`)}, {Tool: "c", Args: json.RawMessage(`{}`)}}}
	return h
}

func (h *house) play() error {
	return h.run.Play(h.t.Context(), func(ctx context.Context, journal step.Journal) (err error) {
		h.decision, err = h.desk.Ask(ctx, journal, h.question, func(_ context.Context, _ step.Journal, text string) error {
			h.posts = append(h.posts, text)
			return h.post()
		})
		return err
	})
}

func (h *house) asks() {
	h.t.Helper()
	if err := h.play(); !errors.Is(err, step.ErrWaiting) {
		h.t.Fatalf("the run does not wait: %v", err)
	}
}

func (h *house) says(who string, approve bool, words string) error {
	_, err := h.desk.Decide(h.t.Context(), approval.Answer{Code: code, Approve: approve, Person: &tool.Person{Name: who}, Site: "s",
		Words: strings.Fields(words), Reason: words})
	return err
}

func TestNumbersInAnAnswerChooseProposalsAndWhatIsUnclearDecidesNothing(t *testing.T) {
	cases := map[string]struct {
		words string
		want  []int
		clear bool
	}{
		"all":                   {"", nil, true},
		"all, with thanks":      {"thank you all", nil, true},
		"some":                  {"1 3", []int{1, 3}, true},
		"some, with commas":     {"1,3", []int{1, 3}, true},
		"some, as people write": {"#1, 2. and 3 please", []int{1, 2, 3}, true},
		"all but one":           {"all but 2", nil, false},
		"none of that":          {"not 2", nil, false},
		"a range":               {"1-3", nil, false},
		"an ordinal":            {"2nd", nil, false},
		"a number behind words": {"1 but not 2", nil, false},
		"one that is not there": {"4", nil, false},
		"zero":                  {"0", nil, false},
		"a huge one":            {"99999999999999999999", nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.asks()
			err := h.says("olga", true, c.words)
			if !c.clear {
				if !errors.Is(err, approval.ErrUnclear) {
					t.Errorf("error %v", err)
				}
				h.asks() // it waits still
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := h.play(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, h.decision.Items); diff != "" || !h.decision.Approved || h.decision.By != "olga" {
				t.Errorf("decision %+v (-want +got):\n%s", h.decision, diff)
			}
		})
	}
}

func TestARejectionNeedsNoNumbersAndOneCallHasNone(t *testing.T) {
	h := newHouse(t)
	h.asks()
	if err := h.says("olga", false, "not before 10:00"); err != nil {
		t.Error(err)
	}
	h = newHouse(t)
	h.question.Kind, h.question.Items = approval.KindCall, h.question.Items[:1]
	h.asks()
	if err := h.says("olga", true, "agreed with 3 of us"); err != nil {
		t.Error(err)
	}
}

func TestTheFirstDecisionCountsAndTheSameOnceMoreIsTheSame(t *testing.T) {
	h := newHouse(t)
	h.asks()
	for range 2 { // as after a crash
		if err := h.says("olga", true, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.says("olga", false, ""); !errors.Is(err, approval.ErrClosed) {
		t.Errorf("another decision: %v", err)
	}
	if _, err := h.desk.Decide(t.Context(), approval.Answer{Code: code, Approve: true, Operator: "operator otto"}); !errors.Is(err, approval.ErrClosed) {
		t.Errorf("of somebody else: %v", err)
	}
	if err := h.play(); err != nil || !h.decision.Approved {
		t.Errorf("decision %+v, %v", h.decision, err)
	}
}

func TestADecisionAtTheMomentOfTheTimeOutCounts(t *testing.T) {
	h := newHouse(t)
	h.asks()
	h.run.Pass(2 * time.Hour) // the run will go on since its time is up
	if _, _, err := h.store.Decide(t.Context(), code, store.Decision{State: store.ApprovalApproved, By: "olga", Body: json.RawMessage(`{"approved":true,"by":"olga"}`)}); err != nil {
		t.Fatal(err)
	}
	if err := h.play(); err != nil || !h.decision.Approved || h.decision.By != "olga" {
		t.Errorf("decision %+v, %v", h.decision, err)
	}
}

func TestAQuestionOfWhichNobodyCanBeToldIsANoAndClosed(t *testing.T) {
	h := newHouse(t)
	h.post = func() error { return fmt.Errorf("%w: denied", approval.ErrUntold) }
	if err := h.play(); err != nil || h.decision.Approved || h.decision.Reason != "nobody could be told of it: denied" {
		t.Errorf("decision %+v, %v", h.decision, err)
	}
	if err := h.says("olga", true, ""); !errors.Is(err, approval.ErrClosed) {
		t.Errorf("decided: %v", err)
	}
	h = newHouse(t)
	h.post = func() error { return errors.New("the run stops here") }
	if err := h.play(); err == nil || errors.Is(err, step.ErrWaiting) {
		t.Errorf("another error: %v", err)
	}
}

func TestOnlyThePersonWhoWasAskedAnswersInWords(t *testing.T) {
	h := newHouse(t)
	h.question.Kind, h.question.Items, h.question.Text = approval.KindQuestion, nil, "Which version?"
	h.asks()
	cases := map[string]struct {
		site, subject string
		who           tool.Person
		want          string
	}{
		"the person":                  {"s", "issue:1", tool.Person{Name: "Alice"}, code},
		"somebody else":               {"s", "issue:1", tool.Person{Name: "bob"}, ""},
		"another issue":               {"s", "issue:2", tool.Person{Name: "alice"}, ""},
		"the same name on a site":     {"t", "issue:1", tool.Person{Name: "alice"}, ""},
		"a display name":              {"s", "issue:1", tool.Person{AccountID: "x", DisplayName: "alice"}, ""},
		"nobody":                      {"s", "issue:1", tool.Person{}, ""},
		"an address, which is chosen": {"s", "issue:1", tool.Person{Email: "alice"}, ""},
	}
	for name, c := range cases {
		if got, err := h.desk.Questioned(t.Context(), c.site, c.subject, c.who); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestCodesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]bool{"K7QX2M": true, "k7qx2m": true, "`K7QX2M`.": true, "#K7QX2M": true, " K7QX2M,": true,
		"": false, "K7QX2": false, "K7QX2MM": false, "OOOOOO": false, "K7 X2M": false, "Ä7QX2M": false} {
		if got := approval.IsCode(text); got != want {
			t.Errorf("%q is a code: %v", text, got)
		}
	}
	seen := map[string]bool{}
	for range 5 {
		h := newHouse(t)
		h.desk = approval.New(approval.Config{Store: told{h.store, h.run}})
		h.asks()
		list, err := h.store.Approvals(t.Context(), store.ApprovalOpen, 0)
		if err != nil || len(list) != 1 || !approval.IsCode(list[0].Code) || seen[list[0].Code] {
			t.Fatalf("%+v, %v", list, err)
		}
		seen[list[0].Code] = true
	}
}
