package llm

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestVersionsAreReadFromNames(t *testing.T) {
	tests := []struct {
		name         string
		major, minor int
	}{
		{"gpt-5", 5, 0},
		{"gpt-5-mini", 5, 0},
		{"gpt-5.4", 5, 4},
		{"gpt-5.4-mini-2026-03-17", 5, 4},
		{"gpt-6.1-sol", 6, 1},
		{"gpt-10.12", 10, 12},
		{"gpt-4o", 0, 0},
		{"gpt-4.1", 4, 1},
		{"gpt-5.x", 0, 0},
		{"gpt-", 0, 0},
		{"gpt-99999999999999999999", 0, 0},
		{"my-gpt-5", 0, 0},
		{"openai/gpt-5", 0, 0},
		{"", 0, 0},
	}
	for _, tt := range tests {
		if major, minor := gptVersion(tt.name); major != tt.major || minor != tt.minor {
			t.Errorf("%s is %d.%d, want %d.%d", tt.name, major, minor, tt.major, tt.minor)
		}
	}
}

func TestReasoningModelsAreKnownByName(t *testing.T) {
	for name, want := range map[string]bool{
		"o1": true, "o1-mini": true, "o3": true, "o3-pro": true, "o4-mini": true, "o10": false, "o": false, "omni-moderation": false,
		"gpt-5": true, "gpt-5-nano": true, "gpt-5.1": true, "gpt-6-sol": true, "gpt-5-chat-latest": false, "gpt-5.1-chat-latest": false,
		"gpt-4.1": false, "gpt-4o": false, "chatgpt-4o-latest": false, "ft:gpt-4.1:acme": false, "": false,
	} {
		if got := reasons(name); got != want {
			t.Errorf("reasons(%q) = %t", name, got)
		}
	}
}

func TestOnlyOpenAIsOwnAddressHasItsRules(t *testing.T) {
	for url, want := range map[string]bool{
		"https://api.openai.com/v1": true, "https://eu.api.openai.com/v1": true, "http://localhost:4000/v1": false,
		"https://api.openai.com.evil.test/v1": false, "://": false,
	} {
		if got := atOpenAI(url); got != want {
			t.Errorf("atOpenAI(%q) = %t", url, got)
		}
	}
}

func TestDatesAreCutOffNames(t *testing.T) {
	for name, want := range map[string]string{
		"gpt-4.1-2025-04-14": "gpt-4.1", "claude-haiku-4-5-20251001": "claude-haiku-4-5", "gpt-4.1": "gpt-4.1",
		"claude-opus-4-1": "claude-opus-4-1", "m-20251399": "m-20251399", "-20251001": "-20251001", "2025-04-14": "2025-04-14", "": "",
	} {
		if got := undated(name); got != want {
			t.Errorf("undated(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestTheNearestNameIsOneThatMayBeMeant(t *testing.T) {
	names := []string{"anthropic", "google", "groq", "ollama", "openai"}
	for name, want := range map[string]string{
		"opnai": "openai", "openia": "openai", "OpenAI": "openai", "antropic": "anthropic", "lama": "ollama", "grok": "groq",
		"vertex": "google", "gpt": "openai", "x": "", "": "", "completely-else": "", strings.Repeat("a", 1000): "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", name, got, want)
		}
	}
}

func TestForeignTextIsMadeFitForALog(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		" a\n\tb\r\n c ":           "a b c",
		"a\x00b\x1b[0mc\u200bd":    "ab[0mcd",
		"\xff\xfea":                "a",
		"\u202eabc":                "abc",
		"naïve – „Größe“ 日本":       "naïve – „Größe“ 日本",
		strings.Repeat("x", 99999): strings.Repeat("x", maxMessage) + "…",
	} {
		if got := tidy(in); got != want {
			t.Errorf("tidy(%.30q) = %.60q, want %.60q", in, got, want)
		}
	}
	if got := tidy(strings.Repeat("ü", 9999)); !utf8.ValidString(got) {
		t.Error("a letter is cut in two")
	}
}

func TestArgumentsAreSentBackAsObjectsOnly(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`: `{"a":1}`, ` {"a": 1} `: `{"a": 1}`, ``: `{}`, `null`: `{}`, `[1]`: `{}`, `"x"`: `{}`, `5`: `{}`, `{"a":`: `{}`, `{}{}`: `{}`,
	} {
		if got := wireArgs(json.RawMessage(in)); got != want {
			t.Errorf("wireArgs(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestAPatchKeepsWhatItDoesNotKnow(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"a \"tools\": {} b"},{"role":"assistant","tool_calls":[{"id":"1"},{"id":"2"}],"content":"x"}],"stream":false,"tools":[{"function":{"name":"a","parameters":{"type":"object","properties":{}}}}]}`
	tests := []struct {
		name  string
		patch patch
		want  string
	}{
		{"nothing", patch{}, `{"model":"m","stream":false,"tools":[{"function":{"name":"a","parameters":{"type":"object","properties":{}}}}],"messages":[{"role":"user","content":"a \"tools\": {} b"},{"role":"assistant","tool_calls":[{"id":"1"},{"id":"2"}],"content":"x"}]}`},
		{"figures", patch{temperature: new(float64), maxTokens: 7, maxTokensField: "max_tokens", dropEmptyParameters: true},
			`{"model":"m","stream":false,"tools":[{"function":{"name":"a"}}],"temperature":0,"max_tokens":7,"messages":[{"role":"user","content":"a \"tools\": {} b"},{"role":"assistant","tool_calls":[{"id":"1"},{"id":"2"}],"content":"x"}]}`},
		{"messages", patch{messages: map[int]messagePatch{1: {
			fields: fields{"z": json.RawMessage(`1`), "a": json.RawMessage(`{"b":[]}`)},
			calls:  []fields{nil, {"s": json.RawMessage(`"t"`)}, {"never": json.RawMessage(`1`)}},
		}, 9: {fields: fields{"never": json.RawMessage(`1`)}}}},
			`{"model":"m","stream":false,"tools":[{"function":{"name":"a","parameters":{"type":"object","properties":{}}}}],"messages":[{"role":"user","content":"a \"tools\": {} b"},{"role":"assistant","tool_calls":[{"id":"1"},{"id":"2","s":"t"}],"content":"x","a":{"b":[]},"z":1}]}`},
	}
	for _, tt := range tests {
		got := string(tt.patch.apply([]byte(body)))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: not JSON: %s", tt.name, got)
		}
	}
}

func TestTheSchemaCacheIsBoundedAndShared(t *testing.T) {
	c := newSchemaCache()
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range maxSchemas / 2 {
				raw := json.RawMessage(fmt.Sprintf(`{"type":"object","properties":{"p%d":{}}}`, g*i))
				got, err := c.sanitise(raw)
				want := fmt.Sprintf(`{"type":"object","properties":{"p%d":{"type":"string"}}}`, g*i)
				if err != nil || string(got) != want {
					t.Errorf("%s, %v, want %s", got, err, want)
				}
			}
		})
	}
	wait.Wait()
	if n := len(c.done); n == 0 || n > maxSchemas {
		t.Errorf("the cache holds %d", n)
	}
	if _, err := c.sanitise(json.RawMessage(`[]`)); err == nil {
		t.Error("a bad schema is taken")
	}
}

func FuzzCleanBaseURL(f *testing.F) {
	for _, s := range []string{"http://x/v1", "https://x/v1/chat/completions/", "ftp://x", "http://u:p@x", "http://x?y#z", "://", "\x00", "http://[::1]:80/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := cleanBaseURL(raw)
		if err != nil {
			return
		}
		again, err := cleanBaseURL(got)
		if err != nil || !strings.HasPrefix(got, "http") || strings.HasSuffix(got, "/") || len(again) > len(got) {
			t.Errorf("%q became %q, then %q, %v", raw, got, again, err)
		}
	})
}

func FuzzReadErrBody(f *testing.F) {
	for _, s := range []string{`{"error":{"message":["a"],"code":"x","details":[{"retryDelay":"1s","reason":"R"}]}}`, `[{"error":"x"}]`, `[[]]`, `"x"`, `<title>x</title>`, `{"detail":[{"msg":"m"},5]}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said := readErrBody(body)
		if len(said.message) > maxMessage+len("…") || !utf8.ValidString(said.message) || said.retryAfter < 0 || said.retryAfter > maxWait {
			t.Errorf("%+v", said)
		}
		for _, status := range []int{200, 400, 429, 500} {
			if said.kind(status) == "" {
				t.Errorf("no kind for %d", status)
			}
		}
	})
}
