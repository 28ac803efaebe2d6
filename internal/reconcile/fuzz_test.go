package reconcile

import (
	"encoding/json"
	"testing"
	"time"

	eventjira "github.com/aofctl/aofctl/internal/event/jira"
)

// FuzzPayloads makes payloads of whatever a Jira may answer: each has to be one
// that a webhook could have sent.
func FuzzPayloads(f *testing.F) {
	f.Add(`{"id":"1","key":"A-1","fields":{"created":"2026-03-02T10:00:00.500+0100","creator":{"accountId":"a"},
		"comment":{"total":1,"comments":[{"id":"7","created":"2026-03-02T10:00:00.500+0100","updated":"2026-03-02T11:00:00.500+0100","author":{"name":"b"},"body":"x"}]}},
		"changelog":{"total":1,"histories":[{"id":"3","created":"2026-03-02T10:00:00.500+0100","author":null,"items":[{"field":"status"}]}]}}`)
	f.Add(`{"fields":{"comment":{"comments":[null,{},{"created":1}]}},"changelog":{"histories":[{},{"id":3,"items":[null,1]}]}}`)
	f.Add(`{"fields":{"comment":[],"created":"9999-99-99"}}`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, text string) {
		d := &document{}
		if json.Unmarshal([]byte(text), d) != nil {
			return
		}
		_ = d.complete(time.Unix(0, 0))
		for _, cloud := range []bool{true, false} {
			for _, c := range d.changes(time.Time{}, time.Now(), cloud) {
				body, err := json.Marshal(c.payload)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := eventjira.Normalize(body, eventjira.Options{}); err != nil {
					t.Fatalf("%s: %v", body, err)
				}
			}
		}
	})
}
