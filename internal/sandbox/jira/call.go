package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// call is one REST request on its way to an endpoint.
type call struct {
	r *http.Request
	// status is the answer's status if it is not the endpoint's usual one.
	status int
	header http.Header
	raw    []byte
}

// path is a part of the path by its name in the route. chi leaves it escaped if
// the path has escapes.
func (c *call) path(name string) string {
	value := chi.URLParam(c.r, name)
	if c.r.URL.RawPath == "" {
		return value
	}
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}

func (c *call) query(name string) string  { return c.r.URL.Query().Get(name) }
func (c *call) list(name string) []string { return c.r.URL.Query()[name] }

// expands tells whether the expand parameter names something.
func (c *call) expands(what string) bool {
	for _, name := range splitList(c.list("expand")) {
		if strings.TrimSpace(name) == what {
			return true
		}
	}
	return false
}

// number reads a numeric parameter between 0 and the limit.
func (c *call) number(name string, fallback, limit int) (int, error) {
	text := c.query(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "The value '%s' of the parameter '%s' is not a valid number.", text, name)
	}
	return min(n, limit), nil
}

// decode reads the body. Types that do not fit are Jira's "Invalid request
// payload".
func (c *call) decode(into any) error {
	if len(bytes.TrimSpace(c.raw)) == 0 {
		return refuse(http.StatusBadRequest, "No content to map to Object due to end of input")
	}
	if json.Unmarshal(c.raw, into) != nil {
		return refusePayload()
	}
	return nil
}

// strict reads a body whose schema has additionalProperties: false.
func (c *call) strict(into any) error {
	if len(bytes.TrimSpace(c.raw)) == 0 {
		return refuse(http.StatusBadRequest, "No content to map to Object due to end of input")
	}
	if decodeStrict(c.raw, into) != nil {
		return refusePayload()
	}
	return nil
}

// decodeStrict decodes one JSON value and refuses members that are not known.
func decodeStrict(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode JSON: something follows the value")
	}
	return nil
}

// endpoint is one operation of the API. Its function runs under the state's lock
// and gives the answer's body; nil means none.
type endpoint struct {
	method string
	path   string
	status int
	// only is the deployment that has the endpoint; both if empty.
	only Deployment
	do   func(*tx, *call) (any, error)
	// reads marks a POST that changes nothing.
	reads bool
	// open endpoints answer without authentication.
	open bool
	// body marks a DELETE that has one.
	body bool
	// upload endpoints take multipart/form-data and not JSON.
	upload bool
}

func (e endpoint) writes() bool { return e.method != http.MethodGet && !e.reads }

// handler makes an endpoint serve HTTP under a version of the API.
func (s *Server) handler(e endpoint, api int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		by, err := s.authenticate(w, r, e)
		if err != nil {
			writeError(w, err)
			return
		}
		c := &call{r: r, status: e.status, header: w.Header()}
		if err := c.readBody(e); err != nil {
			writeError(w, err)
			return
		}
		body, err := s.run(e, api, by, c)
		if err != nil {
			writeError(w, err)
			return
		}
		if body == nil {
			w.WriteHeader(c.status)
			return
		}
		if blob, ok := body.(*attachment); ok {
			s.serveContent(w, r, blob)
			return
		}
		writeJSON(w, c.status, body)
	}
}

func (s *Server) run(e endpoint, api int, by *User, c *call) (any, error) {
	var body any
	fn := func(t *tx) error {
		if e.writes() && s.opts.LimitWrites {
			if err := t.underLimit(c); err != nil {
				return err
			}
		}
		var err error
		body, err = e.do(t, c)
		return err
	}
	within := s.read
	if e.writes() {
		within = s.write
	}
	err := within(by, api, fn)
	return body, err
}

// readBody takes the request's body; it has to be JSON if there is one.
func (c *call) readBody(e endpoint) error {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodDelete && !e.body {
		return nil
	}
	if err := c.readAny(); err != nil {
		return err
	}
	want := "application/json"
	if e.upload {
		want = "multipart/form-data"
	}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != want {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	return nil
}

// readAny takes the request's body, whatever it is.
func (c *call) readAny() error {
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return refuse(http.StatusBadRequest, "The request body could not be read.")
	}
	c.raw = raw
	return nil
}

// writeError answers with Jira's ErrorCollection.
func writeError(w http.ResponseWriter, err error) {
	var r *Refusal
	if !errors.As(err, &r) {
		r = refuse(http.StatusInternalServerError, "Internal server error")
	}
	if r.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `OAuth realm="https%3A%2F%2Fexample.atlassian.net"`)
	}
	writeJSON(w, r.Status, r.body())
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "encode answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
