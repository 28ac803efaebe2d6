// Package http turns what programs post to HTTP triggers into events. A body may
// have any form; it is handed to templates and expressions as it is.
package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/event"
)

// maxBody is the largest body that events carry, in bytes: it is kept with each
// run and shown to models.
const maxBody = 1 << 20

// Normalize turns a body into the event of the trigger that it was posted to. It
// reaches no other.
func Normalize(body []byte, trigger string) (*event.Event, error) {
	if trigger == "" {
		return nil, errors.New("read request: it names no trigger")
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("read request for trigger %s: the body has %d bytes; HTTP triggers take %d", trigger, len(body), maxBody)
	}
	if _, err := event.Object(body); err != nil {
		return nil, fmt.Errorf("read request for trigger %s: %w", trigger, err)
	}
	var content map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&content); err != nil {
		return nil, fmt.Errorf("read request for trigger %s: %w", trigger, err)
	}
	return &event.Event{
		Source: event.SourceHTTP, Site: trigger, Type: "http", Also: []string{event.OfTrigger(trigger)}, Raw: body,
		Vars: map[string]any{"event_type": "http", "trigger": trigger, "body": native(content)},
	}, nil
}

// native gives numbers the types that templates print as they were written.
func native(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String() // no number that could be kept
	case []any:
		for i := range v {
			v[i] = native(v[i])
		}
	case map[string]any:
		for name, one := range v {
			v[name] = native(one)
		}
	}
	return value
}
