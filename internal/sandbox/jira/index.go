package jira

import (
	"cmp"
	"container/list"
	"slices"
	"strings"
	"time"
)

// index finds issues without looking at all of them. It is kept up to date by
// insert, commit, touch and remove.
type index struct {
	sprints map[*Sprint]map[*issue]struct{}
	labels  map[string]int
	// recent has all issues by the time of their last change, the newest last.
	recent *list.List
	// unordered tells that issues were not created in the order of time, because
	// the clock went back.
	unordered bool
}

func newIndex() index {
	return index{sprints: map[*Sprint]map[*issue]struct{}{}, labels: map[string]int{}, recent: list.New()}
}

// changed tells the index that a field of an issue got another value.
func (st *state) changed(i *issue, f *Field, before, after any) {
	switch f.Kind {
	case kindParent, kindEpic:
		if parent, ok := before.(*issue); ok {
			parent.children = without(parent.children, i)
		}
		if parent, ok := after.(*issue); ok {
			parent.children = append(parent.children, i)
		}
	case Sprints, Labels:
		st.count(i, before, -1)
		st.count(i, after, 1)
	}
}

func (st *state) count(i *issue, v any, by int) {
	items, _ := v.([]any)
	for _, item := range items {
		switch item := item.(type) {
		case string:
			if st.index.labels[item] += by; st.index.labels[item] <= 0 {
				delete(st.index.labels, item)
			}
		case *Sprint:
			if by < 0 {
				delete(st.index.sprints[item], i)
				continue
			}
			if st.index.sprints[item] == nil {
				st.index.sprints[item] = map[*issue]struct{}{}
			}
			st.index.sprints[item][i] = struct{}{}
		}
	}
}

// add makes an issue known that has its id, key and times.
func (st *state) add(i *issue) {
	if n := len(st.issues); n > 0 && st.issues[n-1].created.After(i.created) {
		st.index.unordered = true
	}
	st.issues = append(st.issues, i)
	i.project.issues = append(i.project.issues, i)
	st.byID[i.id], st.byKey[i.key] = i, i
	st.moved(i)
}

// moved puts an issue in its place among the latest changed ones.
func (st *state) moved(i *issue) {
	if i.key == "" {
		return
	}
	at := st.index.recent.Back()
	for at != nil {
		other, _ := at.Value.(*issue)
		if other != i && !other.updated.After(i.updated) {
			break
		}
		at = at.Prev()
	}
	switch {
	case i.place == nil && at == nil:
		i.place = st.index.recent.PushFront(i)
	case i.place == nil:
		i.place = st.index.recent.InsertAfter(i, at)
	case at != nil:
		st.index.recent.MoveAfter(i.place, at)
	}
}

// remove forgets an issue.
func (st *state) remove(i *issue) {
	for _, f := range st.fields {
		if v := i.values[f.ID]; v != nil {
			st.changed(i, f, v, nil)
		}
	}
	st.index.recent.Remove(i.place)
	delete(st.byID, i.id)
	delete(st.byKey, i.key)
	st.issues = withoutIssue(st.issues, i)
	i.project.issues = withoutIssue(i.project.issues, i)
}

// withoutIssue takes an issue out of a list that is sorted by id.
func withoutIssue(list []*issue, i *issue) []*issue {
	at, ok := slices.BinarySearchFunc(list, i.id, func(have *issue, id int) int { return cmp.Compare(have.id, id) })
	if !ok {
		return list
	}
	return slices.Delete(list, at, at+1)
}

// inSprint lists the issues of a sprint in the order of creation.
func (st *state) inSprint(s *Sprint) []*issue {
	out := make([]*issue, 0, len(st.index.sprints[s]))
	for i := range st.index.sprints[s] {
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b *issue) int { return cmp.Compare(a.id, b.id) })
	return out
}

// candidates lists the issues among which all that match a condition are: as few
// as the index can tell.
func (t *tx) candidates(where condition) []*issue {
	if found, ok := t.narrowed(where); ok {
		return found
	}
	return t.st.issues
}

// narrowed is candidates, or false where the index does not help.
func (t *tx) narrowed(where condition) ([]*issue, bool) {
	switch where := where.(type) {
	case both:
		var best []*issue
		any := false
		for _, part := range where.list {
			if found, ok := t.narrowed(part); ok && (!any || len(found) < len(best)) {
				best, any = found, true
			}
		}
		return best, any
	case either:
		return t.union(where.list)
	case clause:
		return t.narrowedBy(where)
	}
	return nil, false
}

func (t *tx) union(parts []condition) ([]*issue, bool) {
	seen := map[*issue]bool{}
	var out []*issue
	for _, part := range parts {
		found, ok := t.narrowed(part)
		if !ok {
			return nil, false
		}
		for _, i := range found {
			if !seen[i] {
				seen[i] = true
				out = append(out, i)
			}
		}
	}
	return out, true
}

func (t *tx) narrowedBy(c clause) ([]*issue, bool) {
	switch c.operator {
	case "=", "in":
		return t.narrowedTo(c)
	case ">", ">=":
		values, err := t.expand(c.operands[0])
		if err != nil || len(values) != 1 {
			return nil, false
		}
		limit, ok := t.parseMoment(values[0])
		if !ok {
			return nil, false
		}
		switch c.field {
		case "updated", "updateddate":
			return t.st.changedSince(limit), true
		case "created", "createddate":
			return t.st.createdSince(limit)
		}
	}
	return nil, false
}

// narrowedTo lists the issues that a field with an index has under some values.
func (t *tx) narrowedTo(c clause) ([]*issue, bool) {
	find := t.finder(c.field)
	if find == nil {
		return nil, false
	}
	seen := map[*issue]bool{}
	var out []*issue
	for _, o := range c.operands {
		values, err := t.expand(o)
		if err != nil || o.empty {
			return nil, false
		}
		for _, v := range values {
			for _, i := range find(v) {
				if !seen[i] {
					seen[i] = true
					out = append(out, i)
				}
			}
		}
	}
	return out, true
}

// finder gives the lookup of a field that has an index; nil if it has none.
func (t *tx) finder(field string) func(string) []*issue {
	switch field {
	case "key", "issuekey", "issue", "id":
		return func(v string) []*issue {
			if i := t.st.issue(v); i != nil {
				return []*issue{i}
			}
			return nil
		}
	case "project":
		return func(v string) []*issue {
			var out []*issue
			for _, p := range t.st.projects {
				if strings.EqualFold(p.Key, v) || p.ID == v || strings.EqualFold(p.Name, v) {
					out = append(out, p.issues...)
				}
			}
			return out
		}
	case "parent", "epic link":
		return func(v string) []*issue {
			if i := t.st.issue(v); i != nil {
				return i.children
			}
			return nil
		}
	case "sprint":
		return t.bySprint
	}
	return nil
}

func (t *tx) bySprint(v string) []*issue {
	var out []*issue
	for _, s := range t.st.sprints {
		if s.is(v) {
			out = append(out, t.st.inSprint(s)...)
		}
	}
	return out
}

// changedSince lists the issues whose last change is not before a moment, given
// in milliseconds.
func (st *state) changedSince(limit float64) []*issue {
	var out []*issue
	for at := st.index.recent.Back(); at != nil; at = at.Prev() {
		i, _ := at.Value.(*issue)
		if millis(i.updated) < limit {
			break
		}
		out = append(out, i)
	}
	return out
}

func (st *state) createdSince(limit float64) ([]*issue, bool) {
	if st.index.unordered {
		return nil, false
	}
	at, _ := slices.BinarySearchFunc(st.issues, limit, func(i *issue, limit float64) int {
		return cmp.Compare(millis(i.created), limit)
	})
	return st.issues[at:], true
}

func millis(at time.Time) float64 { return float64(at.UnixMilli()) }
