package jira

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Spent is time as Jira counts it: how long a day or week is depends on the site.
type Spent struct{ Weeks, Days, Hours, Minutes int64 }

var (
	spentPattern = regexp.MustCompile(`^(?:\s*[0-9]+(?:\.[0-9]+)?\s*[a-z]+\s*,?)+$`)
	termPattern  = regexp.MustCompile(`([0-9]+)(\.[0-9]+)?\s*([a-z]+)`)
)

// ParseSpent reads time such as "2h 30m", "1d", "1w 2d" or "1.5h", each unit once.
func ParseSpent(s string) (Spent, error) {
	fault := func(why string) (Spent, error) {
		if len(s) > 60 {
			s = strings.ToValidUTF8(s[:60], "") + "…"
		}
		return Spent{}, fmt.Errorf("%q is not a time spent: %s; write it like 2h 30m, 1d or 1w", s, why)
	}
	text := strings.ToLower(strings.TrimSpace(s))
	if len(text) > 100 || !spentPattern.MatchString(text) {
		return fault("it needs numbers with units (w, d, h, m)")
	}
	var spent Spent
	seen := map[*int64]bool{}
	for _, m := range termPattern.FindAllStringSubmatch(text, -1) {
		unit := spent.unit(m[3])
		if unit == nil {
			return fault(fmt.Sprintf("there is no unit %q", m[3]))
		}
		if seen[unit] {
			return fault("a unit comes twice")
		}
		seen[unit] = true
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return fault("a number is too large")
		}
		*unit += n
		if m[2] != "" {
			if unit != &spent.Hours {
				return fault("only hours may have a fraction")
			}
			part, _ := strconv.ParseFloat("0"+m[2], 64)
			spent.Minutes += int64(part*60 + 0.5)
		}
	}
	switch seconds := spent.Seconds(); {
	case seconds == 0:
		return fault("it is nothing")
	case seconds > 52*5*8*3600:
		return fault("it is more than a year")
	}
	return spent, nil
}

func (s *Spent) unit(name string) *int64 {
	switch name {
	case "w", "week", "weeks":
		return &s.Weeks
	case "d", "day", "days":
		return &s.Days
	case "h", "hr", "hrs", "hour", "hours":
		return &s.Hours
	case "m", "min", "mins", "minute", "minutes":
		return &s.Minutes
	default:
		return nil
	}
}

// Seconds is the time where a day has eight hours and a week five days, which is
// Jira's default.
func (s Spent) Seconds() int64 {
	return (((s.Weeks*5+s.Days)*8+s.Hours)*60 + s.Minutes) * 60
}

// String writes the time as Jira reads it.
func (s Spent) String() string {
	var parts []string
	for _, term := range []struct {
		n    int64
		unit string
	}{{s.Weeks, "w"}, {s.Days, "d"}, {s.Hours, "h"}, {s.Minutes, "m"}} {
		if term.n > 0 {
			parts = append(parts, strconv.FormatInt(term.n, 10)+term.unit)
		}
	}
	return strings.Join(parts, " ")
}
