package confluence_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// writeCase is a call of a writing tool with what must be true after it happened
// once.
type writeCase struct {
	tool, args string
	holds      func(s *site) error
}

// onPage checks the page that tests work on.
func onPage(holds func(p sandbox.PageState) bool) func(*site) error {
	return func(s *site) error {
		if p := s.state(s.page); !holds(p) {
			return fmt.Errorf("the page is %+v", p)
		}
		return nil
	}
}

// edited tells that the page has one more version, in which one piece became another.
func edited(from, to string) func(*site) error {
	return onPage(func(p sandbox.PageState) bool {
		return p.Version == 2 && p.Body == strings.Replace(spec, from, to, 1) && strings.HasPrefix(p.Message, "it was decided (keeper, aofctl:")
	})
}

func writeCases() map[string]writeCase {
	return map[string]writeCase{
		"new page": {
			"confluence_create_page", `{"space_key":"DOC","title":"Plan","body":"# Tests\n\n- [ ] one","parent_id":"PAGE","labels":["test-plan"]}`,
			func(s *site) error {
				p, ok := s.titled("Plan")
				if !ok || p.Parent != s.page || !slices.Equal(p.Labels, []string{"test-plan"}) || p.Status != "current" || !strings.Contains(p.Properties["aofctl"], `"run":"run"`) {
					return fmt.Errorf("the page is %+v, %v", p, ok)
				}
				return nil
			},
		},
		"whole page": {
			"confluence_update_page", `{"page_id":"PAGE","body":"new *text*","remove_macros":true,"reason":"it was decided"}`,
			edited(spec, "<p>new <em>text</em></p>"),
		},
		"title": {
			"confluence_update_page", `{"page_id":"PAGE","title":"Preferences 2","reason":"it was decided"}`,
			onPage(func(p sandbox.PageState) bool { return p.Title == "Preferences 2" && p.Body == spec && p.Version == 2 }),
		},
		"section": {
			"confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","reason":"it was decided"}`,
			edited("<p>Every 5 minutes.</p>", "<p>Every 15 minutes.</p>"),
		},
		"more in a section": {
			"confluence_update_section", `{"page_id":"PAGE","heading":"Later > Limits","mode":"append","body":"A note.","reason":"it was decided"}`,
			edited("<p>none</p>", "<p>none</p><p>A note.</p>"),
		},
		"section removed": {
			"confluence_update_section", `{"page_id":"PAGE","heading":"Goals > Limits","mode":"remove","reason":"it was decided"}`,
			edited("<h2>Limits</h2><ul><li>ten</li></ul>", ""),
		},
		"more on a page": {
			"confluence_append_to_page", `{"page_id":"PAGE","body":"The end.","reason":"it was decided"}`,
			edited("<p>none</p>", "<p>none</p><p>The end.</p>"),
		},
		"draft of a page": {
			"confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","status":"draft","reason":"it was decided"}`,
			onPage(func(p sandbox.PageState) bool {
				return p.Version == 1 && p.Body == spec && p.Draft == strings.Replace(spec, "Every 5", "Every 15", 1)
			}),
		},
		"more in a draft": {
			"confluence_append_to_page", `{"page_id":"PAGE","body":"The end.","status":"draft","reason":"it was decided"}`,
			onPage(func(p sandbox.PageState) bool { return p.Version == 1 && p.Draft == spec+"<p>The end.</p>" }),
		},
		"labels": {
			"confluence_add_labels", `{"page_id":"PAGE","labels":["Spec","v2"]}`,
			onPage(func(p sandbox.PageState) bool { return len(p.Labels) == 2 }),
		},
		"label removed": {
			"confluence_remove_label", `{"page_id":"PAGE","label":"old"}`,
			onPage(func(p sandbox.PageState) bool { return len(p.Labels) == 0 }),
		},
		"property": {
			"confluence_set_property", `{"page_id":"PAGE","key":"requirement","value":"{\"id\": 7}"}`,
			onPage(func(p sandbox.PageState) bool { return p.Properties["requirement"] == `{"id":7}` }),
		},
		"comment": {
			"confluence_add_comment", `{"page_id":"PAGE","body":"I found **8** requirements:\n\n1. one\n2. two"}`,
			onPage(func(p sandbox.PageState) bool { return len(p.Comments) == 1 }),
		},
		"comment on the text": {
			"confluence_add_comment", `{"page_id":"PAGE","body":"Is that possible?","selection":"Every 5 minutes"}`,
			onPage(func(p sandbox.PageState) bool { return len(p.Comments) == 1 }),
		},
		"comment changed": {
			"confluence_update_comment", `{"page_id":"PAGE","comment_id":"OWN","body":"Not any more."}`,
			onPage(func(p sandbox.PageState) bool {
				return len(p.Comments) == 1 && strings.Contains(p.Comments[0], "Not any more.")
			}),
		},
		"file": {
			"confluence_add_attachment", `{"page_id":"PAGE","filename":"a.csv","content":"a,b","comment":"it was decided"}`,
			onPage(func(p sandbox.PageState) bool { return slices.Equal(p.Files, []string{"a.csv"}) }),
		},
	}
}

// prepare makes what the cases work on.
func (s *site) prepare(c writeCase) tool.Call {
	s.t.Helper()
	if strings.Contains(c.args, `"old"`) {
		if err := s.As("alice").Label(s.page, "old"); err != nil {
			s.t.Fatal(err)
		}
	}
	args := c.args
	if strings.Contains(args, `"OWN"`) {
		id, err := s.As("bot").Comment(s.page, "<p>mine</p>")
		if err != nil {
			s.t.Fatal(err)
		}
		args = strings.ReplaceAll(args, "OWN", id)
	}
	return s.newCall(args)
}

// onBoth runs a test of every write on both kinds of Confluence.
func onBoth(t *testing.T, test func(t *testing.T, c writeCase, s *site)) {
	t.Helper()
	for name, c := range writeCases() {
		t.Run(name, func(t *testing.T) { both(t, func(t *testing.T, s *site) { test(t, c, s) }) })
	}
}

func TestEveryWritingToolHasACase(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range writeCases() {
		tested[c.tool] = true
	}
	for _, tl := range newSite(t, sandbox.Cloud).tools.All() {
		if spec := tl.Spec(); spec.Access == tool.Write && !tested[spec.Name] {
			t.Errorf("%s writes and is in no case", spec.Name)
		}
	}
}

func TestACallAnsweredFromTheLedgerWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, s *site) {
		call := s.prepare(c)
		var texts []string
		var writes []int
		for range 2 {
			result, err := s.try(c.tool, call)
			if err != nil || result.Failed || result.Target == "" {
				t.Fatalf("%+v, %v", result, err)
			}
			texts, writes = append(texts, result.Text), append(writes, s.writes())
		}
		if err := c.holds(s); err != nil {
			t.Error(err)
		}
		if texts[0] != texts[1] || writes[0] != writes[1] {
			t.Errorf("the model is told %q after %v writes", texts, writes)
		}
	})
}

// interrupted makes a call twice, the first time with a fault.
func interrupted(t *testing.T, c writeCase, s *site, f sandbox.Fault) {
	t.Helper()
	call := s.prepare(c)
	f.Method = "POST|PUT|DELETE"
	s.fault(f)
	_, err := s.try(c.tool, call)
	var failure *atlassian.Error
	if !errors.As(err, &failure) || !failure.Temporary() {
		t.Fatalf("err %v: it is transient", err)
	}
	if len(s.ledger.Open()) != 1 {
		t.Fatalf("ledger %v: the write is open", s.ledger.All())
	}
	result, err := s.try(c.tool, call)
	if err != nil || result.Failed {
		t.Fatalf("the repeat: %+v, %v", result, err)
	}
	if err := c.holds(s); err != nil {
		t.Error(err)
	}
	if len(s.ledger.Open()) != 0 {
		t.Errorf("ledger %v", s.ledger.All())
	}
}

func TestAWriteWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, s *site) {
		once := newSite(t, s.Kind())
		if _, err := once.try(c.tool, once.prepare(c)); err != nil {
			t.Fatal(err)
		}
		interrupted(t, c, s, sandbox.Fault{Effect: sandbox.CutAfter})
		if got, want := s.writes(), once.writes(); got != want {
			t.Errorf("%d writes; %d without an interruption", got, want)
		}
	})
}

func TestAWriteThatNeverArrivedIsSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, s *site) {
		interrupted(t, c, s, sandbox.Fault{Effect: sandbox.CutBefore})
	})
}

func TestServerFailuresAfterTheEffectAreNotRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, s *site) {
		interrupted(t, c, s, sandbox.Fault{Effect: sandbox.Answer, Status: 500, After: true})
	})
}

// drafted checks that there is one draft of the title, with its text, and how many
// empty ones of ours there are beside it.
func drafted(t *testing.T, s *site, blank int) {
	t.Helper()
	p, ok := s.titled("Plan")
	if !ok || p.Status != "draft" || p.Draft != "<p>x</p>" || p.Parent != s.page {
		t.Errorf("the draft is %+v, %v", p, ok)
	}
	for _, id := range s.Pages() {
		if other := s.state(id); strings.HasPrefix(other.Title, "aofctl:") {
			blank--
			if other.Status != "draft" || other.Draft != "" {
				t.Errorf("left behind: %+v", other)
			}
		}
	}
	if blank != 0 {
		t.Errorf("%d empty drafts fewer than expected", blank)
	}
}

const newDraft = `{"space_key":"DOC","title":"Plan","body":"x","parent_id":"PAGE","status":"draft"}`

func TestAnInterruptedDraftIsFoundByTheSearchOrMadeAnew(t *testing.T) {
	writes := map[sandbox.Kind]int{
		sandbox.Cloud:      3, // the empty page, its text, the property
		sandbox.DataCenter: 2, // the page, the property
	}
	for kind, n := range writes {
		for _, effect := range []sandbox.Effect{sandbox.CutBefore, sandbox.CutAfter} {
			for skip := range n {
				t.Run(fmt.Sprintf("%v %s %d", kind, effect, skip), func(t *testing.T) {
					s := newSiteOf(t, sandbox.Options{Kind: kind})
					interrupted(t, writeCase{tool: "confluence_create_page", args: newDraft, holds: func(*site) error { return nil }}, s,
						sandbox.Fault{Effect: effect, Skip: skip})
					drafted(t, s, 0)
				})
			}
		}
	}
}

func TestADraftThatTheSearchDoesNotKnowYetIsNotDoubled(t *testing.T) {
	s := newSiteOf(t, sandbox.Options{Kind: sandbox.Cloud, IndexLag: time.Hour})
	call := s.newCall(newDraft)
	s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.CutAfter})
	if _, err := s.try("confluence_create_page", call); err == nil {
		t.Fatal("no error")
	}
	for range 2 {
		if result, err := s.try("confluence_create_page", call); err != nil || result.Failed {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	drafted(t, s, 1)
}

func TestAnotherRunsPageOfTheSameTitleIsNotTakenForOurs(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		mine := s.newCall(`{"space_key":"DOC","title":"Plan","body":"x"}`)
		s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.CutBefore})
		if _, err := s.try("confluence_create_page", mine); err == nil {
			t.Fatal("no error")
		}
		s.do("confluence_create_page", `{"space_key":"DOC","title":"Plan","body":"x"}`)
		if result, err := s.try("confluence_create_page", mine); err != nil || !result.Failed || !strings.Contains(result.Text, "already") {
			t.Errorf("%+v, %v", result, err)
		}
	})
}
