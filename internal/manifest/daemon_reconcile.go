package manifest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostLookback is somewhat less than identities of deliveries and what they told
// are remembered: what is older would be taken for new.
const mostLookback = 30 * 24 * time.Hour

func (l *daemonLoader) reconcile(decl reconcileDecl) Reconcile {
	r := Reconcile{
		Interval: l.between(decl.Interval, time.Second, 24*time.Hour, 5*time.Minute),
		Lookback: l.between(decl.Lookback, time.Minute, mostLookback, 24*time.Hour),
	}
	if r.Lookback < r.Interval {
		l.errorf(latest(decl.pos, decl.Lookback.pos), "lookback must not be shorter than interval")
	}
	if decl.pos == (pos{}) || !decl.Enabled.or(true) {
		return Reconcile{}
	}
	return r
}

// between checks the bounds of a time span.
func (l *daemonLoader) between(s span, least, most, other time.Duration) time.Duration {
	if s.set && (s.value < least || s.value > most) {
		l.errorf(s.pos, "must be at least %s and at most %s", short(least), short(most))
	}
	return s.or(other)
}

// short writes a time span as manifests do.
func short(d time.Duration) string {
	for _, unit := range []string{"d", "h", "m", "s"} {
		if one := durationUnit(unit); d >= one && d%one == 0 {
			return strconv.FormatInt(int64(d/one), 10) + unit
		}
	}
	return d.String()
}

// AllowsProject reports whether allowed_projects lets events of a project pass,
// or of some of its issues.
func (s JiraSite) AllowsProject(key string) bool {
	return len(s.AllowedProjects) == 0 || slices.ContainsFunc(s.AllowedProjects, func(pattern string) bool {
		return matches(strings.TrimSuffix(pattern, "-*"), key) || strings.HasPrefix(pattern, key+"-")
	})
}
