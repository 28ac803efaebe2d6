package jira

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommentKeepsItsProperties(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	made := s.want(201, s.do("POST", "/rest/api/2/issue/"+key+"/comment?expand=properties",
		`{"body":"h3. Hi","properties":[{"key":"aof.action","value":{"id":"run:1"}}]}`))
	id, _ := made["id"].(string)
	if made["body"] != "h3. Hi" || dig(made, "author", "displayName") != "AOF Bot" || made["properties"] == nil {
		t.Errorf("made %v", made)
	}
	if got := string(s.snapshot(key).Comments[0].Properties["aof.action"]); got != `{"id":"run:1"}` {
		t.Errorf("property %s", got)
	}
	one := s.want(200, s.do("GET", "/rest/api/2/comment/"+id+"/properties/aof.action", ""))
	if dig(one, "value", "id") != "run:1" {
		t.Errorf("property %v", one)
	}
	list := s.want(200, s.do("POST", "/rest/api/2/comment/list?expand=properties", `{"ids":[`+id+`,999]}`))
	values, _ := list["values"].([]any)
	if len(values) != 1 || dig(values[0], "properties") == nil || list["isLast"] != true {
		t.Errorf("list %v", list)
	}
	plain := s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"/comment?expand=properties", ""))
	first, _ := plain["comments"].([]any)
	if dig(first[0], "properties") != nil {
		t.Error("the list of an issue's comments shows properties; the real one does not")
	}
}

func TestCommentsPageAndSort(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	for n := range 5 {
		if _, err := s.As("alice").Comment(key, fmt.Sprint("c", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string][]string{
		"": {"c0", "c1", "c2", "c3", "c4"}, "?orderBy=-created&maxResults=2": {"c4", "c3"},
		"?startAt=3": {"c3", "c4"}, "?startAt=9": {}, "?orderBy=%2Bcreated&startAt=1&maxResults=1": {"c1"},
	} {
		body := s.want(200, s.do("GET", "/rest/api/2/issue/"+key+"/comment"+query, ""))
		got := []string{}
		for _, c := range body["comments"].([]any) {
			got = append(got, dig(c, "body").(string))
		}
		if diff := cmp.Diff(want, got); diff != "" || body["total"] != 5.0 {
			t.Errorf("%q: %s total %v", query, diff, body["total"])
		}
	}
	for _, query := range []string{"?orderBy=author", "?startAt=x", "?maxResults=-1"} {
		if a := s.do("GET", "/rest/api/2/issue/"+key+"/comment"+query, ""); a.status != 400 {
			t.Errorf("%s gets %d", query, a.status)
		}
	}
}

func TestCommentsThatJiraRefuses(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	long := strings.Repeat("ü", MaxText)
	adf := `{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"hi"}]}]}`
	for name, c := range map[string]struct {
		api, body string
		want      int
		text      string
	}{
		"no body":                {"2", `{}`, 400, "Comment body can not be empty!"},
		"empty":                  {"2", `{"body":""}`, 400, "Comment body can not be empty!"},
		"blank":                  {"2", `{"body":" \n "}`, 400, "Comment body can not be empty!"},
		"object":                 {"2", `{"body":` + adf + `}`, 400, "Comment body is not valid!"},
		"number":                 {"2", `{"body":5}`, 400, "Comment body is not valid!"},
		"longest":                {"2", `{"body":"` + long + `"}`, 201, ""},
		"too long":               {"2", `{"body":"` + long + `x"}`, 400, tooLong},
		"property without key":   {"2", `{"body":"x","properties":[{"value":1}]}`, 400, ""},
		"property with more":     {"2", `{"body":"x","properties":[{"key":"a","value":1,"more":2}]}`, 400, ""},
		"bad visibility":         {"2", `{"body":"x","visibility":{"type":"all","value":"y"}}`, 400, "Comment visibility is not valid!"},
		"visibility to a role":   {"2", `{"body":"x","visibility":{"type":"role","value":"Administrators"}}`, 201, ""},
		"read-only author":       {"2", `{"author":{"avatarUrls":{}},"body":"x","updateAuthor":{"avatarUrls":{}},"visibility":{}}`, 201, ""},
		"v3 string":              {"3", `{"body":"hi"}`, 400, "Comment body is not valid!"},
		"v3 document":            {"3", `{"body":` + adf + `}`, 201, ""},
		"v3 without version":     {"3", `{"body":{"type":"doc","content":[]}}`, 400, "Comment body is not valid!"},
		"v3 text under doc":      {"3", `{"body":{"type":"doc","version":1,"content":[{"type":"text","text":"x"}]}}`, 400, "Comment body is not valid!"},
		"v3 empty text node":     {"3", `{"body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":""}]}]}}`, 400, "Comment body is not valid!"},
		"v3 node without a type": {"3", `{"body":{"type":"doc","version":1,"content":[{}]}}`, 400, "Comment body is not valid!"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do("POST", "/rest/api/"+c.api+"/issue/"+key+"/comment", c.body)
			if a.status != c.want {
				t.Fatalf("status %d, want %d: %.300s", a.status, c.want, a.raw)
			}
			if got := dig(a.body, "errors", "comment"); c.text != "" && got != c.text {
				t.Errorf("text %v, want %s", got, c.text)
			}
		})
	}
}

func TestDocumentsBecomeTextAndBack(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Description: "one\n\ntwo"})
	body := `{"body":{"type":"doc","version":1,"content":[
		{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"a "},{"type":"text","text":"b","marks":[{"type":"strong"}]}]}]},
		{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"c"},{"type":"hardBreak"},{"type":"text","text":"d"}]}]}]},
		{"type":"rule"}]}}`
	made := s.want(201, s.do("POST", "/rest/api/3/issue/"+key+"/comment", body))
	if dig(made, "body", "type") != "doc" {
		t.Errorf("v3 answers %v", made["body"])
	}
	if got := s.snapshot(key).Comments[0].Body; got != "a b\nc\nd\n" {
		t.Errorf("text %q", got)
	}
	got := s.want(200, s.do("GET", "/rest/api/3/issue/"+key+"?fields=description", ""))
	if content, _ := dig(got, "fields", "description", "content").([]any); len(content) != 3 {
		t.Errorf("description %v", got)
	}
}

func TestCommentIsEditedAndDeleted(t *testing.T) {
	s := newSite(t, Options{})
	key, other := s.issue(NewIssue{}), s.issue(NewIssue{})
	id, err := s.As("alice").Comment(key, "first", map[string]any{"k": 1})
	if err != nil {
		t.Fatal(err)
	}
	at := "/rest/api/2/issue/" + key + "/comment/" + id
	got := s.want(200, s.do("PUT", at, `{"body":"second"}`))
	if got["body"] != "second" || dig(got, "author", "displayName") != "Alice Developer" || dig(got, "updateAuthor", "displayName") != "AOF Bot" {
		t.Errorf("edited %v", got)
	}
	if a := s.do("PUT", at, `{"body":""}`); a.status != 400 {
		t.Errorf("emptying gets %d", a.status)
	}
	if a := s.do("GET", "/rest/api/2/issue/"+other+"/comment/"+id, ""); a.status != 404 {
		t.Errorf("through another issue: %d", a.status)
	}
	s.want(204, s.do("DELETE", at, ""))
	s.want(404, s.do("GET", at, ""))
	s.want(404, s.do("GET", "/rest/api/2/comment/"+id+"/properties/k", ""))
	kinds := []string{}
	for _, w := range s.snapshot(key).Writes {
		kinds = append(kinds, w.Kind)
	}
	if diff := cmp.Diff([]string{"issue", "comment", "comment_updated", "comment_deleted"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestCommentListIsBounded(t *testing.T) {
	s := newSite(t, Options{})
	many := strings.TrimSuffix(strings.Repeat("1,", 1001), ",")
	for _, body := range []string{`{"ids":[]}`, `{}`, `{"ids":[` + many + `]}`, `{"ids":["1"]}`, `{"ids":[1],"more":1}`} {
		if a := s.do("POST", "/rest/api/2/comment/list", body); a.status != 400 {
			t.Errorf("%.40s gets %d", body, a.status)
		}
	}
}

func TestCommentPropertiesCanBeChanged(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	id, _ := s.As("bot").Comment(key, "x", nil)
	at := "/rest/api/2/comment/" + id + "/properties"
	s.want(201, s.do("PUT", at+"/k", `1`))
	s.want(200, s.do("PUT", at+"/k", `2`))
	if keys, _ := s.want(200, s.do("GET", at, ""))["keys"].([]any); len(keys) != 1 {
		t.Errorf("keys %v", keys)
	}
	s.want(204, s.do("DELETE", at+"/k", ""))
	s.want(404, s.do("GET", at+"/k", ""))
	s.want(404, s.do("GET", "/rest/api/2/comment/nine/properties/k", ""))
}
