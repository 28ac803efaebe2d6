package rig

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// Truth is what there is at the simulated Jira in the end.
type Truth struct {
	// Writes counts what carries an event's token, by kind. Links carry the
	// partner's key instead.
	Writes map[Kind]map[string]int
	// Comments are the tokens of an issue's comments in their order, Statuses
	// where it was moved.
	Comments map[string][]string
	Statuses map[string]string
	Moves    map[string]int
}

var (
	didPattern  = regexp.MustCompile(`^did (E[0-9]{6})$`)
	madePattern = regexp.MustCompile(`^made by (E[0-9]{6})$`)
	urlPattern  = regexp.MustCompile(`https://example\.com/(E[0-9]{6})`)
)

// Truth looks at all issues.
func (s *Site) Truth() Truth {
	t := Truth{Writes: map[Kind]map[string]int{}, Comments: map[string][]string{}, Statuses: map[string]string{}, Moves: map[string]int{}}
	for _, key := range s.Jira.Keys() {
		issue, ok := s.Jira.Issue(key)
		if !ok {
			continue
		}
		if !s.seeded[key] {
			t.count(Create, madePattern, issue.Summary)
			continue
		}
		t.look(issue)
	}
	return t
}

func (t *Truth) look(issue jira.Issue) {
	for _, c := range issue.Comments {
		if token := t.count(Comment, didPattern, strings.TrimSpace(c.Body)); token != "" {
			t.Comments[issue.Key] = append(t.Comments[issue.Key], token)
		}
	}
	for _, w := range issue.Worklogs {
		t.count(Worklog, didPattern, strings.TrimSpace(w.Comment))
	}
	for _, label := range issue.Labels {
		t.count(Label, tokenPattern, label)
	}
	for _, r := range issue.RemoteLinks {
		t.count(Remote, urlPattern, string(r.Object))
	}
	for _, l := range issue.Links {
		if l.Inward == issue.Key {
			t.add(Link, l.Outward)
		}
	}
	t.Statuses[issue.Key] = issue.Status
	for _, c := range issue.History {
		if c.Field == "status" && c.From != "" {
			t.Moves[issue.Key]++
		}
	}
}

// count counts a text if it carries a token, and returns that.
func (t *Truth) count(kind Kind, pattern *regexp.Regexp, text string) string {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	token := m[len(m)-1]
	t.add(kind, token)
	return token
}

func (t *Truth) add(kind Kind, token string) {
	if t.Writes[kind] == nil {
		t.Writes[kind] = map[string]int{}
	}
	t.Writes[kind][token]++
}

// Verdict compares what was promised with what there is.
type Verdict struct {
	Sent, Accepted, Tries int
	// Expected and Found count the writes of the accepted events.
	Expected, Found int
	// Each line is one breach, with its evidence.
	Doubled, Lost, Disordered []string
	// Doubtful are writes that the daemon has marked in doubt: nobody demands
	// that they happened.
	Doubtful int
}

// Judge compares the receipts with the truth. doubts are the kinds that were
// marked in doubt, by token.
func Judge(t Truth, receipts []Receipt, doubts map[string][]Kind) Verdict {
	v := Verdict{Sent: len(receipts)}
	byIssue := map[string][]Receipt{}
	for _, r := range receipts {
		v.Tries += r.Tries
	}
	for _, r := range once(receipts) {
		byIssue[r.Event.Issue] = append(byIssue[r.Event.Issue], r)
		if r.Accepted {
			v.Accepted++
			v.expect(t, r.Event, doubts[r.Event.Token])
		}
	}
	v.double(t)
	for issue, list := range byIssue {
		v.order(issue, t.Comments[issue], list)
		v.status(t, issue, list, doubts)
	}
	for _, list := range [][]string{v.Doubled, v.Lost, v.Disordered} {
		slices.Sort(list)
	}
	return v
}

// once keeps one receipt of each event: that of its acceptance, if there is one.
func once(receipts []Receipt) []Receipt {
	place := map[string]int{}
	var list []Receipt
	for _, r := range receipts {
		i, known := place[r.Event.Token]
		switch {
		case !known:
			place[r.Event.Token] = len(list)
			list = append(list, r)
		case r.Accepted && !list[i].Accepted:
			list[i] = r
		}
	}
	return list
}

// expect looks for the writes of an accepted event.
func (v *Verdict) expect(t Truth, e Event, doubts []Kind) {
	for _, kind := range e.Kinds {
		mark := e.Token
		switch kind {
		case Transition:
			continue // it leaves nothing that names the event
		case Link:
			mark = e.Partner
		}
		v.Expected++
		switch {
		case t.Writes[kind][mark] > 0:
			v.Found++
		case slices.Contains(doubts, kind):
			v.Doubtful++
		default:
			v.Lost = append(v.Lost, fmt.Sprintf("%s of %s on %s", kind, e.Token, e.Issue))
		}
	}
}

// double finds what is there more than once, also of events that were never
// acknowledged.
func (v *Verdict) double(t Truth) {
	for kind, tokens := range t.Writes {
		for token, n := range tokens {
			if n > 1 {
				v.Doubled = append(v.Doubled, fmt.Sprintf("%s of %s: %d times", kind, token, n))
			}
		}
	}
}

// order compares the comments of an issue with the order in which its events
// were accepted. An event that was given up may have been stored at any time.
func (v *Verdict) order(issue string, comments []string, list []Receipt) {
	number := map[string]int{}
	for _, r := range list {
		if r.Accepted {
			number[r.Event.Token] = r.Event.N
		}
	}
	last := 0
	seen := map[string]bool{}
	for _, token := range comments {
		n, known := number[token]
		if !known || seen[token] {
			continue
		}
		seen[token] = true
		if n < last {
			v.Disordered = append(v.Disordered, fmt.Sprintf("comment of %s on %s is behind that of E%06d", token, issue, last))
		}
		last = max(last, n)
	}
}

// firstStatus is where the simulated Jira's issues begin.
const firstStatus = "To Do"

// status compares where an issue is with where its events wanted it, and how
// often it was moved. What was given up or is in doubt makes both unknown.
func (v *Verdict) status(t Truth, issue string, list []Receipt, doubts map[string][]Kind) {
	slices.SortFunc(list, func(a, b Receipt) int { return a.Event.N - b.Event.N })
	moves, want := 0, firstStatus
	for _, r := range list {
		if !slices.Contains(r.Event.Kinds, Transition) {
			continue
		}
		if !r.Accepted || slices.Contains(doubts[r.Event.Token], Transition) {
			return
		}
		if r.Event.Status != want {
			moves, want = moves+1, r.Event.Status
		}
	}
	if moves == 0 {
		return
	}
	v.Expected += moves
	v.Found += min(t.Moves[issue], moves)
	switch {
	case t.Moves[issue] > moves:
		v.Doubled = append(v.Doubled, fmt.Sprintf("%s was moved %d times, not %d", issue, t.Moves[issue], moves))
	case t.Moves[issue] < moves:
		v.Lost = append(v.Lost, fmt.Sprintf("%s was moved %d times, not %d", issue, t.Moves[issue], moves))
	case t.Statuses[issue] != want:
		v.Disordered = append(v.Disordered, fmt.Sprintf("%s is in %s, not in %s", issue, t.Statuses[issue], want))
	}
}
