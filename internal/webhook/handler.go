package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Appender stores a delivery durably. It does not keep the body after it
// returned. Its errors are those of inbox.Inbox's Append.
type Appender interface {
	Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error)
}

// Options tune the handler. The zero value is right for production.
type Options struct {
	// MaxBodyBytes is the largest body taken; 0 means 25 MiB, Jira's own limit.
	MaxBodyBytes int64
	// MemoryBytes bounds the memory of all bodies at work; 0 means 128 MiB.
	MemoryBytes int64
	// Grace is how long a sender may take whatever its speed, and BodyTimeout how
	// long at most; 0 means 10 s and 30 s.
	Grace, BodyTimeout time.Duration
	// RetryAfter is what senders are told to wait after a 503; 0 means 30 s.
	RetryAfter time.Duration
	// Metrics counts requests; nil counts none.
	Metrics Metrics
	// Acknowledged is told how long each stored delivery took from the last byte
	// of its body to the answer; nil for nobody.
	Acknowledged func(took time.Duration)
	// Find returns the source of a path that belongs to none of the sources which
	// the handler was made with; false if there is none. It is asked for each
	// request, so that what it knows may change. Nil knows none.
	Find func(path string) (Source, bool)
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxBodyBytes, 25<<20)
	setDefault(&o.MemoryBytes, 128<<20)
	setDefault(&o.Grace, 10*time.Second)
	setDefault(&o.BodyTimeout, 30*time.Second)
	setDefault(&o.RetryAfter, 30*time.Second)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Handler serves POST /webhook/{name} and /webhook/{name}/{site} for its
// sources, by the whole path of the URL.
type Handler struct {
	inbox    Appender
	routes   map[string]*Source
	bodies   *bodies
	opts     Options
	draining atomic.Bool
}

// New returns a handler that stores the deliveries of the sources in the inbox.
// Sources must have different paths.
func New(in Appender, sources []Source, o Options) (*Handler, error) {
	m, err := routes(sources)
	if err != nil {
		return nil, fmt.Errorf("make webhook handler: %w", err)
	}
	o = o.withDefaults()
	return &Handler{inbox: in, routes: m, bodies: newBodies(o), opts: o}, nil
}

// Drain makes the handler answer every further request with 503, so that the
// sender tries again elsewhere or later. Requests at work are finished.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP takes one delivery. What it answers with 200 is on the disk.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	src := h.source(strings.TrimSuffix(r.URL.Path, "/"))
	if src == nil {
		w.Header().Set("Connection", "close")
		writeError(w, http.StatusNotFound, "nothing is configured at this path")
		return
	}
	if result := h.screen(r); result != Accepted {
		h.refuse(w, r, src, result, true)
		return
	}
	b, result := h.bodies.read(w, r)
	defer b.release()
	if result != Accepted {
		h.refuse(w, r, src, result, true)
		return
	}
	read := time.Now()
	names, result := src.verify(r.Header, b.bytes)
	if result != Accepted {
		h.refuse(w, r, src, result, false)
		return
	}
	if h.store(w, r, src, delivery(src, r, b.bytes, names)) && h.opts.Acknowledged != nil {
		h.opts.Acknowledged(time.Since(read))
	}
}

// source returns whose deliveries a path takes; nil for nobody's.
func (h *Handler) source(path string) *Source {
	if src := h.routes[path]; src != nil || h.opts.Find == nil {
		return src
	}
	found, ok := h.opts.Find(path)
	if !ok || found.check() != nil {
		return nil
	}
	found = found.withDefaults()
	return &found
}

// screen refuses what can be refused without reading the body.
func (h *Handler) screen(r *http.Request) Result {
	if r.Method != http.MethodPost {
		return BadMethod
	}
	if h.draining.Load() {
		return Draining
	}
	for _, e := range r.Header["Content-Encoding"] {
		if !strings.EqualFold(e, "identity") {
			return BadEncoding
		}
	}
	return Accepted
}

// store answers a verified delivery, and reports whether it is on the disk.
func (h *Handler) store(w http.ResponseWriter, r *http.Request, src *Source, d inbox.Delivery) bool {
	receipt, err := h.inbox.Append(r.Context(), d)
	if err != nil {
		h.refuse(w, r, src, h.failed(r, err), false)
		return false
	}
	result := Accepted
	if receipt.Duplicate {
		result = Duplicate
	}
	h.count(src, result)
	if d.State == inbox.StateFailed && !receipt.Duplicate {
		zerolog.Ctx(r.Context()).Warn().Str("source", src.Name).Str("site", src.Site).
			Str("delivery", receipt.ID).Str("reason", d.Reason).Msg("delivery cannot be processed")
	}
	writeReceipt(w, receipt)
	return true
}

// failed says why the inbox did not take a delivery, and logs what is not a
// matter of load.
func (h *Handler) failed(r *http.Request, err error) Result {
	switch {
	case errors.Is(err, inbox.ErrFull):
		return Full
	case errors.Is(err, inbox.ErrClosed):
		return Draining
	case r.Context().Err() != nil:
		// Most likely nobody reads the answer; if it is the server that ends, the
		// sender must try again.
		return Unavailable
	}
	zerolog.Ctx(r.Context()).Error().Err(err).Msg("delivery not stored")
	return Unavailable
}

// refuse answers a request that is not stored. With hangUp the connection is
// closed rather than the rest of the body read from it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, src *Source, result Result, hangUp bool) {
	h.count(src, result)
	a := result.reply()
	switch a.status {
	case http.StatusUnauthorized:
		zerolog.Ctx(r.Context()).Warn().Str("source", src.Name).Str("site", src.Site).
			Str("reason", string(result)).Str("remote", r.RemoteAddr).Msg("delivery refused")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		setRetryAfter(w, h.opts.RetryAfter)
	}
	if hangUp {
		w.Header().Set("Connection", "close")
	}
	writeError(w, a.status, a.text)
}

func (h *Handler) count(src *Source, result Result) {
	if h.opts.Metrics != nil {
		h.opts.Metrics.Webhook(src.Name, src.Site, result)
	}
}

// delivery makes the record of a verified request.
func delivery(src *Source, r *http.Request, body []byte, names []string) inbox.Delivery {
	d := inbox.Delivery{Headers: kept(r.Header), Body: body}
	d.Source, d.Site, d.SignedBy = src.Name, src.Site, names
	if src.Event != "" {
		d.Headers[EventHeader] = src.Event
	}
	d.Key = src.identity(r.Header[src.IdentityHeader], body, time.Now())
	if reason := unusable(body); reason != "" && (!src.Forms || !isForm(r.Header)) {
		d.State, d.Reason = inbox.StateFailed, reason
	}
	return d
}

// isForm reports whether a body says that it is an HTML form.
func isForm(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "application/x-www-form-urlencoded")
}

// repeatTime is within which the same body of a source that repeats itself on
// purpose counts once.
const repeatTime = 10 * time.Minute

// identity names a delivery of the source.
func (s *Source) identity(values []string, body []byte, now time.Time) string {
	name := identity(values, body)
	if s.Event != "" && strings.HasPrefix(name, "sha256:") {
		name += "/" + s.Event // the same body may tell of several events
	}
	if s.Repeats && strings.HasPrefix(name, "sha256:") {
		name += "@" + now.UTC().Truncate(repeatTime).Format(time.RFC3339)
	}
	return name
}

// identity returns the sender's name for a delivery, or else, so that nothing
// is lost over a strange header, one made from the body.
func identity(values []string, body []byte) string {
	const maxLength = 200
	if len(values) == 1 && len(values[0]) > 0 && len(values[0]) <= maxLength && printable(values[0]) {
		return "id:" + values[0]
	}
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// unusable says why a body can never be an event, as far as a glance tells: a
// sender that is told so would send it again, so it is stored for the operator.
func unusable(body []byte) string {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return ""
		}
		return "the body is not a JSON object"
	}
	return "the body is empty: the option to exclude the body must be off in the webhook's settings"
}

// kept returns the headers worth storing. Nothing that proves who the sender
// is may be among them.
func kept(h http.Header) map[string]string {
	const maxLength = 1024
	m := make(map[string]string, 4)
	for _, name := range [...]string{
		"Content-Type", "User-Agent",
		"X-Atlassian-Webhook-Identifier", "X-Atlassian-Webhook-Retry", "X-Atlassian-Webhook-Flow", "X-Atlassian-Webhook-Trace",
		"X-Github-Delivery", "X-Github-Event", "X-Github-Hook-Id",
		"Idempotency-Key",
		"X-Event-Key", "X-Request-Id",
	} {
		if v := h[name]; len(v) > 0 {
			m[name] = v[0][:min(len(v[0]), maxLength)]
		}
	}
	return m
}
