package trace_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// insist makes a call again and again, as a run does after crashes, until there is a
// result.
func (s *site) insist(name string, call tool.Call) map[string]any {
	s.t.Helper()
	for range 12 {
		result, err := s.try(name, call)
		if err == nil {
			if result.Failed {
				s.t.Fatalf("%s: %+v", name, result)
			}
			return s.done(call, name) // and once more, as if its answer had been lost
		}
		var failure *atlassian.Error
		if !errors.As(err, &failure) {
			s.t.Fatalf("%s: %v", name, err)
		}
	}
	s.t.Fatalf("%s never succeeded", name)
	return nil
}

// whole checks that a requirement has its issue, once, linked and registered.
func (s *site) whole(id string) {
	s.t.Helper()
	r := s.kept()
	one := r.Find(id)
	if one == nil || len(one.Issues) != 1 || one.Claim != nil {
		s.t.Fatalf("%s is %+v", id, one)
	}
	made := 0
	for _, key := range s.jira.Keys() {
		if s.issue(key).Summary == "Do "+id {
			made++
		}
	}
	if links := s.links(one.Issues[0].Key); made != 1 || len(links) != 1 {
		s.t.Errorf("%d issues were made, with the links %v", made, links)
	}
}

// TestEachWriteMayGoWrong lets each write of the making of an issue go wrong in each
// way: whatever happens, there is one issue, linked and registered.
func TestEachWriteMayGoWrong(t *testing.T) {
	for _, kind := range []confluence.Kind{confluence.Cloud, confluence.DataCenter} {
		for _, effect := range []string{"cut_before", "cut_after"} {
			for skip := range 3 {
				for _, where := range []string{"jira", "confluence"} {
					t.Run(fmt.Sprint(kind, " ", where, " ", effect, " ", skip), func(t *testing.T) {
						s := newSite(t, kind)
						s.do("atlassian_register_requirements", all)
						s.fault(where, effect, skip, 3)
						s.insist("atlassian_create_issue", s.newCall(create("req-1", "Story")))
						s.whole("req-1")
					})
				}
			}
		}
	}
}

// fault makes writes of a site go wrong from the given one on.
func (s *site) fault(where, effect string, skip, count int) {
	s.t.Helper()
	var err error
	if where == "jira" {
		_, err = s.jira.AddFault(jira.Fault{Method: "POST|PUT", Path: "/(issue|remotelink)$", Skip: skip, Count: count, Effect: jira.Effect(effect)})
	} else {
		_, err = s.wiki.AddFault(confluence.Fault{Method: "POST|PUT", Skip: skip, Count: count, Effect: confluence.Effect(effect)})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestRegisteringTellsTheSameAfterACrash(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fault("confluence", "cut_after", 0, 2)
		call := s.newCall(all)
		if got := states(s.insist("atlassian_register_requirements", call)); !cmp.Equal(got, map[string]string{"req-1": "new", "req-2": "new", "unsubscribing": "new"}) {
			t.Errorf("after the crash: %v", got)
		}
		s.ledger.Forget()
		if got := states(s.done(call, "atlassian_register_requirements")); got["req-1"] != "new" {
			t.Errorf("with its intent lost: %v", got)
		}
		if got := states(s.do("atlassian_register_requirements", all)); got["req-1"] != "unchanged" {
			t.Errorf("another call: %v", got)
		}
	})
}

// TestWhatALostRunMadeIsFound lets a run die for good after it made the issue and
// before it linked it.
func TestWhatALostRunMadeIsFound(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", all)
		if _, err := s.jira.AddFault(jira.Fault{Method: "POST", Path: "/remotelink$", Effect: jira.CutBefore}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if result, err := s.try("atlassian_create_issue", s.newCall(create("req-1", "Story"))); err == nil {
				t.Fatalf("it did not die: %+v", result)
			}
		}
		s.jira.ClearFaults()
		result, err := s.try("atlassian_create_issue", s.newCall(create("req-1", "Story")))
		var busy interface {
			Temporary() bool
			RetryDelay() time.Duration
		}
		if !errors.As(err, &busy) || !busy.Temporary() || busy.RetryDelay() <= 0 {
			t.Fatalf("while the other could still be at work: %+v, %v", result, err)
		}
		s.clock = s.clock.Add(21 * time.Minute)
		if out := s.do("atlassian_create_issue", create("req-1", "Story")); out["created"] != false {
			t.Errorf("%v", out)
		}
		s.whole("req-1")
	})
}

// TestAClaimOfTheFutureHoldsNobodyUp forges what whoever edits the page may write.
func TestAClaimOfTheFutureHoldsNobodyUp(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.do("atlassian_register_requirements", all)
	s.put(func(r *requirement.Register) {
		r.Find("req-1").Claim = &requirement.Claim{Call: "forged", Project: "PROJ", Since: s.clock.AddDate(50, 0, 0)}
	})
	if out := s.do("atlassian_create_issue", create("req-1", "Story")); out["created"] != true {
		t.Errorf("%v", out)
	}
	s.whole("req-1")
}

func TestALinkThatIsMissingIsMade(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	keys := s.stories()
	s.do("atlassian_unlink_requirement", fmt.Sprintf(`{"page_id":"PAGE","requirement":"req-1","issue_key":%q}`, keys["req-1"]))
	s.put(func(r *requirement.Register) {
		r.Find("req-1").Issues = []requirement.Issue{{Key: keys["req-1"]}}
	})
	if out := s.do("atlassian_trace", `{"page_id":"PAGE"}`); fmt.Sprint(out["without_link"]) != "[map[issue:"+keys["req-1"]+" ref:"+s.page+"#req-1]]" {
		t.Errorf("%v", out)
	}
	s.do("atlassian_create_issue", create("req-1", "Story"))
	s.whole("req-1")
}

func TestAnIssueThatIsLinkedOnlyIsTaken(t *testing.T) {
	s := newSite(t, confluence.DataCenter)
	keys := s.stories()
	s.put(func(r *requirement.Register) { r.Find("req-1").Issues = nil })
	if out := s.do("atlassian_trace", `{"page_id":"PAGE"}`); fmt.Sprint(out["not_in_register"]) != "[map[issue:"+keys["req-1"]+" ref:"+s.page+"#req-1]]" {
		t.Errorf("%v", out)
	}
	if out := s.do("atlassian_create_issue", create("req-1", "Story")); out["issue"] != keys["req-1"] || out["created"] != false {
		t.Errorf("%v", out)
	}
	s.whole("req-1")
}

// put changes the register behind the tools' back.
func (s *site) put(change func(*requirement.Register)) {
	s.t.Helper()
	r := s.kept()
	change(&r)
	raw, err := requirement.Encode(r)
	if err == nil {
		_, err = s.api.SetProperty(s.t.Context(), s.page, requirement.Key, raw, s.version())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestRunsAtTheSameTimeMakeOneIssue lets several runs ask for the same issues.
func TestRunsAtTheSameTimeMakeOneIssue(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.do("atlassian_register_requirements", all)
	ids := []string{"req-1", "req-2", "unsubscribing"}
	var calls []tool.Call
	for range 3 {
		for _, id := range ids {
			calls = append(calls, s.newCall(create(id, "Story")))
		}
	}
	tl, _ := s.reg.Lookup("atlassian_create_issue")
	deadline := time.Now().Add(2 * time.Minute)
	var wg sync.WaitGroup
	for _, call := range calls {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				result, err := tl.Call(t.Context(), call)
				if err == nil && !result.Failed {
					return
				}
				if err == nil {
					t.Errorf("%+v", result)
					return
				}
			}
			t.Error("it never ended")
		})
	}
	wg.Wait()
	for _, id := range ids {
		s.whole(id)
	}
}
