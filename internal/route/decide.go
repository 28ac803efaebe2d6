package route

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// MaxMisses bounds how many near misses a Decision tells.
const MaxMisses = 16

// Decide says what an event starts. The first trigger, in the catalogue's order,
// whose clauses all agree and which has a target for the event wins.
func (t *Table) Decide(ev *event.Event, in Input) Decision {
	switch {
	case (ev.Source == event.SourceGitHub || ofPages(ev)) && ev.Type == "ping":
		return Decision{Reason: ReasonPing}
	case ev.CommentMarked:
		return Decision{Reason: ReasonOwnComment}
	case isSelf(ev, in.Self):
		return Decision{Reason: ReasonOwnAccount}
	case in.MaxDepth > 0 && max(in.Depth, ev.Depth) > in.MaxDepth:
		return Decision{Reason: ReasonTooDeep}
	}
	q := newQuery(ev, in)
	if q.siteRefuses() {
		q.out.Reason = ReasonNotAllowed
		return q.out
	}
	if x := t.sources[strings.ToLower(ev.Source)]; x != nil {
		t.search(x, q)
		if q.helping() && q.voice == nil {
			// Nobody has commands to list: then it is talk like any other.
			q.plain, q.out.Misses, q.out.MissesOmitted = true, nil, 0
			t.search(x, q)
		}
		q.explain(t, x)
	}
	return q.decision()
}

// search tries the candidates in order until one wins.
func (t *Table) search(x *index, q *query) {
	var m merge
	var unknown []*bucket
	visit := func(b *bucket) {
		b.candidates(&m, q.named)
		if q.project == "" && len(b.projects) > 0 {
			unknown = append(unknown, b)
		}
	}
	x.buckets(q.ev, visit)
	for _, b := range unknown {
		t.projectless(b, q, &m)
	}
	for pos, ok := m.next(); ok; pos, ok = m.next() {
		if t.try(&t.entries[pos], q) {
			return
		}
	}
}

// buckets visits what is filed under the event's names.
func (x *index) buckets(ev *event.Event, visit func(*bucket)) {
	for i := -1; i < len(ev.Also); i++ {
		name := ev.Type
		if i >= 0 {
			name = ev.Also[i]
		}
		if b := x.byEvent[name]; b != nil {
			visit(b)
		}
	}
	for _, g := range x.globs {
		if glob(g.pattern, ev.Type) || slices.ContainsFunc(ev.Also, func(name string) bool { return glob(g.pattern, name) }) {
			visit(g.bucket)
		}
	}
}

// manyProjects is up to how many triggers of certain projects are each asked
// when an event's project is not known.
const manyProjects = 64

// projectless deals with the triggers that want certain projects when the
// event's project is not known: few are each asked what they need, of many it is
// taken that some need all that their filters read.
func (t *Table) projectless(b *bucket, q *query, m *merge) {
	switch {
	case len(b.projects) <= manyProjects:
		m.add(b.projects)
	case q.in.Told || q.in.Final || !obtainable(q.ev, placeOf(q.ev)):
		m.add(b.projects[:MaxMisses])
	default:
		q.asks(placeOf(q.ev))
		for _, name := range b.needs {
			if !q.ev.Has(name) {
				q.asks(name)
			}
		}
	}
}

// try asks one trigger and reports whether the search is over.
func (t *Table) try(e *entry, q *query) bool {
	needs, checks := len(q.needs), len(q.checks)
	p, v := q.plan(e)
	if v != no {
		v = max(v, q.clauses(e))
	}
	if v == yes {
		v = q.jql(e)
	}
	switch v {
	case no:
		q.needs, q.checks = q.needs[:needs], q.checks[:checks]
		q.withhold(e, p)
		q.refused++
		return false
	case ask:
		return false
	case yes:
	}
	q.note(e)
	switch p.how {
	case byNothing:
		if !q.taken && !q.helping() {
			q.wordless++
			q.miss(e, ClauseCommands, e.commands.order, "an unknown command")
		}
		return false
	case byCommand:
		q.take(e)
		return !q.untaken()
	default:
		q.out.Matches = p.matches(e)
		q.hold(e)
		return true
	}
}

// hold lets a match wait for further events of its subject, if the trigger says
// so. What a person asked for by a command is not held.
func (q *query) hold(e *entry) {
	wait := e.trigger.Debounce
	if wait <= 0 || q.ev.Subject == "" || len(q.out.Matches) != 1 {
		return
	}
	subject := q.ev.Subject
	if e.trigger.DebounceAll {
		subject = "" // no event without a subject is held, so none has this key by itself
	}
	key := strings.Join([]string{e.trigger.Name, q.out.Matches[0].Target.String(), q.ev.Source, q.ev.Site, subject}, "\x1f")
	q.out.Hold = &Hold{Key: key, For: wait}
}

// decision completes what was found.
func (q *query) decision() Decision {
	d := &q.out
	q.claims()
	// A trigger before the one that won may still win once its question is
	// answered.
	if len(q.needs) > 0 || len(q.checks) > 0 {
		d.Matches, d.Hold = nil, nil
		d.Needs, d.Checks, d.Reason = q.needs, q.checks, ReasonNeedsData
		return *d
	}
	q.answer()
	switch {
	case len(d.Matches) > 0:
	case q.bots > 0:
		d.Reason = ReasonBot
	case q.wordless > 0:
		d.Reason = ReasonNoCommand
	case q.refused > 0:
		d.Reason = ReasonFiltered
	default:
		d.Reason = ReasonNoTrigger
	}
	return *d
}

// siteRefuses asks the daemon's own limits. What they need to know is asked for
// along with what the triggers need.
func (q *query) siteRefuses() bool {
	site := q.in.Site
	if len(site.AllowedEvents) > 0 && !slices.ContainsFunc(site.AllowedEvents, q.isEvent) {
		return q.miss(nil, ClauseSiteEvents, site.AllowedEvents, q.ev.Type) == no
	}
	return q.siteUser(site.AllowedUsers) == no || q.siteProject(site.AllowedProjects) == no || q.siteRepository(site.AllowedRepositories) == no
}

func (q *query) siteRepository(allowed []string) verdict {
	if len(allowed) == 0 || anyRepository(allowed, q.repository) {
		return yes
	}
	return q.miss(nil, ClauseSiteRepositories, allowed, q.repository)
}

func (q *query) siteUser(allowed []string) verdict {
	if len(allowed) == 0 || q.actor.inList(allowed) {
		return yes
	}
	mail := slices.ContainsFunc(allowed, func(s string) bool { return strings.Contains(s, "@") })
	if mail && q.actor[spelledMail] == "" && q.asks("user_email") {
		return ask
	}
	return q.miss(nil, ClauseSiteUsers, allowed, describeActor(q.ev.Actor))
}

func (q *query) siteProject(allowed []string) verdict {
	switch {
	case len(allowed) == 0:
		return yes
	case q.project == "":
		return q.lacks(nil, ClauseSiteProjects, allowed, "project_key")
	}
	for _, pattern := range allowed {
		if projectMatches(pattern, q.project, q.ev.IssueKey) {
			return yes
		}
	}
	return q.miss(nil, ClauseSiteProjects, allowed, q.project)
}

// isEvent reports whether a pattern of the daemon's configuration covers the event.
func (q *query) isEvent(pattern string) bool {
	pattern = canonicalEvent(pattern)
	return glob(pattern, q.ev.Type) || slices.ContainsFunc(q.ev.Also, func(name string) bool { return glob(pattern, name) })
}

// explain adds triggers that came near without being candidates: those of the
// event but of other projects, and those of the project but of other events.
func (q *query) explain(t *Table, x *index) {
	if len(q.out.Matches) > 0 || q.taken || len(q.needs) > 0 || len(q.checks) > 0 || q.project == "" {
		return
	}
	x.buckets(q.ev, func(b *bucket) {
		q.explainProjects(t, b)
	})
	for _, pos := range x.byProject[q.project] {
		e := &t.entries[pos]
		covered := false
		q.names(e, func(string) bool { covered = true; return false })
		if !covered {
			q.miss(e, ClauseEvents, e.events, q.ev.Type)
		}
	}
}

func (q *query) explainProjects(t *Table, b *bucket) {
	told := 0
	for _, pos := range b.projects[:min(len(b.projects), 2*sampleSize)] {
		e := &t.entries[pos]
		want, clause := e.places(), ClauseProjects
		if ofPages(q.ev) {
			clause = ClauseSpaces
		}
		if q.anyProject(want) {
			continue
		}
		q.miss(e, clause, want, q.project)
		if told++; told == sampleSize {
			break
		}
	}
	if more := len(b.projects) - 2*sampleSize; more > 0 && told > 0 && len(q.out.Misses) < MaxMisses {
		q.out.Misses = append(q.out.Misses, Miss{
			Clause: ClauseProjects, Want: strconv.Itoa(more) + " more triggers of other projects", Got: q.project,
		})
	}
}
