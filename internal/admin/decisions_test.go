package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// ask puts a question with two proposals on record.
func (d *daemon) ask(t *testing.T, code, run string) {
	t.Helper()
	_, err := d.store.Ask(t.Context(), store.Approval{Code: code, Step: run + ":0", Run: run, Kind: "proposals", Site: "s", IssueKey: "PROJ-1",
		Asks: json.RawMessage(`{"kind":"proposals","items":[{"tool":"a","args":{}},{"tool":"b","args":{}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOperatorDecidesOnce(t *testing.T) {
	d := newDaemon(t, "")
	d.ask(t, "K7QX2M", "r-1")
	d.ask(t, "AAAAAA", "r-2")
	d.get(t, "/api/v1/approvals").has(t, 200, `"K7QX2M"`)
	d.get(t, "/api/v1/approvals/k7qx2m").has(t, 200, `"state": "open"`)
	const question = "/api/v1/approvals/K7QX2M"
	for _, c := range []struct {
		path   string
		status int
		part   string
	}{
		{"/api/v1/approvals/ZZZZZZ/approve", 404, "there is no question with this code"},
		{question + "/approve?items=1,x", 400, `items are numbers, found \"x\"`},
		{question + "/approve?items=3", 400, "it has no number 3, only 1 to 2"},
		{question + "/approve?items=-1", 400, "it has no number -1"},
		{question + "/approve?items=1%202&by=olga&reason=as+agreed", 200, `"decided_by": "operator olga"`},
		{question + "/approve?by=olga", 200, `"approved"`},
		{question + "/approve?by=otto", 409, "this question is closed"},
		{question + "/reject?by=olga", 409, "approved by operator olga"},
		{"/api/v1/approvals/AAAAAA/reject?reason=no", 200, `"decided_by": "an operator"`},
	} {
		d.call(t, http.MethodPost, c.path).has(t, c.status, c.part)
	}
	if n := d.woken.Load(); n != 3 {
		t.Errorf("runs were looked for %d times", n)
	}
	d.get(t, question).has(t, 200, `"reason": "as agreed"`)
	d.get(t, "/api/v1/approvals").has(t, 200, `[]`)
	d.get(t, "/api/v1/approvals?state=rejected").has(t, 200, `"AAAAAA"`)
	d.get(t, "/api/v1/approvals?state=all").has(t, 200, `"K7QX2M"`)
	for path, part := range map[string]string{"/api/v1/approvals?limit=0": "limit is a number", "/api/v1/approvals?state=undone": "there is no state"} {
		d.get(t, path).has(t, 400, part)
	}
	d.call(t, http.MethodGet, question+"/approve").has(t, 405, "not allowed")
}

func TestTheAuditLogIsListedAndChecked(t *testing.T) {
	d := newDaemon(t, "")
	for i := range 5 {
		if err := d.store.Audit(t.Context(), map[bool]string{true: "tool", false: "admin"}[i%2 == 0], fmt.Sprint("r-", i), map[string]int{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"": "1 2 3 4 5", "?newest=true&limit=2": "5 4", "?after=3": "4 5", "?kind=admin": "2 4", "?run=r-4": "5", "?since=2100-01-01T00:00:00Z": "", "?after=99": "",
	} {
		r := d.get(t, "/api/v1/audit"+path)
		var rows []store.AuditRecord
		if err := json.Unmarshal([]byte(r.body), &rows); err != nil {
			t.Fatal(err)
		}
		var seqs []string
		for _, row := range rows {
			seqs = append(seqs, fmt.Sprint(row.Seq))
		}
		if got := strings.Join(seqs, " "); got != want {
			t.Errorf("%s: rows %s, want %s", path, got, want)
		}
	}
	for _, bad := range []string{"?after=x", "?since=yesterday", "?limit=1001", "?limit=x", "?after=1.5"} {
		d.get(t, "/api/v1/audit"+bad).has(t, 400, "is ")
	}
	d.get(t, "/api/v1/audit/verify").has(t, 200, `"rows": 5`)
}

func TestOrdersAreTakenAsTheyAreMeantOrRefused(t *testing.T) {
	d := newDaemon(t, "")
	const path = "/api/v1/runs"
	d.send(t, http.MethodPost, path, `{"kind":"agent","name":"triager","issue":"PROJ-1","by":"olga"}`).has(t, 200, `"delivery": "delivery-7"`)
	if d.ordered.Name != "triager" || d.ordered.By != "olga" {
		t.Errorf("ordered %+v", d.ordered)
	}
	trail, err := d.store.AuditTrail(t.Context(), store.AuditFilter{Kind: "admin"})
	if err != nil || len(trail) != 1 || !strings.Contains(string(trail[0].Body), "order agent/triager on PROJ-1 by olga") {
		t.Errorf("audit %+v, %v", trail, err)
	}
	for body, status := range map[string]int{"": 400, "[]": 400, `{"kind":1}`: 400, `{"dryrun":true}`: 400, `{"manifest":"` + strings.Repeat("x", 9<<20) + `"}`: 413} {
		d.send(t, http.MethodPost, path, body).has(t, status, "order")
	}
	for want, refusal := range map[int]error{
		404: fmt.Errorf("delivery x: %w", inbox.ErrNotFound), 503: fmt.Errorf("append: %w", inbox.ErrFull), 422: errors.New("there is no agent named x"),
	} {
		d.refusal = refusal
		d.send(t, http.MethodPost, path, `{"kind":"agent","name":"x"}`).has(t, want, "error")
	}
	d.refusal = fmt.Errorf("run x: %w", store.ErrNotFound)
	d.send(t, http.MethodPost, path, `{"run":"x"}`).has(t, 404, "run x")
	for want, o := range map[string]run.Order{
		"order run r-1 once more, dry":        {Run: "r-1", DryRun: true},
		"order delivery d once more by olga":  {Delivery: "d", By: "olga"},
		"order flow/f on PROJ-1 by olga, dry": {Kind: "flow", Name: "f", Issue: "PROJ-1", By: "olga", DryRun: true},
		"order agent/a":                       {Kind: "agent", Name: "a"},
	} {
		if got := o.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
