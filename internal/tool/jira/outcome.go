package jira

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// refusal is a call that we do not make, with what the model should do instead.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, parts ...any) error { return &refusal{fmt.Sprintf(format, parts...)} }

// explained is an error with advice for the model, such as the valid choices.
type explained struct {
	error
	advice string
}

// Unwrap returns the error itself.
func (e *explained) Unwrap() error { return e.error }

// notSent reports whether an error proves that a write did not happen. Within a
// write, reading comes first: a GET that failed means that it was not sent.
func notSent(err error) bool {
	var ours *refusal
	if errors.As(err, &ours) {
		return true
	}
	var failure *atlassian.Error
	return errors.As(err, &failure) && (failure.Refused() || failure.Method == http.MethodGet)
}

func conflict(err error) bool {
	var failure *atlassian.Error
	return errors.As(err, &failure) && failure.Status == http.StatusConflict
}

// outcome sorts errors: what the model can act on becomes a failed result, all
// else stays an error, be it transient or the operator's to cure.
func outcome(name, target string, err error) (tool.Result, error) {
	failed := tool.Result{Failed: true, Target: target}
	var ours *refusal
	var page *jira.PageError
	var failure *atlassian.Error
	switch {
	case errors.Is(err, tool.ErrInDoubt), errors.Is(err, jira.ErrCannotTell):
		failed.InDoubt = true
		failed.Text = "In doubt: it cannot be known whether this write happened. Do not repeat it; say so in your answer. " + err.Error()
		return failed, nil
	case errors.As(err, &ours):
		failed.Text = ours.text
		return failed, nil
	case errors.As(err, &page):
		failed.Text = page.Error()
		return failed, nil
	case errors.As(err, &failure) && failure.Refused() && !failure.Temporary() && !failure.Unauthorized() && failure.Status >= 400:
		failed.Text = capped("Jira refused: " + failure.Refusal() + advice(err))
		return failed, nil
	default:
		return tool.Result{}, fmt.Errorf("%s: %w", name, err)
	}
}

func advice(err error) string {
	var e *explained
	if errors.As(err, &e) && e.advice != "" {
		return "\n" + e.advice
	}
	return ""
}

func capped(text string) string {
	return tool.Capped(text, "ask for fewer fields or entries, or use page_token")
}
