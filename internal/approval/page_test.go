package approval_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/tool"
)

// Names and keys of a Data Center's Confluence may be somebody else's in Jira.
func TestOnAPageCountsWhatWasAskedThereUnlessAccountsAreTheSameEverywhere(t *testing.T) {
	for name, c := range map[string]struct {
		place  string
		answer approval.Answer
		want   error
	}{
		"where it was asked":          {"page:5", approval.Answer{Page: "page:5", Person: &tool.Person{Name: "olga"}}, nil},
		"on another page":             {"page:5", approval.Answer{Page: "page:6", Person: &tool.Person{Name: "olga"}}, approval.ErrNotAllowed},
		"of a question on an issue":   {"PROJ-1", approval.Answer{Page: "page:5", Person: &tool.Person{Name: "olga"}}, approval.ErrNotAllowed},
		"by an account of Cloud":      {"PROJ-1", approval.Answer{Page: "page:5", Person: &tool.Person{AccountID: "olga"}}, nil},
		"by somebody who may not":     {"page:5", approval.Answer{Page: "page:5", Person: &tool.Person{Name: "bob"}}, approval.ErrNotAllowed},
		"by whoever caused the run":   {"page:5", approval.Answer{Page: "page:5", Person: &tool.Person{Name: "alice"}}, approval.ErrNotAllowed},
		"by a name of Jira":           {"page:5", approval.Answer{Site: "s", Person: &tool.Person{Name: "olga"}}, approval.ErrNotAllowed},
		"on an issue of another site": {"PROJ-1", approval.Answer{Site: "other", Person: &tool.Person{Name: "olga"}}, approval.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.question.Place, h.question.Subject = c.place, c.place
			h.asks()
			c.answer.Code, c.answer.Approve = code, true
			if _, err := h.desk.Decide(t.Context(), c.answer); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			} else if c.want != nil && strings.Contains(c.answer.Page, "6") && !strings.Contains(err.Error(), "page:5") {
				t.Errorf("nobody is told where it counts: %v", err)
			}
		})
	}
}

func TestAQuestionOnAPageIsAnsweredThereWhicheverJiraItsRunWorksOn(t *testing.T) {
	h := newHouse(t)
	h.question.Kind, h.question.Items, h.question.Place, h.question.Subject = approval.KindQuestion, nil, "page:5", "page:5"
	h.asks()
	if got, err := h.desk.Questioned(t.Context(), "", "page:5", tool.Person{Name: "alice"}); got != code || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, subject := range []string{"page:6", "issue:5"} {
		if got, err := h.desk.Questioned(t.Context(), "", subject, tool.Person{Name: "alice"}); got != "" || err != nil {
			t.Errorf("%s: %q, %v", subject, got, err)
		}
	}
}
