package llm

import (
	"math"
	"time"
)

// bucket is a token bucket that gives promises: what is taken may be there only
// later, and it tells when.
type bucket struct {
	perSecond float64
	burst     float64
	left      float64
	at        time.Time
}

// newBucket makes a bucket that lets so much pass in a minute, and at most a
// tenth of it at once; nil for no bound. Providers count by the second, too.
func newBucket(perMinute float64, now time.Time) *bucket {
	if perMinute <= 0 {
		return nil
	}
	burst := max(1, math.Ceil(perMinute/10))
	return &bucket{perSecond: perMinute / 60, burst: burst, left: burst, at: now}
}

// take takes n and tells how long to wait for it. More than the bucket holds is
// waited for until it is full, and is made up for afterwards.
func (b *bucket) take(n float64, now time.Time) time.Duration {
	if b == nil {
		return 0
	}
	b.left = min(b.burst, b.left+now.Sub(b.at).Seconds()*b.perSecond)
	b.at = now
	missing := min(n, b.burst) - b.left
	b.left -= n
	if missing <= 0 {
		return 0
	}
	return time.Duration(min(missing/b.perSecond, 24*time.Hour.Seconds()) * float64(time.Second))
}

// give puts n back; a negative n takes more, without waiting.
func (b *bucket) give(n float64) {
	if b != nil {
		b.left = min(b.burst, b.left+n)
	}
}
