package confluence

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// call is one REST request on its way to an endpoint.
type call struct {
	r      *http.Request
	status int
	header http.Header
	raw    []byte
	api    int
}

// path is a part of the path by its name in the route.
func (c *call) path(name string) string {
	value, err := url.PathUnescape(chi.URLParam(c.r, name))
	if err != nil {
		return ""
	}
	return value
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// values are a parameter's, given several times or with commas.
func (c *call) values(name string) []string {
	var out []string
	for _, list := range c.r.URL.Query()[name] {
		for value := range strings.SplitSeq(list, ",") {
			if value = strings.TrimSpace(value); value != "" {
				out = append(out, value)
			}
		}
	}
	return out
}

// expands tells whether the expand parameter names something, or something below.
func (c *call) expands(what string) bool {
	return slices.ContainsFunc(c.values("expand"), func(name string) bool { return name == what || strings.HasPrefix(name, what+".") })
}

// flag reads a parameter that is true or false.
func (c *call) flag(name string) bool { return c.query(name) == "true" }

// number reads a numeric parameter.
func (c *call) number(name string, fallback int) (int, error) {
	text := c.query(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "Provided value {%s} for '%s' is not the correct type. Expected type is int", text, name)
	}
	return n, nil
}

// decode reads the body.
func (c *call) decode(into any) error {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	if len(bytes.TrimSpace(c.raw)) == 0 {
		return refuse(http.StatusBadRequest, "A request body is required")
	}
	if json.Unmarshal(c.raw, into) != nil {
		return refuse(http.StatusBadRequest, "The request body could not be read as JSON of the expected form")
	}
	return nil
}

// window is a part of a list.
type window struct{ start, limit int }

// of cuts the part out of a list of n items.
func (w window) of(n int) (from, to int) {
	from = min(w.start, n)
	return from, min(from+w.limit, n)
}

// cursorWindow reads limit and cursor of version 2.
func (c *call) cursorWindow(fallback int) (window, error) {
	limit, err := c.number("limit", fallback)
	if err != nil {
		return window{}, err
	}
	if limit < 1 || limit > 250 {
		return window{}, refuse(http.StatusBadRequest, "Provided value {%d} for 'limit' must be between 1 and 250", limit)
	}
	start, err := c.cursor()
	return window{start, limit}, err
}

// cursorMark makes cursors opaque, and cursors of others useless.
const cursorMark = "sandbox-at-"

func (c *call) cursor() (int, error) {
	text := c.query("cursor")
	if text == "" {
		return 0, nil
	}
	raw, err := base64.URLEncoding.DecodeString(text)
	at, ok := strings.CutPrefix(string(raw), cursorMark)
	n, notNumber := strconv.Atoi(at)
	if err != nil || !ok || notNumber != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "Provided cursor is not valid")
	}
	return n, nil
}

func cursorAt(n int) string {
	return base64.URLEncoding.EncodeToString([]byte(cursorMark + strconv.Itoa(n)))
}

// startWindow reads start and limit of version 1.
func (c *call) startWindow(fallback, most int) (window, error) {
	limit, err := c.number("limit", fallback)
	if err != nil {
		return window{}, err
	}
	start, err := c.number("start", 0)
	return window{start, min(limit, most)}, err
}

// next is the path and query of the part after this one.
func (c *call) next(name, value string) string {
	q := c.r.URL.Query()
	q.Set(name, value)
	return c.r.URL.Path + "?" + q.Encode()
}

// listV2 is a part of a list as version 2 has it.
func listV2[T any](t *tx, c *call, items []T, render func(T) obj) (any, error) {
	w, err := c.cursorWindow(25)
	if err != nil {
		return nil, err
	}
	from, to := w.of(len(items))
	out := []obj{}
	for _, item := range items[from:to] {
		out = append(out, render(item))
	}
	links := obj{"base": t.web}
	if to < len(items) {
		next := c.next("cursor", cursorAt(to))
		links["next"] = next
		c.header.Set("Link", "<"+next+`>; rel="next"`)
	}
	return obj{"results": out, "_links": links}, nil
}

// listV1 is a part of a list as version 1 has it.
func listV1[T any](t *tx, c *call, items []T, fallback int, render func(T) obj) (any, error) {
	w, err := c.startWindow(fallback, 200)
	if err != nil {
		return nil, err
	}
	from, to := w.of(len(items))
	out := []obj{}
	for _, item := range items[from:to] {
		out = append(out, render(item))
	}
	links := obj{"base": t.web, "context": "", "self": t.web + c.r.URL.Path}
	if to < len(items) {
		links["next"] = c.next("start", strconv.Itoa(to))
	}
	return obj{"results": out, "start": w.start, "limit": w.limit, "size": len(out), "_links": links}, nil
}
