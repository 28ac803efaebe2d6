package llm_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering gives a transport that answers everything with one body.
func answering(status int, body string, header http.Header) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		if header == nil {
			header = http.Header{"Content-Type": {"application/json"}}
		}
		return &http.Response{
			StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r,
		}, nil
	}
}

// recorder is a server that keeps the requests and answers by a function.
type recorder struct {
	*httptest.Server
	mu      sync.Mutex
	bodies  [][]byte
	headers []http.Header
	paths   []string
}

func record(t *testing.T, answer func(body []byte, w http.ResponseWriter)) *recorder {
	t.Helper()
	rec := &recorder{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		rec.mu.Lock()
		rec.bodies, rec.headers, rec.paths = append(rec.bodies, body), append(rec.headers, r.Header.Clone()), append(rec.paths, r.URL.Path)
		rec.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		answer(body, w)
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (r *recorder) last(t *testing.T) map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var v map[string]any
	if len(r.bodies) == 0 {
		t.Fatal("no request was sent")
	}
	if err := json.Unmarshal(r.bodies[len(r.bodies)-1], &v); err != nil {
		t.Fatalf("the request is not JSON: %v", err)
	}
	return v
}

// open makes a model of a provider of a kind, at a base URL.
func open(t *testing.T, kind, model, baseURL string, opts llm.Options) llm.Model {
	t.Helper()
	cfg := llm.ProviderConfig{Name: kind, BaseURL: baseURL, APIKey: "test-key-1234"}
	switch {
	case kind == "gateway":
		cfg.Type, cfg.APIKey = "openai-compatible", ""
	case kind == "responses":
		cfg.Type, cfg.API = "openai", "responses"
	case strings.HasPrefix(kind, "azure-"):
		cfg.Type, cfg.APIVersion = "azure", strings.TrimPrefix(kind, "azure-")
	}
	p, err := llm.NewProviders([]llm.ProviderConfig{cfg}, opts)
	if err != nil {
		t.Fatalf("make providers: %v", err)
	}
	m, err := p.Open(kind + ":" + model)
	if err != nil {
		t.Fatalf("open model: %v", err)
	}
	return m
}

// fake makes a model whose answers come from a transport.
func fake(t *testing.T, ref string, transport http.RoundTripper) llm.Model {
	t.Helper()
	p, err := llm.NewProviders(
		[]llm.ProviderConfig{{Name: "gateway", Type: "openai-compatible", BaseURL: "http://gateway.test/v1"}},
		llm.Options{Transport: transport, Getenv: allKeys("secret-key-42")},
	)
	if err != nil {
		t.Fatalf("make providers: %v", err)
	}
	m, err := p.Open(ref)
	if err != nil {
		t.Fatalf("open model: %v", err)
	}
	return m
}

// allKeys is an environment in which every provider has the same key.
func allKeys(key string) func(string) string {
	return func(name string) string {
		if strings.HasSuffix(name, "_API_KEY") {
			return key
		}
		return ""
	}
}

// hello is the smallest request.
func hello() llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "hello"}}}
}

// said is the body of a plain answer.
func said(text string) string {
	return `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":` +
		quote(text) + `},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}`
}

// saidAnyhow is a plain answer that each of the APIs takes for its own.
func saidAnyhow(text string) string {
	return strings.TrimSuffix(said(text), `}}`) + `,"input_tokens":10,"output_tokens":2},"content":[{"type":"text","text":` + quote(text) +
		`}],"stop_reason":"end_turn","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":` + quote(text) + `}]}]}`
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func ptr[T any](v T) *T { return &v }

// afterTool is a conversation in which a tool was called and has answered.
func afterTool(args, result string, state json.RawMessage) []llm.Message {
	return []llm.Message{
		{Role: llm.User, Text: "triage PROJ-1"},
		{
			Role: llm.Assistant, ProviderState: state,
			ToolCalls: []llm.ToolCall{{ID: "call_a", Name: "jira_get_issue", Args: json.RawMessage(args)}},
		},
		{Role: llm.ToolRole, ToolCallID: "call_a", ToolName: "jira_get_issue", Text: result},
	}
}

// tool describes a tool with one argument.
func tool(name string) llm.ToolSpec {
	return llm.ToolSpec{
		Name: name, Description: "Does " + name + ".",
		Parameters: json.RawMessage(`{"type":"object","properties":{"issue_key":{"type":"string"}},"required":["issue_key"]}`),
	}
}

// roundTripURL answers and notes where a request went.
func roundTripURL(to *string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		*to = r.URL.String()
		return answering(200, saidAnyhow("ok"), nil)(r)
	}
}

// roundTripAuth answers and notes how a request authorised itself.
func roundTripAuth(to *[]string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		*to = r.Header.Values("Authorization")
		for _, name := range []string{"x-api-key", "api-key"} {
			for _, value := range r.Header.Values(name) {
				*to = append(*to, name+" "+value)
			}
		}
		return answering(200, saidAnyhow("ok"), nil)(r)
	}
}

// keepBody answers and keeps what was sent.
func keepBody(to *[]byte) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		*to = body
		return answering(200, saidAnyhow("ok"), nil)(r)
	}
}
