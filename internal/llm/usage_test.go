package llm_test

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

// Providers put what a call took into many places.
func TestUsageIsFoundWhereverItIs(t *testing.T) {
	chat := func(usage string) string {
		return strings.Replace(said("x"), `"prompt_tokens":10,"completion_tokens":2,"total_tokens":12`, usage, 1)
	}
	response := func(usage string) string { return `{"status":"completed","output":[],"usage":` + usage + `}` }
	message := func(usage string) string { return `{"content":[],"stop_reason":"end_turn","usage":` + usage + `}` }
	tests := []struct {
		name, provider, body string
		want                 llm.Usage
	}{
		{"OpenAI", "openai", chat(`"prompt_tokens":100,"completion_tokens":9,"total_tokens":109,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":5}`),
			llm.Usage{In: 100, CachedIn: 64, Out: 9}},
		{"OpenAI, cache writes", "openai", chat(`"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":80}`),
			llm.Usage{In: 100, CachedIn: 10, CacheWriteIn: 80, Out: 9}},
		{"Gemini's thinking is in the total only", "google", chat(`"prompt_tokens":20,"completion_tokens":3,"total_tokens":63`), llm.Usage{In: 20, Out: 43}},
		{"DeepSeek", "gateway", chat(`"prompt_tokens":100,"completion_tokens":9,"prompt_cache_hit_tokens":30,"prompt_cache_miss_tokens":70`), llm.Usage{In: 100, CachedIn: 30, Out: 9}},
		{"Moonshot", "gateway", chat(`"prompt_tokens":100,"completion_tokens":9,"cached_tokens":30`), llm.Usage{In: 100, CachedIn: 30, Out: 9}},
		{"Groq's second place", "groq", `{"choices":[{"message":{"content":"x"}}],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":6}}}`, llm.Usage{In: 5, Out: 6}},
		{"in the choice", "gateway", `{"choices":[{"message":{"content":"x"},"usage":{"prompt_tokens":5,"completion_tokens":6}}],"usage":null}`, llm.Usage{In: 5, Out: 6}},
		{"vLLM without details", "gateway", chat(`"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":null`), llm.Usage{In: 5, Out: 6}},
		{"none", "gateway", `{"choices":[{"message":{"content":"x"}}]}`, llm.Usage{}},
		{"a response", "responses", response(`{"input_tokens":100,"input_tokens_details":{"cached_tokens":40,"cache_write_tokens":20},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":8},"total_tokens":109}`),
			llm.Usage{In: 100, CachedIn: 40, CacheWriteIn: 20, Out: 9}},
		{"a response without", "responses", response(`null`), llm.Usage{}},
		{"a message", "anthropic", message(`{"input_tokens":7,"cache_creation_input_tokens":20,"cache_read_input_tokens":73,"output_tokens":9}`),
			llm.Usage{In: 100, CachedIn: 73, CacheWriteIn: 20, Out: 9}},
		{"a message, no cache", "anthropic", message(`{"input_tokens":7,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":9}`), llm.Usage{In: 7, Out: 9}},
		{"a message that lies", "anthropic", message(`{"input_tokens":-7,"cache_read_input_tokens":1e300,"cache_creation_input_tokens":1e300,"output_tokens":"9"}`),
			llm.Usage{In: 1_000_000_000, CachedIn: 1_000_000_000, Out: 9}},
		{"a message without", "anthropic", `{"content":[]}`, llm.Usage{}},
	}
	for _, tt := range tests {
		resp, err := open(t, tt.provider, "m", "http://x.test", llm.Options{Transport: answering(200, tt.body, nil)}).Complete(t.Context(), hello())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if resp.Usage != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, resp.Usage, tt.want)
		}
	}
}

// Why an answer ended has a name of its own in each API.
func TestWhyAnAnswerEndedIsTold(t *testing.T) {
	tests := []struct {
		provider, body string
		stop           llm.Stop
	}{
		{"openai", strings.Replace(said("x"), `"stop"`, `"length"`, 1), llm.StopLength},
		{"google", strings.Replace(said("x"), `"stop"`, `"MAX_TOKENS"`, 1), llm.StopLength},
		{"mistral", strings.Replace(said("x"), `"stop"`, `"model_length"`, 1), llm.StopLength},
		{"azure", strings.Replace(said("x"), `"stop"`, `"content_filter"`, 1), llm.StopContent},
		{"google", strings.Replace(said("x"), `"stop"`, `"RECITATION"`, 1), llm.StopContent},
		{"openai", said("x"), llm.StopEnd},
		{"anthropic", `{"content":[{"type":"text","text":"x"}],"stop_reason":"max_tokens"}`, llm.StopLength},
		{"anthropic", `{"content":[{"type":"text","text":"x"}],"stop_reason":"model_context_window_exceeded"}`, llm.StopLength},
		{"anthropic", `{"content":[{"type":"text","text":"x"}],"stop_reason":"refusal"}`, llm.StopContent},
		{"anthropic", `{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}`, llm.StopEnd},
		{"responses", `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}`, llm.StopLength},
		{"responses", `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}`, llm.StopContent},
		{"responses", `{"status":"completed","output":[{"type":"message","content":"x"}]}`, llm.StopEnd},
	}
	for _, tt := range tests {
		resp, err := open(t, tt.provider, "m", "http://x.test", llm.Options{Transport: answering(200, tt.body, nil)}).Complete(t.Context(), hello())
		if err != nil || resp.Stop != tt.stop || resp.Truncated != (tt.stop != llm.StopEnd) || resp.Message.Text != "x" {
			t.Errorf("%s %s: %+v, %v", tt.provider, tt.body, resp, err)
		}
	}
}

func TestARefusalWithoutATextIsAnErrorThatWasBilled(t *testing.T) {
	for provider, body := range map[string]string{
		"anthropic": `{"content":[],"stop_reason":"refusal","usage":{"input_tokens":1000,"output_tokens":0}}`,
		"responses": `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[{"type":"reasoning"}],"usage":{"input_tokens":1000}}`,
	} {
		_, err := open(t, provider, "m", "http://x.test", llm.Options{Transport: answering(200, body, nil)}).Complete(t.Context(), hello())
		if e := wantError(t, err, llm.KindContent, 200, false, ""); e.Usage.In != 1000 {
			t.Errorf("%s: usage %+v", provider, e.Usage)
		}
	}
	body := `{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"I cannot do that."}]}]}`
	resp, err := open(t, "responses", "m", "http://x.test", llm.Options{Transport: answering(200, body, nil)}).Complete(t.Context(), hello())
	if err != nil || resp.Message.Text != "I cannot do that." {
		t.Errorf("a refusal in words: %+v, %v", resp, err)
	}
}

func TestAnAnswerWithoutAModelsNameHasTheOneThatWasAsked(t *testing.T) {
	for provider, body := range map[string]string{
		"openai": `{"choices":[{"message":{"content":"x"}}]}`, "responses": `{"output":[]}`, "anthropic": `{"content":[]}`,
	} {
		resp, err := open(t, provider, "m", "http://x.test", llm.Options{Transport: answering(200, body, nil)}).Complete(t.Context(), hello())
		if err != nil || resp.Model != "m" || resp.Ref != provider+":m" {
			t.Errorf("%s: %+v, %v", provider, resp, err)
		}
	}
}
