package confluence_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// theirs changes a piece of the page as Alice.
func (s *site) theirs(from, to string) {
	s.t.Helper()
	if err := s.As("alice").EditPage(s.page, strings.Replace(s.state(s.page).Body, from, to, 1), ""); err != nil {
		s.t.Fatal(err)
	}
}

func TestAnEditForAnEarlierVersionIsMadeWhereNothingChanged(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.theirs("Notify people.", "Notify everybody.")
		s.do("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Every 15 minutes.","expected_version":1,"reason":"r"}`)
		if p := s.state(s.page); p.Version != 3 || !strings.Contains(p.Body, "everybody") || !strings.Contains(p.Body, "Every 15") {
			t.Errorf("%+v", p)
		}
		s.theirs("Every 15", "Every 20")
		s.fail("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Hourly.","expected_version":3,"reason":"r"}`,
			"it has version 4", "meant for version 3", "-Every 15 minutes.\n+Every 20 minutes.", "Read the page again")
		s.fail("confluence_update_page", `{"page_id":"PAGE","body":"x","remove_macros":true,"expected_version":1,"reason":"r"}`, "+Every 20 minutes.", "+Notify everybody.")
		s.fail("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Hourly.","expected_version":9,"reason":"r"}`, "version 9")
	})
}

func TestWhoWasSlowerIsToldWhatChanged(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.edits("Every 5 minutes.", "Every 10 minutes.")
		s.fail("confluence_update_section", `{"page_id":"PAGE","heading":"Digest mode","body":"Hourly.","reason":"r"}`, "-Every 5 minutes.\n+Every 10 minutes.")
	})
}

// markdown is the page's text as the model has it.
func (s *site) markdown() string {
	_, md, _ := strings.Cut(s.do("confluence_get_page", `{"page_id":"PAGE"}`), "\n\n")
	return md
}

func TestKeysThatAreNotInOrderAreToldAndNothingIsWritten(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		const status = `<ac:structured-macro ac:name="status" ac:macro-id="s1"><ac:parameter ac:name="title">Done</ac:parameter></ac:structured-macro>`
		body := `<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><h1>One ` + status + `</h1><p>a</p></ac:layout-cell>` +
			`<ac:layout-cell><h1>Two</h1><p>b ` + status + `</p></ac:layout-cell></ac:layout-section></ac:layout>`
		s.page = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Cells", Body: body})
		md := s.markdown()
		key := regexp.MustCompile(`\x{27e6}status[^\x{27e7}]*\x{27e7}`).FindString(md)
		cell := regexp.MustCompile(`\x{27e6}layout-cell[^\x{27e7}]*\x{27e7}`).FindString(md)
		ended := strings.Replace(cell, "\u27e6", "\u27e6/", 1)
		update := func(from, to string) string {
			return fmt.Sprintf(`{"page_id":"PAGE","reason":"r","body":%q}`, strings.Replace(md, from, to, 1))
		}
		s.fail("confluence_update_page", update(ended, ""), "no other key", cell)
		s.fail("confluence_update_page", update(ended, ended+"\n\n"+cell+"\n\nc\n\n"+ended), "more often")
		s.fail("confluence_update_page", update("b "+key, "b"), key+" (1 of 2)")
		s.fail("confluence_update_page", update(key, "\u27e6status Done:000000\u27e7"), "stands for nothing")
		says(t, s.do("confluence_update_section", `{"page_id":"PAGE","heading":"One `+key+`","body":"new `+key+`","reason":"r"}`), "version 2")
		if got, want := s.state(s.page).Body, strings.Replace(body, "<p>a</p>", "<p>new "+strings.Replace(status, ` ac:macro-id="s1"`, "", 1)+"</p>", 1); strings.Count(got, "Done") != 3 || strings.Count(got, "s1") != 2 || len(got) != len(want) {
			t.Errorf("the page is\n%s", got)
		}
		s.fail("confluence_update_page", `{"page_id":"PAGE","format":"storage","body":"<p>x","remove_macros":true,"reason":"r"}`, "not well-formed")
	})
}

func TestCommentsWhoseTextGoesAreTold(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		body := `<h1>A</h1><p>Every <ac:inline-comment-marker ac:ref="c1">5 minutes</ac:inline-comment-marker> a mail.</p><h1>B</h1><p>b</p>`
		s.page = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Marked", Body: body})
		if got := s.do("confluence_update_section", `{"page_id":"PAGE","heading":"A","body":"Every 15 minutes a mail.","reason":"r"}`); strings.Contains(got, "comment") {
			t.Errorf("%s", got)
		}
		if got := s.state(s.page).Body; got != strings.Replace(body, "5 minutes", "15 minutes", 1) {
			t.Errorf("%s", got)
		}
		says(t, s.do("confluence_update_section", `{"page_id":"PAGE","heading":"A","body":"No mails at all.","reason":"r"}`), "comment was made on is gone")
	})
}

func TestAPageIsReadInItsParts(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		says(t, s.do("confluence_get_page", `{"page_id":"PAGE","format":"outline"}`), "# Goals (", "## Digest mode (", "# Later (")
		says(t, s.do("confluence_get_page", `{"page_id":"PAGE","section":"Limits","occurrence":2}`), "none")
		s.fail("confluence_get_page", `{"page_id":"PAGE","section":"Limits"}`, "occurrence")
		const excerpt = `<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>%s</p></ac:rich-text-body></ac:structured-macro>`
		body := "<h1>A</h1>" + fmt.Sprintf(excerpt, "one") + "<h1>B</h1>" + fmt.Sprintf(excerpt, "two")
		s.page = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Two", Body: body})
		_, part, _ := strings.Cut(s.do("confluence_get_page", `{"page_id":"PAGE","section":"B"}`), "\n\n")
		s.do("confluence_update_section", fmt.Sprintf(`{"page_id":"PAGE","heading":"B","reason":"r","body":%q}`, strings.Replace(part, "two", "three", 1)))
		if got := s.state(s.page).Body; got != strings.Replace(body, "two", "three", 1) {
			t.Errorf("%s", got)
		}
	})
}

func TestAPageIsMovedAndRenamed(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.child = s.made("alice", sandbox.NewPage{Space: "DOC", Title: "Archive", Body: "<p>x</p>"})
		s.do("confluence_update_page", `{"page_id":"PAGE","parent_id":"CHILD","title":"Old preferences","reason":"superseded"}`)
		says(t, s.do("confluence_get_ancestors", `{"page_id":"PAGE"}`), s.child+" | Archive")
		if p := s.state(s.page); p.Title != "Old preferences" || p.Body != spec || p.Version != 2 {
			t.Errorf("%+v", p)
		}
		says(t, s.do("confluence_update_page", `{"page_id":"PAGE","parent_id":"CHILD","reason":"again"}`), "already")
		s.fail("confluence_update_page", `{"page_id":"PAGE","parent_id":"OTHER","reason":"r"}`, "outside the scope")
		s.fail("confluence_update_page", `{"page_id":"PAGE","parent_id":"PAGE","reason":"r"}`, "below itself")
		s.fail("confluence_update_page", `{"page_id":"CHILD","parent_id":"PAGE","reason":"r"}`, "refused")
		s.spaces = nil
		s.fail("confluence_update_page", `{"page_id":"PAGE","parent_id":"OTHER","reason":"r"}`, "is in space TEAM")
	})
}

func TestASearchIsConfinedToSpaces(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.spaces = []string{"DOC", "TEAM"}
		says(t, s.do("confluence_search", `{"cql":"type = page"}`), "Elsewhere", "Preferences")
		if got := s.do("confluence_search", `{"cql":"type = page","spaces":["TEAM"]}`); strings.Contains(got, "Preferences") || !strings.Contains(got, "Elsewhere") {
			t.Errorf("%s", got)
		}
		s.spaces = []string{"DOC"}
		s.fail("confluence_search", `{"cql":"type = page","spaces":["TEAM"]}`, "outside the scope")
		s.fail("confluence_search", `{"cql":"type = page","spaces":["DOC\") or (type = page"]}`, "outside the scope")
	})
}

func TestCommentsOfOurOwnAreChanged(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		number := regexp.MustCompile(`comment (\d+)`)
		id := number.FindStringSubmatch(s.do("confluence_add_comment", `{"page_id":"PAGE","body":"First."}`))[1]
		s.do("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`","body":"**Second.**"}`)
		says(t, s.do("confluence_get_comments", `{"page_id":"PAGE"}`), "["+id+"]", "**Second.**")
		theirs, err := s.As("alice").Comment(s.page, "<p>mine</p>")
		if err != nil {
			t.Fatal(err)
		}
		s.fail("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+theirs+`","body":"x"}`, "by Alice", "of our own")
		s.fail("confluence_update_comment", `{"page_id":"CHILD","comment_id":"`+id+`","body":"x"}`, "is not at page")
		s.fail("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`"}`, "nothing to change")
		s.fail("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`","body":"x","resolved":true}`, "either")
		s.fail("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`","resolved":true}`, "cannot resolve")
	})
}

func TestInlineCommentsAreResolvedOnCloud(t *testing.T) {
	s := newSite(t, sandbox.Cloud)
	id := regexp.MustCompile(`comment (\d+)`).FindStringSubmatch(s.do("confluence_add_comment", `{"page_id":"PAGE","body":"Why?","selection":"ten"}`))[1]
	s.do("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`","resolved":true}`)
	says(t, s.do("confluence_get_comments", `{"page_id":"PAGE","kind":"inline"}`), `on "ten", resolved:`, "Why?")
	s.do("confluence_update_comment", `{"page_id":"PAGE","comment_id":"`+id+`","resolved":false}`)
	says(t, s.do("confluence_get_comments", `{"page_id":"PAGE","kind":"inline"}`), `, reopened:`)
}
