// Package schedule fires triggers of type Schedule: it knows when each is due,
// and stores a delivery for every firing, so that a firing survives a crash and
// happens once, however many replicas there are.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones must be known in images that have no files for them

	cron "github.com/netresearch/go-cron"
)

const (
	// maxText bounds an expression and the name of a time zone, in bytes.
	maxText = 256
	// shortest is the shortest time between two firings of @every.
	shortest = time.Minute
	// searchYears is how far ahead a date is looked for: 29 February may be eight
	// years away.
	searchYears = 12
)

// Spec is when a trigger fires. It never changes.
type Spec struct {
	// Text and Zone are as the manifest has them; Zone is "UTC" if it has none.
	Text, Zone string

	location *time.Location
	schedule cron.Schedule
	// every is the interval of an @every; 0 for any other.
	every time.Duration
	// hourly is true if the schedule leaves the hour open: then it goes by the time
	// that passes and not by what clocks show.
	hourly bool
}

// Parse reads a cron expression of five fields (minutes, hours, days, months,
// days of the week), or one of @hourly, @daily, @weekly, @monthly, @yearly
// and @every with a time span. As in every cron, a day has to match either of the
// fields for days if both are restricted. The time zone is a name of the IANA
// database; "" is UTC. An expression that never comes true is an error.
func Parse(text, zone string) (*Spec, error) {
	s := &Spec{Text: strings.TrimSpace(text), Zone: strings.TrimSpace(zone)}
	if s.Zone == "" {
		s.Zone = "UTC"
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	location, err := time.LoadLocation(s.Zone)
	if err != nil || strings.EqualFold(s.Zone, "local") {
		return nil, fmt.Errorf("there is no time zone %q: use a name such as Europe/Berlin", s.Zone)
	}
	s.location = location
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor | cron.DowOrDom)
	if err != nil {
		return nil, fmt.Errorf("make parser of schedules: %w", err)
	}
	parser = parser.WithMinEveryInterval(shortest).WithMaxSearchYears(searchYears)
	if s.schedule, err = parser.Parse(s.Text); err != nil {
		return nil, fmt.Errorf("%q is not a schedule such as \"0 9 * * MON-FRI\": %w", s.Text, err)
	}
	s.classify()
	if s.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("%q never comes: there is no such date", s.Text)
	}
	return s, nil
}

func (s *Spec) check() error {
	switch {
	case s.Text == "":
		return errors.New("the schedule is empty")
	case len(s.Text) > maxText || len(s.Zone) > maxText:
		return fmt.Errorf("a schedule has at most %d characters", maxText)
	case strings.Contains(s.Text, "TZ="):
		return errors.New("name the time zone in the field timezone, not in the schedule")
	case strings.HasPrefix(strings.ToLower(s.Text), "@reboot"):
		return errors.New("@reboot is not offered: a daemon that is restarted, or has replicas, would run it again")
	}
	return nil
}

func (s *Spec) classify() {
	if delay, ok := s.schedule.(cron.ConstantDelaySchedule); ok {
		s.every, s.hourly = delay.Delay, true
		return
	}
	fields := strings.Fields(s.Text)
	s.hourly = s.Text == "@hourly" || len(fields) == 5 && strings.HasPrefix(fields[1], "*")
}

// Next is the first firing after a moment; zero if there is none. A time that a
// change of clocks skips is made up for right after it.
func (s *Spec) Next(after time.Time) time.Time {
	if s.every > 0 {
		return after.Add(s.every).Truncate(time.Second)
	}
	next := s.schedule.Next(after.In(s.location))
	// What clocks show twice is one firing, unless the hour is left open.
	if !s.hourly && !next.IsZero() && !s.earlier(next).Equal(next) {
		return s.Next(next)
	}
	return next
}

// earlier is the first of the moments at which clocks show the same as at this one.
func (s *Spec) earlier(at time.Time) time.Time {
	for _, d := range []time.Duration{time.Hour, 30 * time.Minute, 2 * time.Hour} {
		if before := at.Add(-d); s.local(before) == s.local(at) {
			return before
		}
	}
	return at
}

func (s *Spec) local(at time.Time) string { return at.In(s.location).Format("2006-01-02T15:04:05") }

// Last is the latest firing after one moment and not after another; zero if there
// is none.
func (s *Spec) Last(after, now time.Time) time.Time {
	if s.every > 0 {
		passed := now.Sub(after)
		if passed < s.every {
			return time.Time{}
		}
		return after.Add(passed - passed%s.every).Truncate(time.Second)
	}
	// The firings of years need not be counted one by one.
	for _, window := range []time.Duration{time.Hour, 24 * time.Hour, 32 * 24 * time.Hour, 366 * 24 * time.Hour, searchYears * 366 * 24 * time.Hour} {
		from := now.Add(-window)
		if from.Before(after) {
			from = after
		}
		var last time.Time
		for next := s.Next(from); !next.IsZero() && !next.After(now); next = s.Next(next) {
			last = next
		}
		if !last.IsZero() || from.Equal(after) {
			return last
		}
	}
	return time.Time{}
}

// Moment names a firing: by what clocks show in the time zone, so that an hour
// that comes twice has each of its firings once; if the schedule leaves the hour
// open, by the time that has passed.
func (s *Spec) Moment(at time.Time) string {
	if s.hourly {
		return at.UTC().Format(time.RFC3339)
	}
	return s.local(at) + " " + s.Zone
}

// In returns a moment in the schedule's time zone.
func (s *Spec) In(at time.Time) time.Time { return at.In(s.location) }
