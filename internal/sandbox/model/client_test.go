package model_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// inProcess opens a provider of a kind whose calls go straight into a handler.
func inProcess(t *testing.T, kind string, s http.Handler) llm.Model {
	t.Helper()
	cfg := llm.ProviderConfig{Name: kind, BaseURL: "http://sandbox.test/v1", APIKey: "key"}
	if kind == "sandbox" {
		cfg.Type = "openai-compatible"
	}
	p, err := llm.NewProviders([]llm.ProviderConfig{cfg}, llm.Options{Transport: serving{s}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open(kind + ":m")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// transcripts are conversations with what models and tools do wrong in them.
func transcripts() map[string][]llm.Message {
	user := llm.Message{Role: llm.User, Text: "x"}
	turn := func(id, name, args, result string) []llm.Message {
		return []llm.Message{
			{Role: llm.Assistant, ToolCalls: []llm.ToolCall{{ID: id, Name: name, Args: json.RawMessage(args)}}},
			{Role: llm.ToolRole, ToolCallID: id, ToolName: name, Text: result},
		}
	}
	return map[string][]llm.Message{
		"plain":              {user},
		"empty user":         {{Role: llm.User}},
		"empty answer":       {user, {Role: llm.Assistant}, user},
		"empty result":       append([]llm.Message{user}, turn("a", "t", `{}`, "")...),
		"no arguments":       append([]llm.Message{user}, turn("a", "t", ``, "r")...),
		"text for arguments": append([]llm.Message{user}, turn("a", "t", `"issue PROJ-1"`, "r")...),
		"half arguments":     append([]llm.Message{user}, turn("a", "t", `{"a":`, "r")...),
		"invented name":      append([]llm.Message{user}, turn("a", "functions.t t", `{}`, "no such tool")...),
		"no name":            append([]llm.Message{user}, turn("a", "", `{}`, "no such tool")...),
		"long id":            append([]llm.Message{user}, turn(strings.Repeat("x", 500), "t", `{}`, "r")...),
		"state of others":    {user, {Role: llm.Assistant, Text: "y", ProviderState: json.RawMessage(`{"provider":"google","message":{"extra_content":1}}`)}, user},
	}
}

// The sandbox is as strict as a real provider, so that what passes it would pass
// there.
func TestWhatTheClientSendsPassesTheStrictChecks(t *testing.T) {
	s, err := model.New(model.Options{Rules: rules(t, `rules: [{say: ok}]`), APIKey: "key"})
	if err != nil {
		t.Fatal(err)
	}
	odd := []llm.ToolSpec{
		{Name: "a"},
		{Name: "b", Description: "B", Parameters: json.RawMessage(`{"$schema":"x","properties":{"p":{"type":["null","array"]},"q":{"anyOf":[{"type":"null"},{"type":"integer"}]}},"required":["p","zz"]}`)},
		{Name: "c", Parameters: json.RawMessage(`{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"properties":{"n":{"$ref":"#/$defs/N"}}}}}`)},
	}
	for _, kind := range []string{"openai", "sandbox", "mistral", "groq"} {
		m := inProcess(t, kind, s)
		for name, messages := range transcripts() {
			temperature := 0.0
			req := llm.Request{System: "s", Messages: messages, Tools: odd, Temperature: &temperature, MaxTokens: 10}
			resp, err := m.Complete(t.Context(), req)
			if err != nil || resp.Message.Text != "ok" {
				t.Errorf("%s, %s: %+v, %v", kind, name, resp, err)
			}
		}
	}
}

func TestWhatTheScriptRefusesIsNotTriedAgain(t *testing.T) {
	s, err := model.New(model.Options{Models: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = inProcess(t, "sandbox", s).Complete(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}})
	var e *llm.Error
	if !errors.As(err, &e) || e.Kind != llm.KindNotFound || e.Status != http.StatusNotFound || e.Temporary() {
		t.Errorf("%v", err)
	}
}

func TestManyRunsAtOnceAreAnsweredEachByItself(t *testing.T) {
	s, err := model.New(model.Options{LogSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	m := inProcess(t, "sandbox", s)
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			key := fmt.Sprintf("PROJ-%d", i)
			req := llm.Request{System: triage, Tools: specs("jira_add_labels"), Messages: issueData(key, "Login is broken", "-")}
			for range 2 {
				resp, err := m.Complete(t.Context(), req)
				if err != nil {
					t.Error(err)
					return
				}
				text := resp.Message.Text
				req.Messages = append(req.Messages, resp.Message)
				for _, c := range resp.Message.ToolCalls {
					text += string(c.Args)
					req.Messages = append(req.Messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, ToolName: c.Name, Text: "done"})
				}
				if !strings.Contains(text, key+`"`) && !strings.Contains(text, key+":") {
					t.Errorf("%s was answered %s", key, text)
				}
			}
		})
	}
	wait.Wait()
	if n := len(s.Requests()); n != 10 {
		t.Errorf("the log holds %d", n)
	}
}

// A transcript that came from anywhere must not make the client send what the
// server cannot read.
func FuzzClientAgainstServer(f *testing.F) {
	f.Add("s", "u", "call_1", "t", `{"a":1}`, "r", `{"type":"object","properties":{"a":{"type":"string"}}}`)
	f.Add("", "", "", "", "", "", "")
	f.Add("\xff", "\u0000", "\"", "ü", `{"a":"\ud800"}`, "\\", `{"properties":{"a":{"enum":[""]}}}`)
	s, err := model.New(model.Options{LogSize: -1})
	if err != nil {
		f.Fatal(err)
	}
	p, err := llm.NewProviders([]llm.ProviderConfig{{Name: "sandbox", Type: "openai-compatible", BaseURL: "http://sandbox.test"}}, llm.Options{Transport: serving{s}})
	if err != nil {
		f.Fatal(err)
	}
	m, err := p.Open("sandbox:m")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, system, user, id, name, args, result, schema string) {
		_, err := m.Complete(t.Context(), llm.Request{
			System: system, Tools: []llm.ToolSpec{{Name: "t", Description: user, Parameters: json.RawMessage(schema)}},
			Messages: []llm.Message{
				{Role: llm.User, Text: user},
				{Role: llm.Assistant, Text: result, ToolCalls: []llm.ToolCall{{ID: id, Name: name, Args: json.RawMessage(args)}}},
				{Role: llm.ToolRole, ToolCallID: id, ToolName: name, Text: result},
			},
		})
		var e *llm.Error
		if err != nil && (!errors.As(err, &e) || e.Status != 0) {
			t.Errorf("the server refuses what the client sends: %v", err)
		}
	})
}
