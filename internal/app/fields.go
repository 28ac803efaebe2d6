package app

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// fieldsFor is for how long the names of custom fields are believed. A new field
// is known by its id until then.
const fieldsFor = time.Hour

// How long an event waits for the names, and how long nobody asks again if they
// do not come.
const (
	fieldsWait  = 10 * time.Second
	fieldsPause = 5 * time.Minute
)

// fieldNames are the names of a site's custom fields by id, which payloads do not
// tell.
type fieldNames struct {
	mu    sync.Mutex
	names map[string]string
	until time.Time
}

// of returns a field's name; "" if it is not known.
func (f *fieldNames) of(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names[id]
}

// refresh asks for the names if they are old. It is no matter for an event to
// fail over: without names fields are known by their ids.
func (f *fieldNames) refresh(ctx context.Context, client *jira.Client) {
	f.mu.Lock()
	old := !time.Now().Before(f.until)
	f.until = time.Now().Add(fieldsFor)
	f.mu.Unlock()
	if !old {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fieldsWait)
	defer cancel()
	fields, err := client.Fields(ctx)
	if err != nil {
		f.mu.Lock()
		f.until = time.Now().Add(fieldsPause)
		f.mu.Unlock()
		zerolog.Ctx(ctx).Warn().Err(err).Msg("could not ask for the names of custom fields: they are known by their ids")
		return
	}
	names := make(map[string]string, len(fields))
	for _, field := range fields {
		if field.Custom {
			names[field.ID] = field.Name
		}
	}
	f.mu.Lock()
	f.names = names
	f.mu.Unlock()
}
