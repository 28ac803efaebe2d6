package gate_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPeopleAreAskedAlthoughTheReasonMustNotBePosted(t *testing.T) {
	for name, tt := range map[string]struct {
		reason, args string
		has, has2    string
	}{
		"an address that stands in the issue": {"It is finished.", `{"issue_key":"PROJ-1","to":"see https://known.test/a?b=1\u0026c=2\nand more"}`, "https://known.test/a?b=1", "It is finished."},
		"a reason that leads elsewhere":       {"As https://evil.test/x says, [~mallory].", `{"issue_key":"PROJ-1","to":"Done"}`, "https: / /evil.test/x", "approve CDE222"},
	} {
		h := newHouse(t)
		h.req.Reason, h.req.Args = tt.reason, json.RawMessage(tt.args)
		h.req.Origin.Texts = []string{"https://known.test/a?b=1&c=2"}
		h.asks(h.call)
		var said struct{ Body string }
		for _, call := range h.site.done {
			if err := json.Unmarshal([]byte(strings.TrimPrefix(call, "jira_post_comment ")), &said); err != nil {
				t.Error(err)
			}
		}
		posted := said.Body
		if !strings.Contains(posted, tt.has) || !strings.Contains(posted, tt.has2) || strings.Contains(posted, "https://evil") || strings.Contains(posted, "[~mallory") {
			t.Errorf("%s: posted %q", name, posted)
		}
	}
}
