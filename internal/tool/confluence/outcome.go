package confluence

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// refusal is a call that we do not make, with what the model should do instead.
type refusal struct {
	text string
	// outside is true of what is beyond the scope of the call.
	outside bool
}

func (r *refusal) Error() string { return r.text }

func refuse(format string, parts ...any) error { return &refusal{text: fmt.Sprintf(format, parts...)} }

// ours returns what this program or its client says about a call that makes no
// sense; "" for every other error.
func ours(err error) string {
	var refused *refusal
	var missing *confluence.MissingError
	var unsupported *confluence.UnsupportedError
	var token *confluence.TokenError
	var conflict *confluence.ConflictError
	switch {
	case errors.As(err, &refused):
		return refused.text
	case errors.As(err, &missing):
		return missing.Error()
	case errors.As(err, &unsupported):
		return unsupported.Error()
	case errors.As(err, &token):
		return token.Error()
	case errors.As(err, &conflict):
		return conflict.Error() + "\nRead the page again and make the change anew."
	}
	return ""
}

// notSent reports whether an error proves that a write did not happen. Within a
// write, reading comes first: a GET that failed means that it was not sent.
func notSent(err error) bool {
	if ours(err) != "" {
		return true
	}
	var failure *atlassian.Error
	return errors.As(err, &failure) && (failure.Refused() || failure.Method == http.MethodGet)
}

// outcome sorts errors: what the model can act on becomes a failed result, all
// else stays an error, be it transient or the operator's to cure.
func outcome(name, target string, err error) (tool.Result, error) {
	failed := tool.Result{Failed: true, Target: target}
	var failure *atlassian.Error
	switch {
	case errors.Is(err, tool.ErrInDoubt):
		failed.InDoubt = true
		failed.Text = "In doubt: it cannot be known whether this write happened. Do not repeat it; say so in your answer. " + err.Error()
		return failed, nil
	case ours(err) != "":
		var refused *refusal
		failed.Text, failed.Outside = capped(ours(err)), errors.As(err, &refused) && refused.outside
		return failed, nil
	case errors.As(err, &failure) && failure.Refused() && !failure.Temporary() && !failure.Unauthorized() && failure.Status >= 400:
		failed.Text = capped("Confluence refused: " + failure.Refusal())
		return failed, nil
	default:
		return tool.Result{}, fmt.Errorf("%s: %w", name, err)
	}
}

func capped(text string) string { return tool.Capped(text, "ask for less, or use page_token") }

// window is as much of a text as fits behind a head, from a position in bytes that
// a token tells.
func window(head, text, from string) (string, error) {
	start := 0
	if from = strings.TrimSpace(from); from != "" {
		if _, err := fmt.Sscanf(from, "%d", &start); err != nil || start < 0 {
			return "", refuse("page_token %q is not one that a result before gave", shorten(from))
		}
	}
	start = min(start, len(text))
	for start > 0 && start < len(text) && !utf8.RuneStart(text[start]) {
		start--
	}
	end := min(start+max(tool.MaxResult-len(head)-400, 1000), len(text))
	if end < len(text) {
		if cut := strings.LastIndexByte(text[start:end], '\n'); cut > 0 {
			end = start + cut + 1
		}
		for end > start && !utf8.RuneStart(text[end]) {
			end--
		}
	}
	out := head + text[start:end]
	if end < len(text) {
		out = strings.TrimRight(out, "\n") + fmt.Sprintf("\ntruncated: %d more bytes; use page_token %d", len(text)-end, end)
	}
	return out, nil
}

func shorten(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
