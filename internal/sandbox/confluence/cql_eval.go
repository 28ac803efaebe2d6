package confluence

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// search answers a question in CQL: pages, comments and files that the user may
// see, and on Data Center people. What the simulated site does not know is
// refused, and never passed over.
func search(kind Kind) func(*tx, *call) (any, error) {
	next, most := "cursor", 250
	if kind == DataCenter {
		next, most = "start", 500
	}
	return func(t *tx, c *call) (any, error) {
		w, err := c.startWindow(25, most)
		if err != nil {
			return nil, err
		}
		if kind == Cloud {
			if w.start, err = c.cursor(); err != nil {
				return nil, err
			}
		}
		q, err := parseCQL(c.query("cql"))
		if err != nil {
			return nil, err
		}
		if kind == DataCenter && q.wantsUsers() {
			return t.found(c, t.usersFor(q), w, next)
		}
		statuses, err := c.statuses(kind)
		if err != nil {
			return nil, err
		}
		list, err := t.matching(q, statuses)
		if err != nil {
			return nil, err
		}
		hits := []obj{}
		for _, one := range list {
			hits = append(hits, t.hit(one, c))
		}
		return t.found(c, hits, w, next)
	}
}

// statuses are those of what is searched, from cqlcontext, which takes these three
// alone (https://jira.atlassian.com/browse/CONFCLOUD-82848).
func (c *call) statuses(kind Kind) ([]string, error) {
	text := c.query("cqlcontext")
	if text == "" || kind == DataCenter {
		return []string{current}, nil
	}
	var in struct{ ContentStatuses []string }
	if json.Unmarshal([]byte(text), &in) != nil {
		return nil, refuse(http.StatusBadRequest, "Could not parse cqlcontext : %s", text)
	}
	for _, status := range in.ContentStatuses {
		if !slices.Contains([]string{current, draft, "archived"}, status) {
			return nil, refuse(http.StatusBadRequest, "Could not parse cqlcontext : unsupported status %s", status)
		}
	}
	if len(in.ContentStatuses) == 0 {
		return []string{current}, nil
	}
	return in.ContentStatuses, nil
}

// wantsUsers tells a question for people: type = user and user.fullname ~ "…".
func (q question) wantsUsers() bool { return len(q.flat()) > 0 && q.flat()[0].is("type", "user") }

func (q question) flat() []clause {
	var out []clause
	for _, one := range q.where.parts {
		out = append(out, one.parts...)
	}
	return out
}

func (c clause) is(field, value string) bool {
	return c.field == field && c.op == "=" && strings.EqualFold(c.values[0].text, value)
}

func (t *tx) usersFor(q question) []obj {
	hits := []obj{}
	for _, u := range t.st.users {
		for _, c := range q.flat() {
			if c.field == "user.fullname" && c.op == "~" && strings.Contains(strings.ToLower(u.DisplayName), strings.ToLower(c.values[0].text)) {
				hits = append(hits, t.userHit(u))
			}
		}
	}
	return hits
}

func (t *tx) hit(one *content, c *call) obj {
	rev := one.now()
	inner := t.contentV1(one, rev, c)
	out := obj{
		"content": inner, "title": rev.title, "excerpt": "", "url": t.webPath(one), "breadcrumbs": []any{},
		"resultGlobalContainer": obj{"title": one.space.Name, "displayUrl": t.spacePath(one.space)},
		"entityType":            "content", "iconCssClass": "aui-icon content-type-" + one.kind, "lastModified": stamp(rev.when),
		"friendlyLastModified": "just a moment ago", "score": 0.0,
	}
	if mode := c.query("excerpt"); mode != "none" {
		text := []rune(words(rev.body))
		out["excerpt"] = string(text[:min(len(text), 200)])
	}
	return out
}

// matching is what meets the question, in its order or the newest first.
func (t *tx) matching(q question, statuses []string) ([]*content, error) {
	var list []*content
	var wrong error
	t.st.each(func(c *content) {
		if !slices.Contains(statuses, c.status) || !t.visible(c) || wrong != nil || t.now.Sub(c.made) < t.st.indexLag {
			return
		}
		ok, err := t.meets(q.where, c)
		if wrong = err; ok && err == nil {
			list = append(list, c)
		}
	})
	if wrong != nil {
		return nil, wrong
	}
	order := q.order
	if len(order) == 0 {
		order = []sorting{{"lastmodified", true}}
	}
	for _, s := range order {
		if !slices.Contains([]string{"created", "lastmodified", "title", "id"}, s.field) {
			return nil, refuse(http.StatusBadRequest, "Could not parse cql : cannot order by %s", s.field)
		}
	}
	slices.SortStableFunc(list, func(a, b *content) int {
		for _, s := range order {
			n := compareBy(a, b, s.field)
			if s.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Compare(b.id, a.id)
	})
	return list, nil
}

func compareBy(a, b *content, field string) int {
	switch field {
	case "created":
		return a.made.Compare(b.made)
	case "lastmodified":
		return a.now().when.Compare(b.now().when)
	case "title":
		return strings.Compare(strings.ToLower(a.now().title), strings.ToLower(b.now().title))
	default:
		return cmp.Compare(a.id, b.id)
	}
}

func (t *tx) meets(q clause, c *content) (bool, error) {
	switch q.op {
	case "and", "or":
		for _, part := range q.parts {
			ok, err := t.meets(part, c)
			if err != nil {
				return false, err
			}
			if ok == (q.op == "or") {
				return ok, nil
			}
		}
		return q.op == "and", nil
	case "not":
		ok, err := t.meets(q.parts[0], c)
		return !ok, err
	default:
		return t.compare(q, c)
	}
}

func unknown(q clause) error {
	return refuse(http.StatusBadRequest, "Could not parse cql : the field %s does not take the operator %s", q.field, q.op)
}

func (t *tx) compare(q clause, c *content) (bool, error) {
	switch q.field {
	case "text", "title", "sitesearch":
		return contains(q, c)
	case "created", "lastmodified":
		return t.dated(q, c)
	}
	have, err := t.valuesOf(q, c)
	if err != nil {
		return false, err
	}
	found := false
	for _, v := range q.values {
		want := v.text
		if v.call {
			if want != "currentuser" {
				return false, refuse(http.StatusBadRequest, "Could not parse cql : unknown function %s", want)
			}
			want = t.me()
		}
		found = found || slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, want) })
	}
	switch q.op {
	case "=", "in":
		return found, nil
	case "!=", "not in":
		return !found, nil
	default:
		return false, unknown(q)
	}
}

// me is how creators are named: by account id or user name.
func (t *tx) me() string { return t.name(t.by) }

func (t *tx) name(u *User) string {
	switch {
	case u == nil:
		return ""
	case t.st.kind == Cloud:
		return u.AccountID
	default:
		return u.Handle
	}
}

func (t *tx) valuesOf(q clause, c *content) ([]string, error) {
	switch q.field {
	case "type":
		return []string{c.kind}, nil
	case "id", "content":
		return []string{c.idText()}, nil
	case "space", "space.key":
		return []string{c.space.Key}, nil
	case "space.title":
		return []string{c.space.Name}, nil
	case "label":
		var out []string
		for _, l := range c.labels {
			out = append(out, l.name)
		}
		return out, nil
	case "parent", "ancestor":
		return lineage(c, q.field == "parent"), nil
	case "container":
		if c.page != nil {
			return []string{c.page.idText()}, nil
		}
		return nil, nil
	case "creator":
		return []string{t.name(c.by)}, nil
	case "contributor":
		var out []string
		for _, r := range c.revs {
			out = append(out, t.name(r.by))
		}
		return out, nil
	default:
		return nil, unknown(q)
	}
}

func lineage(c *content, parent bool) []string {
	if c.kind != isPage || c.above == nil {
		return nil
	}
	if parent {
		return []string{c.above.idText()}
	}
	var out []string
	for _, a := range c.ancestors() {
		out = append(out, a.idText())
	}
	return out
}

// contains looks for words in any order, a word with "*" at its end as a beginning.
func contains(q clause, c *content) (bool, error) {
	title := c.now().title
	if q.field == "title" && (q.op == "=" || q.op == "!=") {
		return strings.EqualFold(title, q.values[0].text) == (q.op == "="), nil
	}
	if q.op != "~" && q.op != "!~" {
		return false, unknown(q)
	}
	text := title
	if q.field != "title" {
		text += " " + words(c.text())
	}
	have := split(text)
	all := true
	for _, want := range split(q.values[0].text) {
		beginning, wild := strings.CutSuffix(want, "*")
		all = all && slices.ContainsFunc(have, func(h string) bool { return h == want || wild && strings.HasPrefix(h, beginning) })
	}
	return all == (q.op == "~"), nil
}

func split(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\n.,;:!?()[]{}\"'/-", r) })
}

func (t *tx) dated(q clause, c *content) (bool, error) {
	want, err := t.date(q.values[0])
	if err != nil {
		return false, err
	}
	have := c.made
	if q.field == "lastmodified" {
		have = c.now().when
	}
	n := have.Compare(want)
	switch q.op {
	case ">":
		return n > 0, nil
	case ">=":
		return n >= 0, nil
	case "<":
		return n < 0, nil
	case "<=":
		return n <= 0, nil
	case "=":
		return have.Format(time.DateOnly) == want.Format(time.DateOnly), nil
	default:
		return false, unknown(q)
	}
}

func (t *tx) date(v operand) (time.Time, error) {
	bad := refuse(http.StatusBadRequest, "Could not parse cql : %q is not a date", v.text)
	if v.call && (v.text == "now" || v.text == "startofday") {
		at := t.now
		if v.text == "startofday" {
			at = at.Truncate(24 * time.Hour)
		}
		if len(v.args) == 0 {
			return at, nil
		}
		d, ok := offset(v.args[0])
		if !ok {
			return at, bad
		}
		return at.Add(d), nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if at, err := time.Parse(layout, v.text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, bad
}

// offset reads "-4w", "1d", "-2h", "30m".
func offset(s string) (time.Duration, bool) {
	if len(s) < 2 {
		return 0, false
	}
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	return time.Duration(n) * unit, err == nil && unit > 0 && n > -100000 && n < 100000
}
