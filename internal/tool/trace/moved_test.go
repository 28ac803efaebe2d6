package trace_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/requirement"
)

// TestAnIssueThatWasMovedIsKnownByItsNewKey has the register name an issue by the key
// that it had before it was moved, which Jira follows.
func TestAnIssueThatWasMovedIsKnownByItsNewKey(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", `{"page_id":"PAGE","from_page":true}`)
		s.do("atlassian_link_requirement", `{"page_id":"PAGE","requirement":"req-1","issue_key":"PROJ-1"}`)
		s.put(func(r *requirement.Register) { r.Find("req-1").Issues[0].Key = "PROJ-99" })
		s.follow = func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/issue/PROJ-99", "/issue/PROJ-1", 1) }
		if out := fmt.Sprint(s.do("atlassian_trace", `{"page_id":"PAGE"}`)); !strings.Contains(out, "PROJ-1") || strings.Contains(out, "PROJ-99") {
			t.Error(out)
		}
	})
}
