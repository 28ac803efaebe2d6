package confluence_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// says fails the test for each part that a text does not have.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

func TestAPageComesAsMarkdown(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		if err := s.As("alice").Label(s.page, "spec"); err != nil {
			t.Fatal(err)
		}
		got := s.do("confluence_get_page", `{"page_id":"PAGE"}`)
		says(t, got, "page "+s.page+": Preferences", "space: DOC", "version: 1, ", "Alice Developer (", "labels: spec", "url: http", "\u27e6toc:", "## Digest mode\n\nEvery 5 minutes.")
		byTitle := s.do("confluence_get_page", `{"space_key":"DOC","title":"Preferences"}`)
		if got != byTitle {
			t.Errorf("by its title it is %q, by its id %q", byTitle, got)
		}
		section := s.do("confluence_get_page", `{"page_id":"PAGE","section":"goals > digest MODE"}`)
		says(t, section, "Every 5 minutes.")
		if strings.Contains(section, "ten") {
			t.Errorf("the section is %q", section)
		}
		says(t, s.do("confluence_get_page", `{"page_id":"PAGE","format":"storage"}`), spec)
		s.fail("confluence_get_page", `{"page_id":"PAGE","section":"Limits"}`, "2 times", "Later > Limits")
		s.fail("confluence_get_page", `{"page_id":"99999999"}`)
		s.fail("confluence_get_page", `{"title":"Preferences"}`, "space_key")
		s.fail("confluence_get_page", `{}`, "page_id is missing")
	})
}

func TestAPagesAddressIsAsGoodAsItsID(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		url := regexp.MustCompile(`(?m)^url: (\S+)$`).FindStringSubmatch(s.do("confluence_get_page", `{"page_id":"PAGE"}`))
		if url == nil {
			t.Fatal("there is no address")
		}
		says(t, s.do("confluence_get_page", `{"page_id":"`+url[1]+`"}`), "page "+s.page)
		s.fail("confluence_get_page", `{"page_id":"https://elsewhere.example.com/pages/viewpage.action?pageId=PAGE"}`, "another site")
		tl, _ := s.reg.Lookup("confluence_get_page")
		targets, err := tl.Targets([]byte(`{"page_id":"https://example.atlassian.net/wiki/spaces/DOC/pages/123/Title"}`))
		if err != nil || len(targets.Spaces) != 1 || targets.Spaces[0] != "DOC" || !targets.WithinSpaces || len(targets.Issues) != 1 || targets.Issues[0] != "page:123" {
			t.Errorf("%+v, %v", targets, err)
		}
		for _, wrong := range []string{`"PROJ-1"`, `"../admin"`, `true`} {
			if _, err := tl.Targets([]byte(`{"page_id":` + wrong + `}`)); err == nil {
				t.Errorf("%s is taken for a page", wrong)
			}
		}
	})
}

func TestLongPagesComeInParts(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		var body strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&body, "<p>Line %d of it.</p>", i)
		}
		s.page = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Long", Body: body.String()})
		var all, args = "", `{"page_id":"PAGE"}`
		for range 10 {
			text := s.do("confluence_get_page", args)
			if len(text) > 24_000 {
				t.Fatalf("a part has %d bytes", len(text))
			}
			kept, rest, more := strings.Cut(text, "\ntruncated: ")
			all += kept + "\n"
			if !more {
				break
			}
			_, token, _ := strings.Cut(rest, "page_token ")
			args = `{"page_id":"PAGE","page_token":"` + token + `"}`
		}
		for i := range 3000 {
			if strings.Count(all, fmt.Sprintf("Line %d of it.", i)) != 1 {
				t.Fatalf("line %d is not there once", i)
			}
		}
	})
}

// TestNothingOutsideTheScopeIsTouched makes every call on a page of another space.
func TestNothingOutsideTheScopeIsTouched(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for name, args := range map[string]string{
			"confluence_get_page": `{"page_id":"OTHER"}`, "confluence_update_page": `{"page_id":"OTHER","body":"x","reason":"r"}`,
			"confluence_update_section": `{"page_id":"OTHER","heading":"x","body":"x","reason":"r"}`, "confluence_append_to_page": `{"page_id":"OTHER","body":"x","reason":"r"}`,
			"confluence_get_labels": `{"page_id":"OTHER"}`, "confluence_add_labels": `{"page_id":"OTHER","labels":["x"]}`,
			"confluence_remove_label": `{"page_id":"OTHER","label":"x"}`, "confluence_get_property": `{"page_id":"OTHER"}`,
			"confluence_set_property": `{"page_id":"OTHER","key":"x","value":"y"}`, "confluence_get_comments": `{"page_id":"OTHER"}`,
			"confluence_update_comment": `{"page_id":"OTHER","comment_id":"1","body":"x"}`,
			"confluence_add_comment":    `{"page_id":"OTHER","body":"x"}`, "confluence_get_children": `{"page_id":"OTHER"}`,
			"confluence_get_ancestors": `{"page_id":"OTHER"}`, "confluence_get_page_history": `{"page_id":"OTHER"}`,
			"confluence_diff_versions": `{"page_id":"OTHER"}`, "confluence_list_attachments": `{"page_id":"OTHER"}`,
			"confluence_get_attachment": `{"page_id":"OTHER","filename":"x"}`, "confluence_add_attachment": `{"page_id":"OTHER","filename":"x.txt","content":"x"}`,
			"confluence_create_page": `{"space_key":"TEAM","title":"x","body":"x"}`,
		} {
			s.fail(name, args, "outside the scope")
		}
		s.fail("confluence_create_page", `{"space_key":"DOC","title":"x","body":"x","parent_id":"OTHER"}`, "outside the scope")
		s.fail("confluence_get_page", `{"space_key":"TEAM","title":"Elsewhere"}`, "outside the scope")
		if got := s.do("confluence_list_spaces", `{}`); strings.Contains(got, "TEAM") || !strings.Contains(got, "DOC | Documentation") {
			t.Errorf("the spaces are %q", got)
		}
	})
}

func TestASearchStaysWithinTheScope(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		says(t, s.do("confluence_search", `{"text":"Preferences"}`), "1 found", s.page+" | page | DOC | Preferences")
		for _, cql := range []string{"type = page", "type = page order by created desc", "space = TEAM or space = DOC"} {
			if got := s.do("confluence_search", `{"cql":"`+cql+`"}`); strings.Contains(got, "Elsewhere") || !strings.Contains(got, "Preferences") {
				t.Errorf("%s finds %q", cql, got)
			}
		}
		for _, cql := range []string{`type = page) or (type = page`, `title = \"x`, `(type = page`, `type = page \\`} {
			s.fail("confluence_search", `{"cql":"`+cql+`"}`, "CQL")
		}
		s.fail("confluence_search", `{}`, "neither")
		s.spaces = []string{"DO*"}
		if got := s.do("confluence_search", `{"cql":"type = page"}`); strings.Contains(got, "Elsewhere") || !strings.Contains(got, "Preferences") {
			t.Errorf("with a glob it finds %q", got)
		}
		s.spaces = []string{"*"}
		says(t, s.do("confluence_search", `{"cql":"type = page"}`), "Elsewhere")
	})
}

func TestWhatIsDoneForAUserIsRefused(t *testing.T) {
	s := newSite(t, sandbox.Cloud)
	s.origin.OnBehalf = tool.OnBehalf{Installation: "i", Account: "a"}
	for _, name := range s.reg.Names() {
		tl, _ := s.reg.Lookup(name)
		result, err := tl.Call(t.Context(), s.newCall(`{"page_id":"PAGE"}`))
		if err != nil || !result.Failed || !strings.Contains(result.Text, "the user's own rights") {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
	if len(s.Requests()) > 0 {
		t.Errorf("%d requests were made", len(s.Requests()))
	}
}

func TestAnEditIsMadeAnewOnWhatSomebodyElseWrote(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.lenient = true
		s.fault(sandbox.Fault{Method: http.MethodPut, Effect: sandbox.Answer, Status: http.StatusConflict})
		s.do("confluence_append_to_page", `{"page_id":"PAGE","body":"The end.","reason":"r"}`)
		if got := s.state(s.page); got.Body != spec+"<p>The end.</p>" || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		s.fail("confluence_append_to_page", `{"page_id":"PAGE","body":"More.","reason":"r","expected_version":1}`, "version 2")
		s.fault(sandbox.Fault{Method: http.MethodPut, Effect: sandbox.Answer, Status: http.StatusConflict, Count: 9})
		s.fail("confluence_append_to_page", `{"page_id":"PAGE","body":"More.","reason":"r"}`, "Read the page again")
	})
}

// TestALostEditThatArrivesLateIsNotMadeTwice plays a conflict with our own write.
func TestALostEditThatArrivesLateIsNotMadeTwice(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.lenient = true
		s.fault(sandbox.Fault{Method: http.MethodPut, Effect: sandbox.Answer, Status: http.StatusConflict, After: true})
		s.do("confluence_append_to_page", `{"page_id":"PAGE","body":"The end.","reason":"r"}`)
		if got := s.state(s.page); got.Body != spec+"<p>The end.</p>" || got.Version != 2 {
			t.Errorf("%+v", got)
		}
	})
}

func TestMacrosAreNotLostByAccident(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fail("confluence_update_page", `{"page_id":"PAGE","body":"all new","reason":"r"}`, "\u27e6toc:", "remove_macros")
		s.fail("confluence_append_to_page", `{"page_id":"PAGE","body":"\u27e6jira A-1:abcdef\u27e7","reason":"r"}`, "stands for nothing")
		s.fail("confluence_create_page", `{"space_key":"DOC","title":"New","body":"\u27e6jira A-1:abcdef\u27e7"}`, "another page")
		text := s.do("confluence_get_page", `{"page_id":"PAGE"}`)
		_, md, _ := strings.Cut(text, "\n\n")
		md = strings.Replace(md, "- ten", "- ten\n- eleven", 1)
		s.do("confluence_update_page", `{"page_id":"PAGE","body":`+fmt.Sprintf("%q", md)+`,"reason":"r"}`)
		if got, want := s.state(s.page).Body, strings.Replace(spec, "<li>ten</li>", "<li>ten</li><li>eleven</li>", 1); got != want {
			t.Errorf("the page is\n%s, want\n%s", got, want)
		}
	})
}

func TestEditsThatMakeNoSenseAreRefused(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for args, want := range map[string]string{
			`{"page_id":"PAGE","heading":"Nope","body":"x","reason":"r"}`:                       `it has "Goals"`,
			`{"page_id":"PAGE","heading":"Limits","body":"x","reason":"r"}`:                     "occurrence",
			`{"page_id":"PAGE","heading":"Goals","reason":"r"}`:                                 "body is empty",
			`{"page_id":"PAGE","heading":"Goals","body":"x","mode":"remove","reason":"r"}`:      "takes no body",
			`{"page_id":"PAGE","heading":"Goals","body":"x","reason":" "}`:                      "say why",
			`{"page_id":"PAGE","heading":"Goals","body":"x","occurrence":-1,"reason":"r"}`:      "counts from 1",
			`{"page_id":"PAGE","heading":"Limits","body":"x","occurrence":3,"reason":"r"}`:      "2 times",
			`{"page_id":"PAGE","heading":"Goals","body":"x","expected_version":7,"reason":"r"}`: "version 1",
		} {
			s.fail("confluence_update_section", args, want)
		}
		s.fail("confluence_update_page", `{"page_id":"PAGE","reason":"r"}`, "nothing to change")
		says(t, s.do("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Every 5 minutes.","reason":"r"}`), "already", "version 1")
		s.fail("confluence_create_page", `{"space_key":"DOC","title":"Preferences","body":"x"}`, "already: page "+s.page)
		s.fail("confluence_add_labels", `{"page_id":"PAGE","labels":["two words"]}`, "no spaces")
		s.fail("confluence_set_property", `{"page_id":"PAGE","key":"aofctl","value":"1"}`, "not for agents")
		s.fail("confluence_add_attachment", `{"page_id":"PAGE","filename":"../x","content":"x"}`, "file name")
	})
}

func TestADraftIsPublished(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		made := s.do("confluence_create_page", `{"space_key":"DOC","title":"Plan","body":"# Tests","status":"draft"}`)
		s.page = regexp.MustCompile(`\d+`).FindString(made)
		s.do("confluence_append_to_page", `{"page_id":"PAGE","body":"- one","reason":"r"}`)
		if p := s.state(s.page); p.Status != "draft" {
			t.Fatalf("%+v", p)
		}
		says(t, s.do("confluence_get_page", `{"page_id":"PAGE"}`), "status: draft", "- one")
		says(t, s.do("confluence_update_page", `{"page_id":"PAGE","status":"current","reason":"r"}`), "published")
		if p := s.state(s.page); p.Status != "current" || p.Body != "<h1>Tests</h1><ul><li>one</li></ul>" {
			t.Errorf("%+v", p)
		}
	})
}

func TestUnpublishedChangesOfPeopleAreKept(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("confluence_append_to_page", `{"page_id":"PAGE","body":"One.","status":"draft","reason":"r"}`)
		s.fail("confluence_append_to_page", `{"page_id":"PAGE","body":"Two.","status":"draft","reason":"r"}`, "nobody has published")
	})
}

func TestCommentsAndTheirAnswers(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		id, err := s.As("alice").Comment(s.page, "<p>Is <strong>that</strong> right?</p>")
		if err != nil {
			t.Fatal(err)
		}
		s.do("confluence_add_comment", `{"page_id":"PAGE","body":"It is.","parent_comment_id":"`+id+`"}`)
		says(t, s.do("confluence_get_comments", `{"page_id":"PAGE"}`), "1 comments", "["+id+"] Alice Developer", "Is **that** right?", "AOF Bot", "\n    It is.")
		s.fail("confluence_add_comment", `{"page_id":"CHILD","body":"x","parent_comment_id":"`+id+`"}`, "is not at page")
		s.do("confluence_add_comment", `{"page_id":"PAGE","body":"Why?","selection":"ten"}`)
		says(t, s.do("confluence_get_comments", `{"page_id":"PAGE","kind":"inline"}`), `on "ten"`, "Why?")
		s.fail("confluence_add_comment", `{"page_id":"PAGE","body":"x","selection":"eleven"}`, "word for word")
		s.fail("confluence_add_comment", `{"page_id":"PAGE","body":"x","selection":"Limits"}`, "2 times")
		s.fail("confluence_add_comment", `{"page_id":"PAGE","body":" "}`, "needs text")
	})
}

func TestTreesHistoryAndDifferences(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		says(t, s.do("confluence_get_children", `{"page_id":"PAGE"}`), "1 below", s.child+" | Details")
		says(t, s.do("confluence_get_children", `{"page_id":"PAGE","depth":3}`), s.child+" | Details")
		says(t, s.do("confluence_get_ancestors", `{"page_id":"CHILD"}`), s.page+" | Preferences")
		s.fail("confluence_diff_versions", `{"page_id":"PAGE"}`, "one version only")
		s.do("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","reason":"Batches | take long"}`)
		says(t, s.do("confluence_get_page_history", `{"page_id":"PAGE"}`), "2 | ", "Batches / take long (keeper, aofctl:", "AOF Bot")
		diff := s.do("confluence_diff_versions", `{"page_id":"PAGE"}`)
		says(t, diff, "version 1 to 2", "-Every 5 minutes.\n+Every 15 minutes.", "\n ## Digest mode")
		if strings.Contains(diff, "Intro") {
			t.Errorf("the difference shows what is far away: %s", diff)
		}
	})
}

func TestPropertiesAndFiles(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("confluence_set_property", `{"page_id":"PAGE","key":"req","value":"plain text"}`)
		s.do("confluence_set_property", `{"page_id":"PAGE","key":"req","value":"[1, 2]"}`)
		says(t, s.do("confluence_get_property", `{"page_id":"PAGE","key":"req"}`), "req (version 2): [1,2]")
		says(t, s.do("confluence_get_property", `{"page_id":"PAGE"}`), "1 properties", "req: [1,2]")
		s.fail("confluence_get_property", `{"page_id":"PAGE","key":"nope"}`, "no property")
		s.do("confluence_add_attachment", `{"page_id":"PAGE","filename":"a.csv","content":"a,b","comment":"figures"}`)
		says(t, s.do("confluence_list_attachments", `{"page_id":"PAGE"}`), "a.csv | ", "figures (keeper")
		says(t, s.do("confluence_get_attachment", `{"page_id":"PAGE","filename":"a.csv"}`), "a.csv (", "a,b")
		s.fail("confluence_get_attachment", `{"page_id":"PAGE","filename":"b.csv"}`, "no file")
		if err := s.As("alice").Attach(s.page, "x.png", "image/png", []byte{0x89, 'P', 0, 0}); err != nil {
			t.Fatal(err)
		}
		s.fail("confluence_get_attachment", `{"page_id":"PAGE","filename":"x.png"}`, "is not text")
	})
}
