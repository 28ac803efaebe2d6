package approval

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// letters are those of codes: without the ones that look or sound alike.
const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeLength = 6

// newCode returns six random letters. A code is no secret: who may decide is told
// by the account.
func newCode() string {
	raw := make([]byte, codeLength)
	_, _ = rand.Read(raw) // never fails
	for i := range raw {
		raw[i] = letters[int(raw[i])%len(letters)]
	}
	return string(raw)
}

// IsCode reports whether a text looks like a code.
func IsCode(text string) bool {
	code := Code(text)
	return len(code) == codeLength && strings.Trim(code, letters) == ""
}

// pagePlace begins the subject of what happens to a page of Confluence, whichever Jira
// the runs about it work on.
const pagePlace = "page:"

// Questioned returns the code of the oldest open question in words to that person
// about that subject; "" for none.
func (d *Desk) Questioned(ctx context.Context, site, subject string, who tool.Person) (string, error) {
	if strings.HasPrefix(subject, pagePlace) {
		site = store.AnySite
	}
	open, err := d.store.Questions(ctx, string(KindQuestion), site)
	if err != nil {
		return "", err
	}
	for _, asked := range open {
		var q Question
		if err := json.Unmarshal(asked.Asks, &q); err != nil {
			return "", fmt.Errorf("decode question %s: %w", asked.Code, err)
		}
		if q.Subject == subject && same(q.Requester, who) {
			return asked.Code, nil
		}
	}
	return "", nil
}

// Code returns a code as it is kept, from how somebody may write it.
func Code(text string) string {
	return strings.ToUpper(strings.Trim(strings.TrimSpace(text), "`'\"#.,;:()"))
}

// Answer is somebody's decision.
type Answer struct {
	Code    string
	Approve bool
	// Person is who decides, by the account that the platform tells; nil for the
	// operator, who may decide everything.
	Person *tool.Person
	// Site is where the person has the account.
	Site string
	// Page is the page of Confluence on which the person answers, as page:123; "" for
	// those who answer elsewhere. Sites are Jira's and say nothing of it.
	Page string
	// Operator names an operator.
	Operator string
	Reason   string
	// Items are the numbers of the proposals that are approved; none for all.
	Items []int
	// Words are what a person wrote behind the code, in the place of Items.
	Words []string
}

// May reports whether somebody may decide a question that would be asked now.
func (d *Desk) May(q Question, who tool.Person) bool {
	if len(q.Approvers) == 0 {
		q.Approvers = d.approvers
	}
	return q.permits(who) == nil
}

// Decided returns the decision of a question; nil while it is open.
func (d *Desk) Decided(ctx context.Context, code string) (json.RawMessage, error) {
	asked, err := d.store.Approval(ctx, Code(code))
	if err != nil || asked.State == store.ApprovalOpen {
		return nil, err
	}
	return asked.Decision, nil
}

// Decide takes a decision and lets the run go on that waits for it. Taken twice, as
// after a crash, it does no more. The error is ErrUnknown, ErrClosed, ErrNotAllowed
// or ErrUnclear for what a person has to be told.
func (d *Desk) Decide(ctx context.Context, a Answer) (store.Approval, error) {
	a.Code = Code(a.Code)
	asked, err := d.store.Approval(ctx, a.Code)
	if errors.Is(err, store.ErrNotFound) {
		return asked, fmt.Errorf("decide %s: %w", a.Code, ErrUnknown)
	}
	if err != nil {
		return asked, err
	}
	if err := allowed(asked, a); err != nil {
		return asked, err
	}
	decision, state, err := a.decision(asked)
	if err != nil {
		return asked, err
	}
	asked, ours, err := d.store.Decide(ctx, a.Code, store.Decision{State: state, By: a.by(), Body: decision, Signal: signal(a.Code), Name: waiting})
	if err != nil {
		return asked, err
	}
	if !ours && asked.State == store.ApprovalOpen {
		return asked, fmt.Errorf("decide %s, of which the run has ended: %w", a.Code, ErrClosed)
	}
	if !ours && (asked.State != state || asked.DecidedBy != a.by()) {
		return asked, fmt.Errorf("decide %s, which is %s%s: %w", a.Code, asked.State, decidedBy(asked), ErrClosed)
	}
	return asked, nil
}

func decidedBy(a store.Approval) string {
	if a.DecidedBy == "" {
		return ""
	}
	return " by " + a.DecidedBy
}

func (a Answer) decision(asked store.Approval) (json.RawMessage, store.ApprovalState, error) {
	state := store.ApprovalRejected
	if a.Approve {
		state = store.ApprovalApproved
	}
	var q Question
	if err := json.Unmarshal(asked.Asks, &q); err != nil {
		return nil, state, fmt.Errorf("decode question %s: %w", a.Code, err)
	}
	items, err := a.items(q)
	if err != nil {
		return nil, state, err
	}
	body, err := json.Marshal(Decision{Approved: a.Approve, By: a.by(), Reason: a.Reason, Items: items})
	if err != nil {
		return nil, state, fmt.Errorf("encode decision: %w", err)
	}
	return body, state, nil
}

// items are the numbers of what is approved of a question; none for all of it.
func (a Answer) items(q Question) ([]int, error) {
	list := a.Items
	if len(a.Words) > 0 && a.Approve && len(q.Items) > 1 {
		named, plain := numbers(a.Words)
		if !plain {
			return nil, fmt.Errorf("decide %s: %w: name the proposals by their numbers alone, such as /approve %s 1 2, or none of them for all", a.Code, ErrUnclear, a.Code)
		}
		list = named
	}
	for _, n := range list {
		if n < 1 || n > len(q.Items) {
			return nil, fmt.Errorf("decide %s: %w: it has no number %d, only 1 to %d", a.Code, ErrUnclear, n, len(q.Items))
		}
	}
	return list, nil
}

// numbers are those that a person's words begin with, such as "1, 3 and #4 please".
// It is not plain what is meant if a number stands elsewhere, as in "all but 2":
// words without any number are taken for a remark.
func numbers(words []string) (list []int, plain bool) {
	fields := strings.FieldsFunc(strings.Join(words, " "), func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	begun := true
	for _, f := range fields {
		n, err := strconv.Atoi(strings.Trim(f, "#."))
		switch {
		case err == nil && begun:
			list = append(list, n)
		case strings.ContainsAny(f, "0123456789"):
			return nil, false
		case f != "and" && f != "&":
			begun = false
		}
	}
	return list, true
}

func (a Answer) by() string {
	if a.Person == nil {
		return cmp.Or(a.Operator, "an operator")
	}
	return name(*a.Person)
}

// name is how a person is called in records: by what tells the account.
func name(p tool.Person) string {
	id := cmp.Or(p.Name, p.AccountID, p.Key, p.Email)
	if p.DisplayName == "" || p.DisplayName == id {
		return id
	}
	return p.DisplayName + " (" + id + ")"
}

// allowed tells whether the one who answers may decide the question. A display name
// does not count: on Jira Cloud people choose their own.
func allowed(asked store.Approval, a Answer) error {
	if a.Person == nil {
		return nil
	}
	var q Question
	if err := json.Unmarshal(asked.Asks, &q); err != nil {
		return fmt.Errorf("decode question %s: %w", a.Code, err)
	}
	switch {
	case a.Page != "" && a.Person.AccountID == "" && asked.IssueKey != a.Page:
		// Names and keys of a Data Center are those of one product.
		return fmt.Errorf("%w here: it was asked on %s", ErrNotAllowed, cmp.Or(asked.IssueKey, "the command line alone"))
	case a.Page == "" && a.Person.AccountID == "" && strings.HasPrefix(asked.IssueKey, pagePlace):
		return fmt.Errorf("%w here: it was asked on %s", ErrNotAllowed, asked.IssueKey)
	case a.Page == "" && asked.Site != a.Site:
		return fmt.Errorf("decide %s: %w", a.Code, ErrUnknown)
	case len(q.Approvers) == 0 && q.Kind != KindQuestion:
		return fmt.Errorf("%w: no approvers are configured, so an operator decides: aofctl approve %s", ErrNotAllowed, a.Code)
	}
	return q.permits(*a.Person)
}

// permits says why a person may not decide the question; nil if they may.
func (q Question) permits(who tool.Person) error {
	switch {
	case q.Kind == KindQuestion && same(q.Requester, who):
		return nil
	case len(q.Approvers) == 0:
		return fmt.Errorf("%w: no approvers are configured, so an operator decides", ErrNotAllowed)
	case !slices.ContainsFunc(q.Approvers, func(spelling string) bool { return spells(spelling, who) }):
		return fmt.Errorf("%w: %s is none of its approvers%s", ErrNotAllowed, name(who), displayed(q.Approvers, who))
	case !q.AllowSelf && same(q.Requester, who):
		return fmt.Errorf("%w: whoever caused a run does not approve its calls", ErrNotAllowed)
	}
	return nil
}

// spells reports whether a spelling in a manifest names the account.
func spells(spelling string, p tool.Person) bool {
	spelling = strings.TrimPrefix(strings.TrimSpace(spelling), "@")
	return spelling != "" && slices.ContainsFunc([]string{p.AccountID, p.Name, p.Key, p.Email}, func(id string) bool {
		return id != "" && strings.EqualFold(id, spelling)
	})
}

// displayed explains why a display name in the list does not count.
func displayed(approvers []string, p tool.Person) string {
	for _, spelling := range approvers {
		if p.DisplayName != "" && strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(spelling), "@"), p.DisplayName) {
			return fmt.Sprintf(" (%q is a display name, which anybody may choose: list %s instead)", spelling, cmp.Or(p.AccountID, p.Name, p.Key))
		}
	}
	return ""
}

// same reports whether two accounts are one. What is not known is not the same.
func same(a, b tool.Person) bool {
	return a.AccountID != "" && a.AccountID == b.AccountID || a.Key != "" && a.Key == b.Key || a.Name != "" && strings.EqualFold(a.Name, b.Name)
}
