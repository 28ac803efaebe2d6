package enrich_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
)

// fake answers from a map by path and keeps what it was asked.
type fake struct {
	answers map[string]any // string or error
	pages   []string       // the answers in turn, in place of those
	cloud   bool
	asked   []string
	queries []url.Values
}

func (f *fake) Read(_ context.Context, path string, query url.Values) (json.RawMessage, error) {
	f.asked, f.queries = append(f.asked, path), append(f.queries, query)
	if n := len(f.asked); n <= len(f.pages) {
		return json.RawMessage(f.pages[n-1]), nil
	}
	switch answer := f.answers[path].(type) {
	case string:
		return json.RawMessage(answer), nil
	case error:
		return nil, answer
	default:
		return nil, &atlassian.Error{Status: 404}
	}
}

func (f *fake) Cloud(context.Context) (bool, error) { return f.cloud, nil }

var errDenied = errors.New("denied")

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newEnricher(f *fake) (*enrich.Enricher, *clock) {
	c := &clock{time.UnixMilli(1_800_000_000_000)}
	return enrich.New(f, eventjira.Options{BaseURL: "https://x.net"}, c.now), c
}

// read makes an event of a payload.
func read(t testing.TB, body string) *event.Event {
	t.Helper()
	ev, err := eventjira.Normalize([]byte(body), eventjira.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

const (
	serverComment = `{"webhookEvent":"comment_created","timestamp":5,"comment":{"id":"7","self":"https://x.net/rest/api/2/issue/10001/comment/7","author":{"name":"grace","key":"JIRAUSER1"}}}`
	sprintStarted = `{"webhookEvent":"sprint_started","timestamp":5,"sprint":{"id":3,"originBoardId":4,"name":"S"}}`
	issueAnswer   = `{"id":"10001","key":"PROJ-1","fields":{"summary":"s","labels":["a"],"status":{"name":"Done"},"project":{"key":"PROJ","name":"P"}}}`
)
