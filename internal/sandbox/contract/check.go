package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
)

// Handler passes requests on and reports what is wrong with a request that was
// accepted, or with its answer. Refused requests may be wrong; their answers
// must be right. Report is called by the goroutine of the request.
func (c *Contract) Handler(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.covered(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		request := r.Clone(r.Context())
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if err := c.Check(request, body, answer.Code, answer.Header(), answer.Body.Bytes()); err != nil {
			report(err)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

var gateway = regexp.MustCompile(`^/ex/(jira|confluence)/[^/]+`)

// covered tells the paths that the descriptions are about.
func (c *Contract) covered(path string) bool {
	return c.about(gateway.ReplaceAllString(path, ""))
}

// Check compares one exchange with the description.
func (c *Contract) Check(r *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	path := gateway.ReplaceAllString(r.URL.EscapedPath(), "")
	where := r.Method + " " + path
	found := chi.NewRouteContext()
	if !c.mux.Match(found, r.Method, path) {
		if status < 300 {
			return fmt.Errorf("%s: the description has no such operation, and it was answered with %d", where, status)
		}
		return nil
	}
	op := c.operations[r.Method+" "+found.RoutePattern()]
	if status < 400 {
		if err := c.checkRequest(op, r, found, body); err != nil {
			return fmt.Errorf("%s: request: %w", where, err)
		}
	}
	if err := c.checkAnswer(op, status, header, answer); err != nil {
		return fmt.Errorf("%s: answer %d: %w", where, status, err)
	}
	return nil
}

// Scopes are the scopes of OAuth 2.0 that a request needs, granular ones where the
// description has both sorts; none for a request that is not described.
func (c *Contract) Scopes(r *http.Request) []string {
	found := chi.NewRouteContext()
	path := gateway.ReplaceAllString(r.URL.EscapedPath(), "")
	if !c.about(path) || !c.mux.Match(found, r.Method, path) {
		return nil
	}
	list, _ := c.operations[r.Method+" "+found.RoutePattern()].Extensions["x-atlassian-oauth2-scopes"].([]any)
	var scopes []string
	for _, one := range list { // the classic ones come first
		set, _ := one.(map[string]any)
		names, _ := set["scopes"].([]any)
		scopes = nil
		for _, name := range names {
			if text, ok := name.(string); ok {
				scopes = append(scopes, text)
			}
		}
	}
	return scopes
}

func (c *Contract) checkRequest(op *operation, r *http.Request, found *chi.Context, body []byte) error {
	params := map[string]string{}
	for at, name := range found.URLParams.Keys {
		value, err := url.PathUnescape(found.URLParams.Values[at])
		if err != nil {
			return fmt.Errorf("decode path: %w", err)
		}
		params[name] = value
	}
	known := map[string]bool{}
	for _, list := range []openapi3.Parameters{op.Parameters, op.item.Parameters} {
		for _, p := range list {
			known[p.Value.In+" "+p.Value.Name] = true
		}
	}
	for name := range r.URL.Query() {
		// The description of Data Center does not tell what can be expanded.
		if !known["query "+name] && (!c.loose || name != "expand") {
			return fmt.Errorf("the query parameter %q is not known", name)
		}
	}
	request := r.Clone(r.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	if op.RequestBody == nil && len(bytes.TrimSpace(body)) > 0 {
		return errors.New("it has a body and must not")
	}
	if err := c.checkMembers(op, r, body); err != nil {
		return err
	}
	return brief(openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, QueryParams: r.URL.Query(),
		Route: &routers.Route{Spec: op.doc, Path: found.RoutePattern(), PathItem: op.item, Method: r.Method, Operation: op.Operation},
		Options: &openapi3filter.Options{
			ExcludeReadOnlyValidations: true, SkipSettingDefaults: true, ExcludeRequestBody: strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"),
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}))
}

func (c *Contract) checkAnswer(op *operation, status int, header http.Header, answer []byte) error {
	declared := op.Responses.Status(status)
	switch {
	case declared == nil && status < 300 && !c.loose:
		return errors.New("the status is not declared")
	case len(bytes.TrimSpace(answer)) == 0 || !strings.HasPrefix(header.Get("Content-Type"), "application/json"):
		return nil
	}
	var value any
	if err := json.Unmarshal(answer, &value); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if declared == nil || declared.Value == nil {
		return nil
	}
	media := declared.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return nil
	}
	if op.strict {
		if err := members(media.Schema.Value, value, ""); err != nil {
			return err
		}
	}
	return c.fits(media.Schema.Value, value)
}

// fits checks a value. Where lists are described by their items, all of a list
// and all values of a page are checked one by one.
func (c *Contract) fits(schema *openapi3.Schema, value any) error {
	list, isList := value.([]any)
	page := ""
	if c.loose && !isList {
		for _, name := range []string{"values", "issues"} {
			inner, isPage := dig(value, name).([]any)
			if isPage && schema.Properties[name] == nil {
				list, isList, page = inner, true, name
			}
		}
	}
	if !isList || schema.Type.Is("array") || schema.Type == nil {
		return visit(schema, value)
	}
	if page == "issues" && schema.Properties["fields"] == nil {
		return nil // described as something else
	}
	for at, item := range list {
		if err := visit(schema, item); err != nil {
			return fmt.Errorf("item %d: %w", at, err)
		}
	}
	return nil
}

func visit(schema *openapi3.Schema, value any) error {
	return brief(schema.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.DisableWriteOnlyValidation()))
}

// brief leaves the schema and the value out of an error, which can be pages long.
func brief(err error) error {
	var fault *openapi3.SchemaError
	if errors.As(err, &fault) {
		return fmt.Errorf("at /%s: %s", strings.Join(fault.JSONPointer(), "/"), fault.Reason)
	}
	return err
}
