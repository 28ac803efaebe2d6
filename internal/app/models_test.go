package app

import (
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
)

// An agent finds out at the start what its models lack, not in its first run.
func TestWhatAnAgentsModelsLackIsToldAtTheStart(t *testing.T) {
	tests := []struct{ name, models, agent, want string }{
		{"nothing", "", "", ""},
		{"a fallback's key", "", `, fallbacks: ["ollama:m", "anthropic:claude-haiku-4-5"]`, "agent a: open model \"anthropic:claude-haiku-4-5\": no key: set ANTHROPIC_API_KEY"},
		{"the key of a fallback of the model", "    fallbacks: {\"google:gemini-2.5-flash\": [\"openai:gpt-4.1\"]}\n", "",
			"agent a: fallback of model google:gemini-2.5-flash: open model \"openai:gpt-4.1\": no key: set OPENAI_API_KEY"},
		{"Azure's address", "    providers: {azure: {api_key_env: GOOGLE_API_KEY}}\n", `, fallbacks: ["azure:gpt"]`, "agent a: open model \"azure:gpt\": no address: set base_url"},
		{"a fallback that is there", "    fallbacks: {\"google:gemini-2.5-flash\": [\"ollama:m\"]}\n", `, fallbacks: ["ollama:n"]`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t, server+withJira+"  models:\n    prices: {}\n"+tt.models, map[string]string{
				"agents/a.yaml": strings.Replace(oneAgent, "instructions", "description: x"+tt.agent+", instructions", 1)})
			_, err := p.open(t)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want …%s…", err, tt.want)
			}
		})
	}
	p := newPlace(t, server+withJira, map[string]string{"agents/a.yaml": "kind: Agent\nmetadata: {name: a}\nspec: {model: \"openai:gpt-5-mini\", temperature: 0.2, instructions: x}\n"})
	p.env["OPENAI_API_KEY"] = "k"
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "agent a: call model openai:gpt-5-mini: invalid: this model takes no temperature: leave it out of the agent") {
		t.Errorf("a temperature that is refused: %v", err)
	}
}

func TestProvidersAreMadeAsTheyAreConfigured(t *testing.T) {
	p := newPlace(t, server+withJira+`  models:
    providers: {local: {type: openai-compatible, base_url: "http://127.0.0.1:1", api: responses, timeout_secs: 7, max_concurrent: 2, requests_per_minute: 3, tokens_per_minute: 4}, azure: {base_url: "http://127.0.0.1:1", api_version: v}}
    prices: {"local:m": {input: 1, output: 2, cached_input: 0.5, cache_write: 3}}
    fallbacks: {"local:m": ["ollama:x"]}
`, nil)
	d := p.load(t)
	got := providerConfig("local", d.Providers["local"])
	want := llm.ProviderConfig{Name: "local", Type: "openai-compatible", BaseURL: "http://127.0.0.1:1", API: "responses", Timeout: 7 * time.Second,
		MaxConcurrent: 2, RequestsPerMinute: 3, TokensPerMinute: 4}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if c := providerConfig("azure", d.Providers["azure"]); c.APIVersion != "v" {
		t.Errorf("azure is %+v", c)
	}
	providers, err := newProviders(d, &secretStore{env: p.getenv}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := providers.Check("local:m"); err != nil {
		t.Error(err)
	}
	if _, err := Known(d, p.getenv); err != nil {
		t.Error(err)
	}
}
