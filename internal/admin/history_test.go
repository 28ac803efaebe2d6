package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// decode reads an answer that must be 200.
func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if r.status != 200 {
		t.Fatalf("answered %d %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEmptyListsAreLists(t *testing.T) {
	d := newDaemon(t, "")
	for _, path := range []string{"/api/v1/runs", "/api/v1/deliveries", "/api/v1/runs?state=failed"} {
		if r := d.get(t, path); strings.TrimSpace(r.body) != "[]" {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

func TestQueriesThatMakeNoSenseAreRefused(t *testing.T) {
	d := newDaemon(t, "")
	for query, text := range map[string]string{
		"runs?limit=0":            "limit must be a number from 1 to 1000",
		"runs?limit=1001":         "limit must be a number from 1 to 1000",
		"runs?limit=all":          "limit must be",
		"deliveries?limit=-1":     "limit must be",
		"runs?before=0":           "before must be a sequence number",
		"deliveries?before=x":     "before must be a sequence number",
		"runs?state=done":         `there is no state \"done\"; the states are queued, running, waiting, succeeded`,
		"deliveries?state=queued": "the states are received, routed, ignored, duplicate, failed",
		"events?after=-1":         "after must be a sequence number",
		"events?after=last":       "after must be a sequence number",
	} {
		t.Run(query, func(t *testing.T) { d.get(t, "/api/v1/"+query).has(t, 400, text) })
	}
}

func TestDeliveriesAreListedAndShownWhole(t *testing.T) {
	d := newDaemon(t, "")
	routed := d.receive(t, "id:1", `{"a": 1}`, inbox.Outcome{State: inbox.StateRouted, Reason: "trigger bugs", EventType: "issue_created",
		IssueKey: "PROJ-1", Project: "PROJ", Detail: json.RawMessage(`{"matches":[]}`)})
	d.admit(t, routed.ID+"-1", routed.ID, "PROJ-1")
	text := d.receive(t, "id:2", "not JSON", inbox.Outcome{State: inbox.StateFailed, Reason: "the body is not a JSON object"})
	waiting := d.receive(t, "id:3", `{}`, inbox.Outcome{})

	ids := func(query string) []string {
		var ids []string
		for _, one := range decode[[]admin.Delivery](t, d.get(t, "/api/v1/deliveries"+query)) {
			ids = append(ids, one.ID)
		}
		return ids
	}
	for query, want := range map[string][]string{
		"":                                      {waiting.ID, text.ID, routed.ID},
		"?limit=2":                              {waiting.ID, text.ID},
		fmt.Sprintf("?before=%d", text.Seq):     {routed.ID},
		"?state=failed":                         {text.ID},
		"?issue=PROJ-1":                         {routed.ID},
		"?source=github":                        nil,
		"?state=received&source=jira&limit=100": {waiting.ID},
	} {
		if diff := cmp.Diff(want, ids(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	detail := decode[admin.DeliveryDetail](t, d.get(t, "/api/v1/deliveries/"+routed.ID))
	if detail.Identity != "id:1" || len(detail.Runs) != 1 || detail.Runs[0].IssueKey != "PROJ-1" || !cmp.Equal(detail.SignedBy, []string{"JIRA_WEBHOOK_SECRET"}) ||
		detail.Headers["User-Agent"] == "" || len(detail.Decision) == 0 {
		t.Errorf("delivery %+v", detail)
	}
	var payload struct{ A int }
	if err := json.Unmarshal(detail.Payload, &payload); err != nil || payload.A != 1 {
		t.Errorf("payload %s: %v", detail.Payload, err)
	}
	if raw := decode[admin.DeliveryDetail](t, d.get(t, "/api/v1/deliveries/"+text.ID)); string(raw.Payload) != `"not JSON"` || raw.Runs == nil {
		t.Errorf("a body that is no JSON shows as %s, its runs as %v", raw.Payload, raw.Runs)
	}
}

func TestRunsAreListedAndShownWithTheirSteps(t *testing.T) {
	d := newDaemon(t, "")
	for i := 1; i <= 3; i++ {
		d.admit(t, fmt.Sprintf("run-%d", i), "delivery", fmt.Sprintf("PROJ-%d", i))
	}
	d.finish(t, "run-1")
	list := func(query string) []string {
		var ids []string
		for _, r := range decode[[]store.Run](t, d.get(t, "/api/v1/runs"+query)) {
			ids = append(ids, r.ID)
		}
		return ids
	}
	for query, want := range map[string][]string{
		"":                 {"run-3", "run-2", "run-1"},
		"?limit=1":         {"run-3"},
		"?before=2":        {"run-1"},
		"?state=succeeded": {"run-1"},
		"?issue=PROJ-2":    {"run-2"},
		"?target=nobody":   nil,
		"?project=OTHER":   nil,
		"?project=PROJ&delivery=delivery&limit=2": {"run-3", "run-2"},
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	detail := decode[admin.RunDetail](t, d.get(t, "/api/v1/runs/run-1"))
	if detail.State != store.StateSucceeded || len(detail.StepList) != 1 || detail.StepList[0].Name != "jira_get_issue" || detail.Result != "done" {
		t.Errorf("run %+v", detail)
	}
	status := decode[admin.Status](t, d.get(t, "/api/v1/status"))
	want := admin.Status{Version: "v1.2.3", Checks: d.checks, Deliveries: status.Deliveries, Revision: status.Revision, Replicas: []store.Replica{}, Webhooks: []admin.WebhookHealth{},
		Runs:    map[store.State]int64{store.StateQueued: 2, store.StateSucceeded: 1},
		Catalog: map[string]int{"triggers": 1, "agents": 1, "fleets": 1, "flows": 1}}
	if diff := cmp.Diff(want, status); diff != "" || status.Revision == "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestManifestsAreListedAndShown(t *testing.T) {
	d := newDaemon(t, "")
	for kind, want := range map[string]admin.Manifest{
		"triggers": {Kind: "Trigger", Name: "bugs", Summary: "jira, 1 commands, default agent/triager"},
		"agents":   {Kind: "Agent", Name: "triager", Summary: "google:gemini-2.5-flash, 1 tools"},
		"fleets":   {Kind: "Fleet", Name: "crew", Summary: "pipeline, 1 members"},
		"flows":    {Kind: "Flow", Name: "path", Summary: "1 nodes"},
	} {
		list := decode[[]admin.Manifest](t, d.get(t, "/api/v1/"+kind))
		if len(list) != 1 {
			t.Fatalf("%s: %v", kind, list)
		}
		got := list[0]
		if got.Text != "" || got.Revision == "" || !strings.Contains(got.Source, "all.yaml:") {
			t.Errorf("%s: %+v", kind, got)
		}
		got.Revision, got.Source = "", ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if one := decode[admin.Manifest](t, d.get(t, "/api/v1/"+kind+"/"+want.Name)); !strings.Contains(one.Text, "metadata: {name: "+want.Name+"}") {
			t.Errorf("%s: text %q", kind, one.Text)
		}
	}
}

func TestRunsAreCanceledAndTriedAgain(t *testing.T) {
	d := newDaemon(t, "")
	d.admit(t, "done", "delivery", "PROJ-1")
	d.finish(t, "done")
	d.admit(t, "waiting", "delivery", "PROJ-2")
	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"done/cancel", http.StatusConflict, "cancel run done, which has succeeded: the run is over"},
		{"done/retry", http.StatusConflict, "retry run done, which has succeeded: the run is over"},
		{"waiting/retry", http.StatusConflict, "retry run waiting, which is queued: the run is not over"},
		{"waiting/cancel", http.StatusOK, `"state": "canceled"`},
		{"waiting/cancel", http.StatusConflict, "the run is over"},
		{"waiting/retry", http.StatusOK, `"state": "queued"`},
		{"nobody/cancel", http.StatusNotFound, "not found"},
		{"nobody/retry", http.StatusNotFound, "not found"},
	} {
		got := d.call(t, http.MethodPost, "/api/v1/runs/"+tt.path)
		got.has(t, tt.status, tt.says)
	}
	if n := d.woken.Load(); n != 2 {
		t.Errorf("the scheduler was woken %d times, want once for what follows the canceled run and once for the one that was tried again", n)
	}
	r := decode[admin.RunDetail](t, d.get(t, "/api/v1/runs/waiting"))
	if r.State != store.StateQueued || r.Retries != 1 || r.CanceledBy != "" {
		t.Errorf("run %+v", r.Run)
	}
}
