package manifest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

var durationPart = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)`)

// ParseDuration reads a time span such as "30s", "5m", "2h", "30d", "1w" or
// "1h30m". A day has 24 hours. Negative spans are errors, and so are numbers without
// a unit but for 0.
func ParseDuration(text string) (Duration, error) {
	if text == "0" {
		return 0, nil
	}
	rest, total := text, 0.0
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("expected a time span such as 30s, 5m, 2h or 30d, found %q", shorten(text))
		}
		number, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, fmt.Errorf("read time span %q: %w", shorten(text), err)
		}
		total += number * float64(durationUnit(m[2]))
		rest = rest[len(m[0]):]
	}
	if text == "" {
		return 0, errors.New("expected a time span such as 30s, 5m, 2h or 30d, found nothing")
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("time span %q is too long", shorten(text))
	}
	return Duration(total), nil
}

func durationUnit(unit string) time.Duration {
	switch unit {
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// span is a time span that may be absent.
type span struct {
	at
	value time.Duration
	set   bool
}

func (s *span) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	var text str
	text.decodeYAML(d, n, depth)
	s.pos = text.pos
	if !text.set {
		return
	}
	value, err := ParseDuration(text.value)
	if err != nil {
		d.errorf(s.pos, "%s", err)
		return
	}
	s.value, s.set = time.Duration(value), true
}

func (s span) or(other time.Duration) time.Duration {
	if s.set {
		return s.value
	}
	return other
}

func elem(v any) reflect.Value { return reflect.ValueOf(v).Elem() }
