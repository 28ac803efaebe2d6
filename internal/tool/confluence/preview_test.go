package confluence_test

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
)

// preview is what people are shown of a call, which writes nothing.
func (s *site) preview(name string, call tool.Call) tool.Preview {
	s.t.Helper()
	one, ok := s.reg.Lookup(name)
	if !ok {
		s.t.Fatalf("no tool %s", name)
	}
	before := s.writes()
	shown, err := one.(tool.Previewer).Preview(s.t.Context(), call) //nolint:forcetypeassert,errcheck // a tool of this set
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	if s.writes() != before {
		s.t.Errorf("%s writes to show what it would write", name)
	}
	return shown
}

// TestAnApprovedEditIsMadeOfWhatWasShownAlone has Alice change the page between the
// preview and the call.
func TestAnApprovedEditIsMadeOfWhatWasShownAlone(t *testing.T) {
	const section = `{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","reason":"agreed"}`
	for name, c := range map[string]struct {
		tool, args, from, to string
		refused              bool
	}{
		"nobody changes it":          {tool: "confluence_update_section", args: section},
		"another section is changed": {tool: "confluence_update_section", args: section, from: "<li>ten</li>", to: "<li>nine</li>"},
		"the section is changed":     {tool: "confluence_update_section", args: section, from: "Every 5 minutes.", to: "Every 30 minutes.", refused: true},
		"the section is gone":        {tool: "confluence_update_section", args: section, from: "Digest mode", to: "Digests", refused: true},
		"all of it is replaced": {tool: "confluence_update_page", args: `{"page_id":"PAGE","body":"All new.","remove_macros":true,"reason":"agreed"}`,
			from: "<li>ten</li>", to: "<li>nine</li>", refused: true},
		"something is added": {tool: "confluence_append_to_page", args: `{"page_id":"PAGE","body":"The end.","reason":"agreed"}`, from: "Every 5 minutes.", to: "Never."},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *site) {
				call := s.newCall(c.args)
				shown := s.preview(c.tool, call)
				if shown.Refused != "" || shown.Page != s.page || !strings.Contains(shown.What, `"Preferences" in space DOC, version 1`) || !strings.Contains(shown.Diff, "\n+") || shown.Basis == "" {
					t.Fatalf("shown %+v", shown)
				}
				if c.from != "" {
					if err := s.As("alice").EditPage(s.page, strings.Replace(spec, c.from, c.to, 1), ""); err != nil {
						t.Fatal(err)
					}
				}
				before := s.state(s.page)
				call.Basis = shown.Basis
				result, err := s.try(c.tool, call)
				if err != nil || result.Failed != c.refused || c.refused && !strings.Contains(result.Text, "since it was shown for approval") {
					t.Errorf("%+v, %v", result, err)
				}
				if after := s.state(s.page); (after.Version == before.Version) != c.refused || strings.Contains(after.Body, c.from) && c.from != "" && !c.refused {
					t.Errorf("version %d becomes %d: %s", before.Version, after.Version, after.Body)
				}
			})
		})
	}
}

func TestAnEditThatWouldBeRefusedIsToldInItsPreview(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for args, says := range map[string]string{
			`{"page_id":"PAGE","heading":"No such","body":"x","reason":"agreed"}`:                            "No such",
			`{"page_id":"PAGE","heading":"Digest mode","body":"Every 5 minutes.","reason":"agreed"}`:         "nothing to change",
			`{"page_id":"PAGE","heading":"Digest mode","body":"x"}`:                                          "reason",
			`{"page_id":"OTHER","heading":"Digest mode","body":"x","reason":"agreed"}`:                       "outside the scope",
			`{"page_id":"PAGE","heading":"Digest mode","body":"x \u27e6toc:abcdef\u27e7","reason":"agreed"}`: "stands for nothing",
			`{"page_id":"PAGE","heading":"Limits","body":"x","reason":"two headings have the same text"}`:    "occurrence",
		} {
			if shown := s.preview("confluence_update_section", s.newCall(args)); !strings.Contains(shown.Refused, says) || shown.Diff != "" || shown.Basis != "" {
				t.Errorf("%s: %+v", args, shown)
			}
		}
		if shown := s.preview("confluence_add_comment", s.newCall(`{"page_id":"PAGE","body":"x"}`)); shown != (tool.Preview{}) {
			t.Errorf("a comment changes no page: %+v", shown)
		}
	})
}
