package confluence_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// everyCall are calls of all tools with all their parameters, in an order in which
// they make sense. NUMBER is the id that the last result told, NEXT its page_token.
// Calls that begin with "cloud " or "dc " are for that kind only.
func everyCall() []struct{ tool, args string } {
	return []struct{ tool, args string }{
		{"confluence_get_page", `{"page_id":"PAGE","format":"markdown"}`},
		{"confluence_get_page", `{"page_id":"PAGE","format":"storage","version":1}`},
		{"confluence_get_page", `{"space_key":"DOC","title":"Preferences","section":"Limits","occurrence":2}`},
		{"confluence_get_page", `{"page_id":"PAGE","draft":true,"page_token":"10"}`},
		{"confluence_search", `{"text":"Notify \"people\""}`},
		{"confluence_search", `{"cql":"type in (page, comment, attachment) order by created","spaces":["DOC"],"limit":1}`},
		{"confluence_search", `{"cql":"type in (page, comment, attachment) order by created","spaces":["DOC"],"limit":1,"page_token":"NEXT"}`},
		{"confluence_create_page", `{"space_key":"DOC","title":"Made","body":"# One\n\ntext","parent_id":"PAGE","labels":["a","b"]}`},
		{"confluence_create_page", `{"space_key":"DOC","title":"Draft","body":"<h1>One</h1><p>text</p>","format":"storage","status":"draft"}`},
		{"confluence_update_section", `{"page_id":"NUMBER","heading":"One","body":"more","mode":"append","keep_subsections":true,"reason":"r"}`},
		{"confluence_update_page", `{"page_id":"NUMBER","title":"Published","status":"current","reason":"r"}`},
		{"confluence_update_page", `{"page_id":"PAGE","body":"# Goals\n\nall new","title":"New title","format":"markdown","remove_macros":true,"expected_version":1,"reason":"r"}`},
		{"confluence_update_page", `{"page_id":"CHILD","body":"<p>x</p>","format":"storage","status":"draft","reason":"r"}`},
		{"confluence_create_page", `{"space_key":"DOC","title":"Above","body":"x"}`},
		{"confluence_update_page", `{"page_id":"PAGE","parent_id":"NUMBER","reason":"r"}`},
		{"confluence_update_section", `{"page_id":"PAGE","heading":"Goals","body":"again","occurrence":1,"expected_version":2,"remove_macros":true,"reason":"r"}`},
		{"confluence_update_section", `{"page_id":"PAGE","heading":"Goals","body":"as a draft","status":"draft","reason":"r"}`},
		{"confluence_append_to_page", `{"page_id":"NUMBER","body":"end","status":"draft","reason":"r"}`},
		{"confluence_add_labels", `{"page_id":"PAGE","labels":["one","two"]}`},
		{"confluence_get_labels", `{"page_id":"PAGE"}`},
		{"confluence_remove_label", `{"page_id":"PAGE","label":"one"}`},
		{"confluence_set_property", `{"page_id":"PAGE","key":"k","value":"{\"a\":[1,null,\"x\"]}"}`},
		{"confluence_set_property", `{"page_id":"PAGE","key":"k","value":"true"}`},
		{"confluence_get_property", `{"page_id":"PAGE","key":"k"}`},
		{"confluence_get_property", `{"page_id":"PAGE"}`},
		{"confluence_add_comment", `{"page_id":"PAGE","body":"first"}`},
		{"confluence_add_comment", `{"page_id":"PAGE","body":"answer","parent_comment_id":"NUMBER"}`},
		{"confluence_update_comment", `{"page_id":"PAGE","comment_id":"NUMBER","body":"other answer"}`},
		{"confluence_add_comment", `{"page_id":"CHILD","body":"inline","selection":"more","occurrence":1}`},
		{"cloud confluence_update_comment", `{"page_id":"CHILD","comment_id":"NUMBER","resolved":true}`},
		{"confluence_add_comment", `{"page_id":"CHILD","body":"inline answer","parent_comment_id":"NUMBER"}`},
		{"confluence_get_comments", `{"page_id":"CHILD","kind":"inline","limit":1}`},
		{"confluence_add_comment", `{"page_id":"PAGE","body":"second"}`},
		{"confluence_get_comments", `{"page_id":"PAGE","kind":"footer","limit":1}`},
		{"confluence_get_comments", `{"page_id":"PAGE","kind":"footer","limit":1,"page_token":"NEXT"}`},
		{"confluence_get_children", `{"page_id":"PAGE","limit":1}`},
		{"confluence_get_children", `{"page_id":"PAGE","limit":1,"page_token":"NEXT"}`},
		{"confluence_get_children", `{"page_id":"PAGE","depth":3}`},
		{"confluence_get_ancestors", `{"page_id":"CHILD"}`},
		{"confluence_get_page_history", `{"page_id":"PAGE","limit":1}`},
		{"confluence_get_page_history", `{"page_id":"PAGE","limit":1,"page_token":"NEXT"}`},
		{"confluence_diff_versions", `{"page_id":"PAGE","from_version":1,"to_version":2,"page_token":"0"}`},
		{"confluence_diff_versions", `{"page_id":"PAGE"}`},
		{"confluence_list_spaces", `{"keys":["DOC"],"type":"global","limit":1}`},
		{"confluence_list_spaces", `{"limit":1}`},
		{"confluence_list_spaces", `{"limit":1,"page_token":"NEXT"}`},
		{"confluence_add_attachment", `{"page_id":"PAGE","filename":"a b.txt","content":"aGVsbG8=","encoding":"base64","comment":"why"}`},
		{"confluence_add_attachment", `{"page_id":"PAGE","filename":"a b.txt","content":"hello again"}`},
		{"confluence_add_attachment", `{"page_id":"PAGE","filename":"c.txt","content":"c"}`},
		{"confluence_list_attachments", `{"page_id":"PAGE","limit":1}`},
		{"confluence_list_attachments", `{"page_id":"PAGE","limit":1,"page_token":"NEXT"}`},
		{"confluence_get_attachment", `{"page_id":"PAGE","filename":"a b.txt","page_token":"3"}`},
		{"dc confluence_update_page", `{"page_id":"PAGE","body":"# Goals\n\nminor","minor":true,"reason":"r"}`},
		{"dc confluence_update_section", `{"page_id":"PAGE","heading":"Goals","body":"minor, too","minor":true,"reason":"r"}`},
		{"dc confluence_append_to_page", `{"page_id":"PAGE","body":"minor","minor":true,"reason":"r"}`},
		{"confluence_append_to_page", `{"page_id":"CHILD","body":"end","expected_version":1,"reason":"r"}`},
	}
}

var (
	told = regexp.MustCompile(`(?:comment|page|draft) (\d+)`)
	next = regexp.MustCompile(`\nnext: page_token (\S+)`)
)

// TestEveryCallIsAsAtlassianDescribes makes every call; the site reports each request
// and answer that Atlassian's descriptions do not have.
func TestEveryCallIsAsAtlassianDescribes(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.spaces = nil
		number, token := "", ""
		for _, c := range everyCall() {
			kind, name, limited := strings.Cut(c.tool, " ")
			switch {
			case !limited:
				name = kind
			case kind != string(s.Kind()):
				continue
			}
			text := s.do(name, strings.NewReplacer("NUMBER", number, "NEXT", token).Replace(c.args))
			if m := told.FindStringSubmatch(text); m != nil && strings.Contains(name, "create") || m != nil && strings.Contains(name, "add_comment") {
				number = m[1]
			}
			token = "none"
			if m := next.FindStringSubmatch(text); m != nil {
				token = m[1]
			}
			if strings.Contains(c.args, `"limit":1`) && !strings.Contains(c.args, "NEXT") && !strings.Contains(c.args, "keys") && !strings.Contains(c.args, "inline") && token == "none" {
				t.Errorf("%s %s tells of no more: %s", name, c.args, text)
			}
		}
	})
}

// TestEveryParameterIsInACall keeps everyCall complete.
func TestEveryParameterIsInACall(t *testing.T) {
	given := map[string][]string{}
	for _, c := range everyCall() {
		name := c.tool[strings.LastIndexByte(c.tool, ' ')+1:]
		var args map[string]any
		if err := json.Unmarshal([]byte(c.args), &args); err != nil {
			t.Fatal(err)
		}
		for arg, value := range args {
			given[name] = append(given[name], arg, fmt.Sprintf("%s=%v", arg, value))
		}
	}
	for _, tl := range newSite(t, sandbox.Cloud).tools.All() {
		var schema struct {
			Properties map[string]struct {
				Enum []string `json:"enum"`
			} `json:"properties"`
		}
		spec := tl.Spec()
		if err := json.Unmarshal(spec.Parameters, &schema); err != nil {
			t.Fatal(err)
		}
		for name, p := range schema.Properties {
			if !slices.Contains(given[spec.Name], name) {
				t.Errorf("%s is never called with %s", spec.Name, name)
			}
			for _, value := range p.Enum {
				sent := name == "kind" || name == "encoding" && value != "text"
				if sent && !slices.Contains(given[spec.Name], name+"="+value) {
					t.Errorf("%s is never called with %s %s", spec.Name, name, value)
				}
			}
		}
	}
}
