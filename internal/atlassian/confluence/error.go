package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// MissingError is something that a search by name did not find.
type MissingError struct{ What string }

// Error names what is missing.
func (e *MissingError) Error() string { return e.What + " does not exist, or we may not see it" }

// ConflictError is a write that was refused because what it replaces was changed,
// or made, by somebody else meanwhile.
type ConflictError struct {
	// What was to be written, such as "page 123".
	What string
	// Sent is the number of the version that was to be made.
	Sent int
	// Err is Confluence's refusal.
	Err error
}

// Error says what was changed, with Confluence's words.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed by somebody else (version %d was to be made): %v", e.What, e.Sent, e.Err)
}

// Unwrap returns Confluence's refusal.
func (e *ConflictError) Unwrap() error { return e.Err }

// UnsupportedError is what one kind of Confluence cannot do by its REST API.
type UnsupportedError struct {
	Kind Kind
	What string
}

// Error names the kind and what it cannot do.
func (e *UnsupportedError) Error() string {
	name := "Confluence Cloud"
	if e.Kind == DataCenter {
		name = "Confluence Data Center"
	}
	return name + "'s REST API cannot " + e.What
}

// TokenError is a token of a part that no list gave.
type TokenError struct{ Token string }

// Error says what is wrong with the token.
func (e *TokenError) Error() string { return fmt.Sprintf("%q is not a token of a list", e.Token) }

// NotFound reports whether something does not exist or we may not see it:
// Confluence does not tell which.
func NotFound(err error) bool {
	var missing *MissingError
	return errors.As(err, &missing) || status(err) == http.StatusNotFound
}

// Conflict reports whether a write came too late and is to be made anew on what
// is there now.
func Conflict(err error) bool {
	var conflict *ConflictError
	return errors.As(err, &conflict)
}

// TitleTaken reports whether a page could not be made or renamed because its
// space has another one of that title.
func TitleTaken(err error) bool {
	failure := refusal(err)
	if failure == nil || failure.Status != http.StatusBadRequest {
		return false
	}
	text := strings.ToLower(failure.Detail())
	return strings.Contains(text, "title already exists") || strings.Contains(text, "already exists with the same title") ||
		strings.Contains(text, "already exists with the title")
}

func refusal(err error) *atlassian.Error {
	var failure *atlassian.Error
	if errors.As(err, &failure) {
		return failure
	}
	return nil
}

func status(err error) int {
	if failure := refusal(err); failure != nil {
		return failure.Status
	}
	return 0
}

// asConflict makes a ConflictError of a refusal with 409. Drafts and properties
// are refused with 400 by some versions, in words that also say so.
func asConflict(err error, what string, sent int, words ...string) error {
	failure := refusal(err)
	if failure == nil {
		return err
	}
	told := strings.ToLower(failure.Detail())
	late := failure.Status == http.StatusConflict ||
		failure.Status == http.StatusBadRequest && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(told, w) })
	if !late {
		return err
	}
	return &ConflictError{What: what, Sent: sent, Err: err}
}
