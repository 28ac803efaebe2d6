package llm_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		said("hello"), `{"error":{"message":"x","code":429}}`, `[{"error":{"code":400}}]`, `{"choices":[]}`, ``, `null`, `<html>`, `{"choices":[{}]}`,
		`{"choices":[{"message":{"tool_calls":[{"function":{"name":"t","arguments":{"a":1}},"extra_content":{"google":{"thought_signature":"S"}}}]},"finish_reason":"tool_calls"}]}`,
		`{"choices":[{"message":{"content":[{"type":"text","text":"x"}],"reasoning_details":[{}]},"finish_reason":"a\"b"}],"usage":{"prompt_tokens":1e99}}`,
		`{"choices":[{"message":{"content":"x","tool_calls":{"a":1}}}],"choices":5}`, `{"choices":[{"message":{"content":"x"}}],"Choices":[]}`, `{"choices":[{"message":{"function_call":{"name":5}}}]}`,
	} {
		f.Add(200, body)
		f.Add(500, body)
	}
	for _, body := range []string{
		saidAnyhow("x"), `{"content":[{"type":"thinking","signature":"S"},{"type":"tool_use","id":"x","name":"t","input":[1]}],"stop_reason":"tool_use","usage":{"input_tokens":1e99}}`,
		`{"content":[{"type":"text","text":"\ud800"},{"type":"tool_use"}],"stop_reason":"refusal"}`, `{"type":"error","error":{"type":"overloaded_error"}}`,
		`{"output":[{"type":"reasoning","encrypted_content":"E"},{"type":"function_call","call_id":"c","name":"t","arguments":"{"}],"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}`,
		`{"output":[{"type":"message","content":[{"refusal":"no"}]}],"status":"failed","error":null}`,
	} {
		f.Add(200, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		for _, ref := range []string{"google:gemini-3-pro-preview", "gateway:m", "anthropic:claude-sonnet-5", "openai:gpt-5.4", "openrouter:m"} {
			resp, err := fake(t, ref, answering(status, body, http.Header{})).Complete(t.Context(), hello())
			if err != nil {
				checkFuzzedError(t, err)
				continue
			}
			checkFuzzedAnswer(t, ref, resp)
		}
	})
}

func checkFuzzedError(t *testing.T, err error) {
	t.Helper()
	var e *llm.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is no *llm.Error", err, err)
	}
	if len(e.Message) > 1300 || !utf8.ValidString(e.Message) || strings.ContainsAny(e.Message, "\n\r\x00\x1b") {
		t.Errorf("the message is not fit for a log: %q", e.Message)
	}
	if e.RetryAfter < 0 || e.Usage.In < 0 || e.Usage.Out < 0 {
		t.Errorf("negative figures in %+v", e)
	}
}

// checkFuzzedAnswer checks that an answer survives the journal and can be sent
// back.
func checkFuzzedAnswer(t *testing.T, ref string, resp llm.Response) {
	t.Helper()
	raw, err := json.Marshal(resp)
	if err != nil {
		t.Fatalf("the answer cannot be kept: %v", err)
	}
	var back llm.Response
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	var sent []byte
	m := fake(t, ref, keepBody(&sent))
	if _, err := m.Complete(t.Context(), llm.Request{Messages: answerCalls(hello().Messages, back.Message)}); err != nil {
		t.Fatalf("the answer cannot be sent back: %v", err)
	}
	if !json.Valid(sent) {
		t.Errorf("what is sent back is not JSON: %s", sent)
	}
	if strings.HasPrefix(ref, "anthropic:") {
		if why := messagesTurns(gjson.ParseBytes(sent)); why != "" {
			t.Errorf("what is sent back is refused: %s: %s", why, sent)
		}
	}
}

func FuzzSanitiseSchema(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `{"type":"object","properties":{"a":{"type":["null","array"]}},"required":["a"]}`, growing(3),
		`{"$ref":"#/$defs/N","$defs":{"N":{"anyOf":[{"$ref":"#/$defs/N"},{"type":"null"}]}}}`, `{"allOf":[{"$ref":"#"}]}`,
		`{"properties":{"a":{"enum":["x",1,null]},"a":{"const":1}}}`, `{"type":"object","properties":{"a":{"minimum":1e999,"items":[]}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := llm.SanitiseSchema(raw)
		if err != nil {
			return
		}
		checkSubset(t, got)
		again, err := llm.SanitiseSchema(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("a second time: %s, %v; first %s", again, err, got)
		}
	})
}

func FuzzTranscript(f *testing.F) {
	f.Add("call_a", "tool", `{"a":1}`, "text", `{"provider":"anthropic","model":"m","prefix":"x","items":[{"type":"tool_use","id":"call_a"}]}`)
	f.Add("call_a", "tool", `{"a":1}`, "text", `{"provider":"openai","model":"gpt-5.4","items":[{"call_id":"call_a"}]}`)
	f.Add("call_a", "tool", `{"a":1}`, "text", `{"provider":"google","calls":[{"extra_content":{"google":{"thought_signature":"S"}}}]}`)
	f.Add("", "", ``, "", `{"provider":"google","message":{"extra_content":5},"calls":[null,{}]}`)
	f.Add("\"}", "a.b", `{"x":"\u0000"}`, "\xff", `{`)
	f.Fuzz(func(t *testing.T, id, name, args, text, state string) {
		for _, ref := range []string{"google:gemini-3-pro-preview", "mistral:m", "anthropic:m", "openai:gpt-5.4"} {
			var sent []byte
			_, err := fake(t, ref, keepBody(&sent)).Complete(t.Context(), llm.Request{Messages: []llm.Message{
				{Role: llm.User, Text: text},
				{Role: llm.Assistant, ToolCalls: []llm.ToolCall{{ID: id, Name: name, Args: []byte(args)}}, ProviderState: []byte(state)},
				{Role: llm.ToolRole, ToolCallID: id, ToolName: name, Text: text},
			}})
			if err != nil {
				checkFuzzedError(t, err)
				continue
			}
			if !json.Valid(sent) {
				t.Errorf("%s is sent what is not JSON: %s", ref, sent)
			}
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"google:gemini-2.5-flash", "ollama:a:b", ":", "", "a:", "\xff:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		provider, model, err := llm.ParseRef(ref)
		if err == nil && provider+":"+model != ref {
			t.Errorf("%q became %q and %q", ref, provider, model)
		}
	})
}

// A crasher that was found stays a seed, in the form that go test reads.
func TestSeedsOfTheFuzzTestsAreKept(t *testing.T) {
	found, err := filepath.Glob(filepath.Join("testdata", "fuzz", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if body, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(body), "go test fuzz v1") {
			t.Errorf("%s is no seed: %v", path, err)
		}
	}
}
