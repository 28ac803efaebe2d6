package model_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// start serves a scripted model over HTTP.
func start(t *testing.T, opts model.Options) (*model.Server, string) {
	t.Helper()
	s, err := model.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// rules parses rules that have to be good.
func rules(t *testing.T, text string) *model.Rules {
	t.Helper()
	r, err := model.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// client opens the model as the daemon does.
func client(t *testing.T, url, key string) llm.Model {
	t.Helper()
	p, err := llm.NewProviders([]llm.ProviderConfig{{Name: "sandbox", Type: "openai-compatible", BaseURL: url + "/v1", APIKey: key}}, llm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open("sandbox:script")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// post sends a body and gives the status, the error message and the body.
func post(t *testing.T, url, body string) (int, string, string) {
	t.Helper()
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) (int, string, string) {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Error struct {
			Message, Type string
			Code          *string
		}
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("the answer is not JSON: %s", raw)
	}
	if resp.StatusCode >= 400 && (v.Error.Message == "" || v.Error.Type == "") {
		t.Errorf("status %d without an error in OpenAI's form: %s", resp.StatusCode, raw)
	}
	return resp.StatusCode, v.Error.Message, string(raw)
}

// specs describes tools by their names.
func specs(names ...string) []llm.ToolSpec {
	var out []llm.ToolSpec
	for _, n := range names {
		out = append(out, llm.ToolSpec{Name: n, Description: "Does " + n + ".", Parameters: json.RawMessage(`{"type":"object"}`)})
	}
	return out
}

// converse lets the model work until it has a final text. Each call is answered
// by result; the calls come back as "tool {args}".
func converse(t *testing.T, m llm.Model, req llm.Request, result func(llm.ToolCall) string) (calls []string, final string) {
	t.Helper()
	for range 20 {
		resp, err := m.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Model != model.Name {
			t.Fatalf("the model says it is %q", resp.Model)
		}
		req.Messages = append(req.Messages, resp.Message)
		if len(resp.Message.ToolCalls) == 0 {
			return calls, resp.Message.Text
		}
		for _, c := range resp.Message.ToolCalls {
			calls = append(calls, c.Name+" "+string(c.Args))
			req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, ToolName: c.Name, Text: result(c)})
		}
	}
	t.Fatalf("no end after 20 answers: %s", strings.Join(calls, "; "))
	return nil, ""
}

func done(llm.ToolCall) string { return "done" }
