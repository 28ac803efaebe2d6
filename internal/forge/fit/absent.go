package fit

import "time"

const (
	// absentFor is how long a key that there was not is not asked for again.
	absentFor = 30 * time.Second
	// maxAbsent bounds how many such names are kept.
	maxAbsent = 1024
)

// absent remembers names of keys that do not exist, the newest of them. The zero
// value is ready for use.
type absent struct {
	until map[string]time.Time
	// ring has the names in the order in which they came; next is the oldest.
	ring []string
	next int
}

func (a *absent) has(kid string, now time.Time) bool { return now.Before(a.until[kid]) }

func (a *absent) add(kid string, now time.Time) {
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	_, known := a.until[kid]
	a.until[kid] = now.Add(absentFor)
	switch {
	case known:
	case len(a.ring) < maxAbsent:
		a.ring = append(a.ring, kid)
	default:
		delete(a.until, a.ring[a.next])
		a.ring[a.next] = kid
		a.next = (a.next + 1) % maxAbsent
	}
}
