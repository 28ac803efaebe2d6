package jira_test

import (
	"encoding/base64"
	"strings"
	"testing"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

func TestALinkIsRemovedByItsOtherEndOrItsID(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
		s.do("jira_link_issues", `{"type":"Relates","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
		s.fail("jira_remove_link", `{"issue_key":"PROJ-1","other_issue":"PROJ-2"}`, "several such links", "blocks PROJ-2", "relates to PROJ-2")
		s.do("jira_remove_link", `{"issue_key":"PROJ-2","other_issue":"PROJ-1","type":"is blocked by"}`)
		links := s.issue("PROJ-1").Links
		if len(links) != 1 || links[0].Type != "Relates" {
			t.Fatalf("links %+v", links)
		}
		s.do("jira_remove_link", `{"issue_key":"PROJ-1","link_id":"`+links[0].ID+`","other_issue":null}`)
		if got := s.do("jira_remove_link", `{"issue_key":"PROJ-1","other_issue":"PROJ-2"}`).Text; !strings.Contains(got, "no such link") {
			t.Errorf("got %q", got)
		}
		s.fail("jira_remove_link", `{"issue_key":"PROJ-1"}`, "give other_issue or link_id")
	})
}

func TestALinkOutOfTheScopeIsNotRemoved(t *testing.T) {
	s := newSite(t)
	if err := s.As("alice").Link("Blocks", "PROJ-1", "OTHER-1"); err != nil {
		t.Fatal(err)
	}
	s.fail("jira_remove_link", `{"issue_key":"PROJ-1","other_issue":"OTHER-1"}`, "outside the scope")
	s.fail("jira_remove_link", `{"issue_key":"PROJ-1","link_id":"`+s.issue("PROJ-1").Links[0].ID+`"}`, "outside the scope")
	if len(s.issue("PROJ-1").Links) != 1 {
		t.Error("the link is gone")
	}
}

func TestARemoteLinkToOneAddressIsOneLink(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		add := func(title string) string {
			return s.do("jira_add_remote_link", `{"issue_key":"PROJ-1","url":"https://wiki.example.com/p?id=1","title":"`+title+`","relationship":"mentioned in"}`).Text
		}
		add("Old")
		add("New")
		if got := add("New"); !strings.Contains(got, "already") {
			t.Errorf("got %q", got)
		}
		if links := s.issue("PROJ-1").RemoteLinks; len(links) != 1 {
			t.Fatalf("links %+v", links)
		}
		want := "remote links (title | url | relationship):\nNew | https://wiki.example.com/p?id=1 | mentioned in"
		if got := s.do("jira_get_remote_links", `{"issue_key":"PROJ-1"}`).Text; got != want {
			t.Errorf("got %q", got)
		}
		long := "https://wiki.example.com/" + strings.Repeat("x", 500)
		s.do("jira_add_remote_link", `{"issue_key":"PROJ-1","url":"`+long+`","title":"Long"}`)
		for _, link := range s.issue("PROJ-1").RemoteLinks {
			if link.GlobalID == "" || len(link.GlobalID) > 255 {
				t.Errorf("a link is named %q", link.GlobalID)
			}
		}
		for _, bad := range []string{"javascript:alert(1)", "wiki", "https://user:pass@host/", "https:///x", ""} {
			s.fail("jira_add_remote_link", `{"issue_key":"PROJ-1","url":`+quote(bad)+`,"title":"x"}`, "not an http or https address")
		}
		s.fail("jira_add_remote_link", `{"issue_key":"PROJ-1","url":"https://h/","title":" "}`, "title is empty")
	})
}

func TestFilesAreAttachedListedAndRead(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		name := "büro log 1.txt"
		long := strings.Repeat("zeile ü\n", 5000)
		s.do("jira_add_attachment", `{"issue_key":"PROJ-1","filename":"`+name+`","content":`+quote(long)+`}`)
		s.do("jira_add_attachment", `{"issue_key":"PROJ-1","filename":"a.png","encoding":"base64","content":"`+base64.StdEncoding.EncodeToString([]byte("\x89PNG\x00\xff"))+`"}`)
		if got := s.do("jira_list_attachments", `{"issue_key":"PROJ-1"}`).Text; !strings.Contains(got, name+" | ") || !strings.Contains(got, "a.png | ") || !strings.Contains(got, "43.9 kB") {
			t.Errorf("got\n%s", got)
		}
		all := ""
		for _, page := range s.pages("jira_get_attachment", `{"issue_key":"PROJ-1","attachment":"`+name+`"}`) {
			_, text, _ := strings.Cut(page, ":\n")
			text, _, _ = strings.Cut(text, "\ntruncated: ")
			all += text
		}
		if all != long {
			t.Errorf("read %d bytes of %d", len(all), len(long))
		}
		s.fail("jira_get_attachment", `{"issue_key":"PROJ-1","attachment":"a.png"}`, "not text")
		s.fail("jira_get_attachment", `{"issue_key":"PROJ-1","attachment":"b.txt"}`, "no attachment", name)
		s.fail("jira_get_attachment", `{"issue_key":"PROJ-2","attachment":"a.png"}`, "it has none")
	})
}

func TestFilesThatAreNoneAreRefused(t *testing.T) {
	s := newSite(t)
	for args, says := range map[string]string{
		`"filename":"../x","content":"a"`:                  "plain name",
		`"filename":"a/b","content":"a"`:                   "plain name",
		`"filename":"a\nb","content":"a"`:                  "plain name",
		`"filename":"","content":"a"`:                      "plain name",
		`"filename":"..","content":"a"`:                    "plain name",
		`"filename":"a","content":""`:                      "empty",
		`"filename":"a","content":"%","encoding":"base64"`: "not base64",
		`"filename":"` + long256 + `","content":"a"`:       "255",
	} {
		s.fail("jira_add_attachment", `{"issue_key":"PROJ-1",`+args+`}`, says)
	}
	if s.writes() != 0 {
		t.Errorf("%d writes", s.writes())
	}
}

var long256 = strings.Repeat("x", 256)

func TestAFileOfTheSameNameWithOtherContentIsNotTakenForOurs(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_add_attachment", `{"issue_key":"PROJ-1","filename":"a.txt","content":"one"}`)
		call := s.newCall(`{"issue_key":"PROJ-1","filename":"a.txt","content":"two"}`)
		s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.CutBefore})
		if _, err := s.try("jira_add_attachment", call); err == nil {
			t.Fatal("no error")
		}
		result, err := s.try("jira_add_attachment", call)
		if list, _ := s.issue("PROJ-1").Fields["attachment"].([]any); err != nil || result.Failed || len(list) != 2 {
			t.Errorf("%+v, %v; files %v", result, err, list)
		}
	})
}

func TestOnlyCommentsOfThisAccountAreChanged(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		theirs, err := s.As("alice").Comment("PROJ-1", "mine", nil)
		if err != nil {
			t.Fatal(err)
		}
		s.fail("jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"`+theirs+`","body":"x"}`, "by Alice Developer", "post one of your own")
		s.fail("jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"99999","body":"x"}`, "Jira refused")
		s.fail("jira_update_comment", `{"issue_key":"PROJ-1","comment_id":" ","body":"x"}`, "comment_id is empty")
		s.do("jira_post_comment", `{"issue_key":"PROJ-1","body":"x"}`)
		own := s.issue("PROJ-1").Comments[1].ID
		s.fail("jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"`+own+`","body":" "}`, "empty")
		body := longText(70_000)
		s.do("jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"`+own+`","body":`+quote(body)+`}`)
		got := ""
		for _, c := range s.issue("PROJ-1").Comments[1:] {
			got += c.Body + "\n"
		}
		if words(got) != words(body) || s.issue("PROJ-1").Comments[0].Body != "mine" {
			t.Errorf("of %d characters %d are kept", len(words(body)), len(words(got)))
		}
	})
}
