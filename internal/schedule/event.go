package schedule

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/event"
)

// Normalize turns a firing into its event, which reaches the trigger that it
// names alone.
func Normalize(body []byte) (*event.Event, error) {
	var f firing
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("read firing of a schedule: %w", err)
	}
	if f.Trigger == "" || f.ScheduledAt.IsZero() {
		return nil, errors.New("read firing of a schedule: it names no trigger or no time")
	}
	ev := &event.Event{
		Source: event.SourceSchedule, Type: "schedule", Also: []string{event.OfTrigger(f.Trigger)}, Time: f.ScheduledAt,
		// A schedule is nobody's answer to what we did, however often it fires.
		Actor:   event.Actor{DisplayName: "schedule " + f.Trigger, Type: "schedule"},
		Subject: "trigger:" + f.Trigger, Raw: body,
	}
	ev.Vars = map[string]any{
		"event_type": ev.Type, "timestamp": f.ScheduledAt.UnixMilli(), "trigger": f.Trigger, "schedule": f.Schedule,
		"timezone": f.Timezone, "scheduled_at": f.ScheduledAt.Format("2006-01-02T15:04:05Z07:00"), "late": f.Late,
	}
	return ev, nil
}
