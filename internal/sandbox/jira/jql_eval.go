package jira

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// test is a compiled condition.
type test func(*issue) bool

// compile checks a condition against the site and makes a test of it. The error
// is worded as Jira words it.
func (t *tx) compile(c condition) (test, error) {
	switch c := c.(type) {
	case both:
		return t.compileList(c.list, func(tests []test) test {
			return func(i *issue) bool {
				for _, ok := range tests {
					if !ok(i) {
						return false
					}
				}
				return true
			}
		})
	case either:
		return t.compileList(c.list, func(tests []test) test {
			return func(i *issue) bool {
				for _, ok := range tests {
					if ok(i) {
						return true
					}
				}
				return false
			}
		})
	case negation:
		of, err := t.compile(c.of)
		return func(i *issue) bool { return !of(i) }, err
	case clause:
		return t.compileClause(c)
	}
	return func(*issue) bool { return true }, nil
}

func (t *tx) compileList(list []condition, join func([]test) test) (test, error) {
	tests := make([]test, 0, len(list))
	for _, c := range list {
		one, err := t.compile(c)
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	return join(tests), nil
}

// attribute is what a clause looks at: some texts (ids and names alike), or a
// number that can be compared.
type attribute struct {
	texts  func(*issue) []string
	number func(*issue) (float64, bool)
	// parse reads an operand for number.
	parse func(string) (float64, bool)
	// check says whether a text can occur at all; nil allows everything.
	check func(string) bool
	// long texts are searched by words with ~.
	long bool
}

func (t *tx) compileClause(c clause) (test, error) {
	a, ok := t.attribute(c.field)
	if !ok {
		return nil, refuse(http.StatusBadRequest, "Field '%s' does not exist or you do not have permission to view it.", c.field)
	}
	switch c.operator {
	case "~", "!~":
		return contains(a, c)
	case "<", "<=", ">", ">=":
		return t.compares(a, c)
	case "is", "is not":
		if !c.operands[0].empty {
			return nil, refuse(http.StatusBadRequest, "The operator '%s' only supports the values 'EMPTY' and 'NULL'.", c.operator)
		}
		return inverted(a.isEmpty, c.operator == "is not"), nil
	}
	if a.long {
		return nil, refuse(http.StatusBadRequest, "The operator '%s' is not supported by the '%s' field.", c.operator, c.field)
	}
	return t.equals(a, c)
}

func inverted(of test, not bool) test {
	if not {
		return func(i *issue) bool { return !of(i) }
	}
	return of
}

func (a attribute) isEmpty(i *issue) bool {
	if a.number != nil {
		_, ok := a.number(i)
		return !ok
	}
	return len(a.texts(i)) == 0
}

// equals makes the test of = != IN and NOT IN. As in Jira, an issue whose field
// is empty matches neither a value nor its opposite.
func (t *tx) equals(a attribute, c clause) (test, error) {
	var wanted []string
	empty := false
	for _, o := range c.operands {
		values, err := t.expand(o)
		if err != nil {
			return nil, err
		}
		empty = empty || o.empty
		for _, v := range values {
			if a.check != nil && !a.check(v) {
				return nil, refuse(http.StatusBadRequest, "The value '%s' does not exist for the field '%s'.", v, c.field)
			}
			wanted = append(wanted, v)
		}
	}
	not := c.operator == "!=" || c.operator == "not in"
	return func(i *issue) bool {
		if a.isEmpty(i) {
			return empty != not
		}
		return a.any(i, wanted) != not
	}, nil
}

func (a attribute) any(i *issue, wanted []string) bool {
	if a.number != nil {
		have, _ := a.number(i)
		for _, w := range wanted {
			if n, ok := a.parse(w); ok && n == have {
				return true
			}
		}
		return false
	}
	for _, have := range a.texts(i) {
		for _, w := range wanted {
			if strings.EqualFold(have, w) {
				return true
			}
		}
	}
	return false
}

// contains makes the test of ~ and !~: every word of the operand begins a word
// of the field. Quotes inside the operand ask for the phrase.
func contains(a attribute, c clause) (test, error) {
	if a.texts == nil || a.check != nil {
		return nil, refuse(http.StatusBadRequest, "The operator '%s' is not supported by the '%s' field.", c.operator, c.field)
	}
	needle := strings.ToLower(c.operands[0].text)
	phrase := strings.HasPrefix(needle, `"`)
	words := strings.Fields(strings.NewReplacer(`"`, " ", "*", " ").Replace(needle))
	return inverted(func(i *issue) bool {
		text := strings.ToLower(strings.Join(a.texts(i), " \n "))
		if phrase {
			return strings.Contains(text, strings.Trim(needle, `"`))
		}
		for _, w := range words {
			if !hasWord(text, w) {
				return false
			}
		}
		return len(words) > 0
	}, c.operator == "!~"), nil
}

// hasWord tells whether a word of the text begins with w.
func hasWord(text, w string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], w)
		if at < 0 {
			return false
		}
		at += from
		if at == 0 || strings.ContainsRune(" \n\t.,;:!?()[]{}*_-/\"'|", rune(text[at-1])) {
			return true
		}
		from = at + 1
	}
}

func (t *tx) compares(a attribute, c clause) (test, error) {
	if a.number == nil {
		return nil, refuse(http.StatusBadRequest, "The operator '%s' is not supported by the '%s' field.", c.operator, c.field)
	}
	values, err := t.expand(c.operands[0])
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, refuse(http.StatusBadRequest, "The operator '%s' does not support the value 'EMPTY'.", c.operator)
	}
	limit, ok := a.parse(values[0])
	if !ok {
		return nil, refuse(http.StatusBadRequest, "The value '%s' for the field '%s' is invalid.", values[0], c.field)
	}
	return func(i *issue) bool {
		have, ok := a.number(i)
		if !ok {
			return false
		}
		switch order := cmp.Compare(have, limit); c.operator {
		case "<":
			return order < 0
		case "<=":
			return order <= 0
		case ">":
			return order > 0
		default:
			return order >= 0
		}
	}, nil
}

// sortBy orders issues as ORDER BY says; the newest first without it.
func (t *tx) sortBy(list []*issue, order []ordering) error {
	if len(order) == 0 {
		order = []ordering{{field: "created", desc: true}}
	}
	attributes := make([]attribute, len(order))
	for n, o := range order {
		a, ok := t.attribute(o.field)
		if !ok {
			return refuse(http.StatusBadRequest, "Field '%s' does not exist or you do not have permission to view it.", o.field)
		}
		attributes[n] = a
	}
	ranked := make([]sortable, len(list))
	for n, i := range list {
		ranked[n] = sortable{issue: i, keys: make([]sortKey, len(order))}
		for k, a := range attributes {
			ranked[n].keys[k] = a.key(i)
			if isKey(order[k].field) {
				ranked[n].keys[k] = issueOrder(i)
			}
		}
	}
	slices.SortFunc(ranked, func(x, y sortable) int {
		for k, o := range order {
			if c := x.keys[k].compare(y.keys[k]); c != 0 && o.desc {
				return -c
			} else if c != 0 {
				return c
			}
		}
		return cmp.Compare(y.issue.id, x.issue.id)
	})
	for n := range ranked {
		list[n] = ranked[n].issue
	}
	return nil
}

func isKey(field string) bool {
	return slices.Contains([]string{"key", "issuekey", "issue"}, strings.ToLower(field))
}

// sortable is an issue with what it is sorted by.
type sortable struct {
	issue *issue
	keys  []sortKey
}

type sortKey struct {
	number float64
	text   string
}

func (k sortKey) compare(other sortKey) int {
	if c := cmp.Compare(k.number, other.number); c != 0 {
		return c
	}
	return cmp.Compare(k.text, other.text)
}

// issueOrder is an issue's key as keys are ordered: by the project, then by number.
func issueOrder(i *issue) sortKey {
	project, number, _ := strings.Cut(i.key, "-")
	return sortKey{text: fmt.Sprintf("%s-%12s", project, number)}
}

func (a attribute) key(i *issue) sortKey {
	if a.number != nil {
		n, _ := a.number(i)
		return sortKey{number: n}
	}
	return sortKey{text: strings.Join(a.texts(i), " ")}
}
