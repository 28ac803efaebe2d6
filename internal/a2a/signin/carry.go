package signin

import (
	"context"
	"net/http"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

// trace says which invocation of Atlassian's a request belongs to: what their
// support asks for. See https://github.com/openzipkin/b3-propagation.
type trace struct{ traceID, spanID string }

// invocation is what a context carries of a request of Jira's.
type invocation struct {
	claims fit.Claims
	tokens fit.Tokens
	trace  trace
}

type invocationKey struct{}

// carry puts the invocation into the context, and its names before each line that
// is logged under it.
func carry(ctx context.Context, inv invocation) context.Context {
	log := zerolog.Ctx(ctx).With().Str("installation", inv.claims.Installation)
	if inv.trace.traceID != "" {
		log = log.Str("trace", inv.trace.traceID)
	}
	if inv.trace.spanID != "" {
		log = log.Str("span", inv.trace.spanID)
	}
	return context.WithValue(log.Logger().WithContext(ctx), invocationKey{}, inv)
}

// TokensFrom are the tokens that came along Jira's request; none under requests of
// others.
func TokensFrom(ctx context.Context) fit.Tokens {
	inv, _ := ctx.Value(invocationKey{}).(invocation)
	return inv.tokens
}

func traceOf(head http.Header) trace {
	return trace{traceID: hexOnly(head.Get("X-B3-TraceId")), spanID: hexOnly(head.Get("X-B3-SpanId"))}
}

// hexOnly lets pass ids of traces and spans: up to 128 bits in hexadecimal.
func hexOnly(s string) string {
	if len(s) > 32 {
		return ""
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return ""
		}
	}
	return s
}

// SameUser compares the user that a message of Jira's names with the one that the
// token named, who alone counts. The error is a *a2a.Refusal for a message that is
// somebody else's. Messages that name nobody, and those of other callers, pass.
func SameUser(caller a2a.Caller, message a2a.Message) error {
	said, ok := message.Invocation()
	if !caller.Jira || !ok || said.UserAccountID == "" || said.UserAccountID == caller.Account {
		return nil
	}
	return &a2a.Refusal{Status: http.StatusForbidden, Message: "The message is of another user than the token"}
}
