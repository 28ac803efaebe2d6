package endpoint

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

// exchange is one request with all that its answer depends on.
type exchange struct {
	*Endpoint
	w       http.ResponseWriter
	r       *http.Request
	card    card.Card
	call    a2a.Call
	dialect wire.Dialect
	req     wire.Request
	began   time.Time
	// gone says that the agent is not offered, or not any more.
	gone bool
	// code is that of the error which was answered.
	code a2a.Code
}

// take answers a request that was posted. Its sender is known before its body is
// read. Whoever is not hears of an agent that is not offered nothing but that.
func (e *Endpoint) take(w http.ResponseWriter, r *http.Request, agent string, c card.Card, offered bool) {
	ctx, caller, err := e.who.Authenticate(r)
	switch {
	case err != nil && !offered:
		refuse(w, noAgent(agent))
		return
	case err != nil:
		fail(r.Context(), w, err)
		return
	}
	x := &exchange{
		Endpoint: e, w: w, r: r.WithContext(ctx), card: c, gone: !offered, began: time.Now(),
		call: a2a.Call{Caller: caller, Agent: agent, Extensions: extensions(r.Header)},
	}
	x.dialect, _ = wire.Detect(caller.Jira, "", versionOf(r))
	x.req.ID = []byte("null")
	x.run(ctx)
	if e.opts.Observer != nil {
		e.opts.Observer.Answered(x.dialect.String(), x.req.Operation.String(), int(x.code), time.Since(x.began))
	}
}

func (x *exchange) run(ctx context.Context) {
	body, refused := x.read()
	if refused != nil {
		x.refuse(refused)
		return
	}
	var wrong, version *a2a.Error
	x.req, wrong = wire.Parse(body)
	x.dialect, version = wire.Detect(x.call.Caller.Jira, x.req.Method, versionOf(x.r))
	x.call.Version = x.dialect.Version()
	switch {
	case x.gone && (wrong != nil || version != nil || x.needsAgent()):
		x.code = a2a.CodeRefused
		refuse(x.w, noAgent(x.call.Agent))
	case wrong != nil:
		x.reject(wire.NoOperation, wrong)
	case version != nil:
		x.reject(wire.NoOperation, version)
	default:
		x.serve(ctx)
	}
}

// read takes the body within its limits. Nothing but JSON is taken, so that a page
// in a browser cannot send a request without asking first.
func (x *exchange) read() ([]byte, *refused) {
	// Some programs send no type. A browser, which names the page's origin, sends
	// none for a page that has it leave the type out.
	kind := x.r.Header.Get("Content-Type")
	if browser := x.r.Header.Get("Origin") != ""; !isJSON(kind) && (kind != "" || browser) {
		return nil, &refused{http.StatusUnsupportedMediaType, &a2a.Error{
			Code: a2a.CodeContentType, Message: "Content type not supported: send application/json",
		}}
	}
	control := http.NewResponseController(x.w)
	_ = control.SetReadDeadline(time.Now().Add(x.opts.BodyTimeout)) // a test's recorder has none
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, x.opts.MaxBody))
	_ = control.SetReadDeadline(time.Time{})
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refused{http.StatusRequestEntityTooLarge, &a2a.Error{
			Code:    a2a.CodeInvalidRequest,
			Message: "Invalid request: it is larger than " + strconv.FormatInt(x.opts.MaxBody, 10) + " bytes",
		}}
	case err != nil:
		return nil, &refused{http.StatusBadRequest, &a2a.Error{
			Code: a2a.CodeParse, Message: "Invalid JSON payload: the body ended early",
		}}
	}
	return body, nil
}

// refused is an error with a status of HTTP.
type refused struct {
	status int
	err    *a2a.Error
}

func (x *exchange) refuse(r *refused) {
	x.code = r.err.Code
	writeJSON(x.w, r.status, x.dialect.Error(x.req.ID, wire.NoOperation, r.err))
}

// reject answers with an error of JSON-RPC, which HTTP carries with 200.
func (x *exchange) reject(op wire.Operation, err *a2a.Error) {
	x.code = err.Code
	body := x.dialect.Error(x.req.ID, op, err)
	if x.req.Operation.Streams() && !x.dialect.Jira() && acceptsStream(x.r.Header.Values("Accept")) {
		x.rejectStream(err, body)
		return
	}
	writeJSON(x.w, http.StatusOK, body)
}

// rejectStream answers whoever waits for a stream that does not begin. Clients in
// use do not look for JSON with the status 200 there: the SDK for Go takes it for a
// stream without events. Those of 0.3 find the error in an event, those of 1.0 in
// the body behind the status that the version's section 5.4 gives to it.
func (x *exchange) rejectStream(err *a2a.Error, body []byte) {
	if x.dialect.Version() == wire.Plain10.Version() {
		writeJSON(x.w, statusOf(err.Code), body)
		return
	}
	s := x.open()
	s.write(wire.Frame(body, 0))
}

// statusOf is the status of HTTP for an error, A2A 1.0, section 5.4.
func statusOf(code a2a.Code) int {
	switch code {
	case a2a.CodeTaskNotFound:
		return http.StatusNotFound
	case a2a.CodeNotCancelable:
		return http.StatusConflict
	case a2a.CodeContentType:
		return http.StatusUnsupportedMediaType
	case a2a.CodeInvalidResponse:
		return http.StatusBadGateway
	case a2a.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// answer writes a result.
func (x *exchange) answer(ctx context.Context, value any) {
	body, err := wire.Result(x.req.ID, value)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	writeJSON(x.w, http.StatusOK, body)
}

// fail answers with whatever went wrong. What is not meant for the caller is
// logged and not told.
func (x *exchange) fail(ctx context.Context, err error) {
	var told *a2a.Error
	var refusal *a2a.Refusal
	switch {
	case errors.As(err, &told):
		x.reject(x.req.Operation, told)
	case errors.As(err, &refusal):
		x.code = a2a.CodeRefused
		fail(ctx, x.w, err)
	case ctx.Err() != nil:
		x.code = a2a.CodeInternal // nobody waits for it any more
	default:
		zerolog.Ctx(ctx).Error().Err(err).Str("operation", x.req.Operation.String()).Msg("cannot answer a request of A2A")
		x.reject(x.req.Operation, &a2a.Error{Code: a2a.CodeInternal, Message: "Internal error"})
	}
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// versionOf is what a request says of the version: in the header, or as a
// parameter of its address, A2A 1.0, section 3.6.1.
func versionOf(r *http.Request) string {
	if v := r.Header.Get("A2A-Version"); v != "" {
		return v
	}
	return r.URL.Query().Get("A2A-Version")
}

func extensions(header http.Header) []string {
	var uris []string
	for _, value := range header.Values("A2A-Extensions") {
		for uri := range strings.SplitSeq(value, ",") {
			if uri = strings.TrimSpace(uri); uri != "" {
				uris = append(uris, uri)
			}
		}
	}
	return uris
}
