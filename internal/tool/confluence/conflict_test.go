package confluence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// edits lets Alice change a piece of the page just before the next write.
func (s *site) edits(from, to string) {
	s.meanwhile = func() {
		if err := s.As("alice").EditPage(s.page, strings.Replace(s.state(s.page).Body, from, to, 1), "Alice was faster"); err != nil {
			s.t.Error(err)
		}
	}
}

func TestAnEditThatMeetsAnothersIsMadeOnTopOfIt(t *testing.T) {
	for name, c := range map[string]struct{ tool, args, from, to string }{
		"section":         {"confluence_update_section", `"heading":"Digest mode","body":"Every 15 minutes."`, "<p>Every 5 minutes.</p>", "<p>Every 15 minutes.</p>"},
		"more in section": {"confluence_update_section", `"heading":"Later > Limits","mode":"append","body":"A note."`, "<p>none</p>", "<p>none</p><p>A note.</p>"},
		"section removed": {"confluence_update_section", `"heading":"Goals > Limits","mode":"remove"`, "<h2>Limits</h2><ul><li>ten</li></ul>", ""},
		"more on a page":  {"confluence_append_to_page", `"body":"The end."`, "<p>none</p>", "<p>none</p><p>The end.</p>"},
		"title":           {"confluence_update_page", `"title":"Preferences 2"`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *site) {
				s.edits("<p>Notify people.</p>", "<p>Notify everybody.</p>")
				s.do(c.tool, `{"page_id":"PAGE","reason":"it was decided",`+c.args+`}`)
				p := s.state(s.page)
				want := strings.Replace(strings.Replace(spec, "people", "everybody", 1), c.from, c.to, 1)
				if p.Version != 3 || p.Body != want || !strings.HasPrefix(p.Message, "it was decided (keeper, aofctl:") {
					t.Errorf("%+v", p)
				}
			})
		})
	}
}

func TestAnEditDoesNotReplaceWhatAnotherWroteMeanwhile(t *testing.T) {
	for name, c := range map[string]struct{ tool, args string }{
		"whole page":      {"confluence_update_page", `"body":"All new.","remove_macros":true`},
		"section":         {"confluence_update_section", `"heading":"Digest mode","body":"Every 15 minutes."`},
		"section removed": {"confluence_update_section", `"heading":"Digest mode","mode":"remove"`},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *site) {
				s.edits("Every 5 minutes.", "Every 10 minutes.")
				s.fail(c.tool, `{"page_id":"PAGE","reason":"it was decided",`+c.args+`}`, "changed by somebody else", "read it again")
				p := s.state(s.page)
				if p.Version != 2 || p.Body != strings.Replace(spec, "Every 5", "Every 10", 1) {
					t.Errorf("%+v", p)
				}
			})
		})
	}
}

// TestAnInterruptedEditIsFoundBehindAnothers lets somebody change the page after the
// edit whose answer was lost, so that its version is not the newest any more.
func TestAnInterruptedEditIsFoundBehindAnothers(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		call := s.newCall(`{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","reason":"it was decided"}`)
		s.fault(sandbox.Fault{Method: "PUT", Effect: sandbox.CutAfter})
		if _, err := s.try("confluence_update_section", call); err == nil {
			t.Fatal("no error")
		}
		theirs := strings.Replace(s.state(s.page).Body, "Every 15 minutes.", "Every 20 minutes.", 1)
		if err := s.As("alice").EditPage(s.page, theirs, ""); err != nil {
			t.Fatal(err)
		}
		result, err := s.try("confluence_update_section", call)
		if err != nil || result.Failed || !strings.Contains(result.Text, "version 2") {
			t.Errorf("%+v, %v", result, err)
		}
		if p := s.state(s.page); p.Version != 3 || p.Body != theirs {
			t.Errorf("their edit: %+v", p)
		}
	})
}

// TestABusyConfluenceIsAskedAgainAndWritesOnce answers each write with a refusal for
// now, before or after it is carried out, and cuts answers in the middle.
func TestABusyConfluenceIsAskedAgainAndWritesOnce(t *testing.T) {
	for name, f := range map[string]sandbox.Fault{
		"429":               {Effect: sandbox.Answer, Status: 429, RetryAfter: "0"},
		"503":               {Effect: sandbox.Answer, Status: 503, RetryAfter: "0"},
		"503 after":         {Effect: sandbox.Answer, Status: 503, After: true},
		"504 after":         {Effect: sandbox.Answer, Status: 504, After: true},
		"half of an answer": {},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, c writeCase, s *site) {
				once := newSite(t, s.Kind())
				if _, err := once.try(c.tool, once.prepare(c)); err != nil {
					t.Fatal(err)
				}
				f.Method = "POST|PUT|DELETE"
				call := s.prepare(c)
				if s.halves = f.Effect == ""; !s.halves {
					s.fault(f)
				}
				result, err := s.persist(c.tool, call)
				if err != nil || result.Failed {
					t.Fatalf("%+v, %v", result, err)
				}
				if err := c.holds(s); err != nil {
					t.Error(err)
				}
				if got, want := s.writes(), once.writes(); got != want {
					t.Errorf("%d writes, want %d", got, want)
				}
			})
		})
	}
}

// persist makes a call as a run does, once more after an error that will pass.
func (s *site) persist(name string, call tool.Call) (tool.Result, error) {
	s.t.Helper()
	result, err := s.try(name, call)
	if failure := (*atlassian.Error)(nil); errors.As(err, &failure) && failure.Temporary() {
		return s.try(name, call)
	}
	return result, err
}
