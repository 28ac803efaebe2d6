package llm_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
)

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestNamesListsWhatCanBeOpened(t *testing.T) {
	p, err := llm.NewProviders([]llm.ProviderConfig{{Name: "house", Type: "openai-compatible", BaseURL: "http://llm.internal/v1"}}, llm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"anthropic", "azure", "google", "groq", "house", "mistral", "ollama", "openai", "openrouter"}
	if diff := cmp.Diff(want, p.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckTellsWhatKeepsAModelFromBeingOpened(t *testing.T) {
	p, err := llm.NewProviders([]llm.ProviderConfig{
		{Name: "house", Type: "openai-compatible", BaseURL: "http://llm.internal/v1"},
		{Name: "second", Type: "openai", APIKey: "k"},
	}, llm.Options{Getenv: env(map[string]string{"GEMINI_API_KEY": "g", "MISTRAL_API_KEY": "two\nlines"})})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ ref, want string }{
		{"google:gemini-2.5-flash", ""},
		{"ollama:llama3.1:8b", ""},
		{"house:any/model@1", ""},
		{"second:gpt-4.1", ""},
		{"openai:gpt-4.1", "no key: set OPENAI_API_KEY"},
		{"anthropic:claude-haiku-4-5", "no key: set ANTHROPIC_API_KEY"},
		{"mistral:mistral-small-latest", "the key has a line break in it"},
		{"gogle:gemini-2.5-flash", `unknown provider "gogle" (did you mean "google"?)`},
		{"Google:gemini-2.5-flash", `did you mean "google"?`},
		{"gemini:gemini-2.5-flash", `did you mean "google"?`},
		{"claude:opus", `did you mean "anthropic"?`},
		{"chatgpt:5", `did you mean "openai"?`},
		{"hous:x", `did you mean "house"?`},
		{"watson:x", `unknown provider "watson": want one of anthropic, azure, google, groq, house`},
		{"azure:gpt-4.1", "no address: set base_url in models.providers, or AZURE_OPENAI_ENDPOINT"},
		{"bedrock:claude", "not offered by name"},
		{"gemini-2.5-flash", "want provider:model, such as google:gemini-2.5-flash"},
		{"", "want provider:model"},
		{"google:", "want provider:model"},
		{":x", "want provider:model"},
		{"google:gemini 2.5", "a space or control character"},
		{"google:a\x00b", "a space or control character"},
		{"google:" + strings.Repeat("x", 300), "longer than 256 bytes"},
		{strings.Repeat("x", 300) + ":y", "unknown provider"},
	}
	for _, tt := range tests {
		t.Run(tt.ref[:min(len(tt.ref), 30)], func(t *testing.T) {
			err := p.Check(tt.ref)
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Check: %v", err)
				}
				if m, err := p.Open(tt.ref); err != nil || m == nil {
					t.Fatalf("Open: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Check: %v, want …%s…", err, tt.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the message is %d bytes long", len(err.Error()))
			}
			if _, openErr := p.Open(tt.ref); openErr == nil || openErr.Error() != err.Error() {
				t.Errorf("Open says %v", openErr)
			}
		})
	}
}

func TestEveryFaultOfTheConfigurationIsToldAtOnce(t *testing.T) {
	_, err := llm.NewProviders([]llm.ProviderConfig{
		{Name: "a", Type: "openai-compatible"},
		{Name: "b"},
		{Name: "c", Type: "gogle", BaseURL: "http://x"},
		{Name: "d", Type: "cobol", BaseURL: "http://x"},
		{Name: "e:f", Type: "openai"},
		{Name: "", Type: "openai"},
		{Name: "bedrock", APIKey: "k"},
		{Name: "g", Type: "openai-compatible", BaseURL: "llm.internal/v1"},
		{Name: "h", Type: "openai-compatible", BaseURL: "ftp://llm.internal"},
		{Name: "i", Type: "openai-compatible", BaseURL: "http://user:hunter2@llm.internal/v1"},
		{Name: "j", Type: "openai-compatible", BaseURL: "http://llm.internal/v1?key=hunter2"},
		{Name: "k", Type: "openai-compatible", BaseURL: "http://%zz"},
		{Name: "l", Type: "openai", MaxConcurrent: -1},
		{Name: "m", Type: "openai", RequestsPerMinute: math.NaN()},
		{Name: "n", Type: "openai", TokensPerMinute: -1},
		{Name: "o", Type: "openai", Timeout: -1},
		{Name: "p", Type: "openai", API: "telepathy"},
		{Name: "q", Type: "anthropic", API: "chat"},
		{Name: "r", Type: "openai", APIVersion: "2024-10-21"},
		{Name: "openai", APIKey: "k"},
		{Name: "openai", APIKey: "k"},
	}, llm.Options{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`"a": type openai-compatible needs a base_url`,
		`"b": it is not known by name: give it type: openai-compatible`,
		`"c": unknown type "gogle" (did you mean "google"?)`,
		`"d": unknown type "cobol": want openai-compatible or one of anthropic, azure, google,`,
		`"e:f": a name must not be empty`,
		`"": a name must not be empty`,
		`"bedrock": Amazon Bedrock is not offered by name`,
		`"g": base_url "llm.internal/v1": want http`,
		`"h": base_url "ftp://llm.internal": want http`,
		`"i": base_url must not carry a user name`,
		`"j": base_url must not have a query`,
		`"k": base_url is not a URL`,
		`"l": a limit must not be negative`,
		`"m": a limit must not be negative`,
		`"n": a limit must not be negative`,
		`"o": a limit must not be negative`,
		`"p": unknown api "telepathy": want chat or responses`,
		`"q": api is for servers like OpenAI's`,
		`"r": api_version is for azure only`,
		`"openai": it is configured twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password is in the message:\n%v", err)
	}
}

// A base URL from the environment is only wrong for those who use the provider.
func TestABadURLInTheEnvironmentConcernsOneProviderOnly(t *testing.T) {
	p, err := llm.NewProviders(nil, llm.Options{Getenv: env(map[string]string{
		"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "nonsense", "GOOGLE_API_KEY": "g",
	})})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check("openai:gpt-4.1"); err == nil || !strings.Contains(err.Error(), `base_url "nonsense"`) {
		t.Errorf("openai: %v", err)
	}
	if err := p.Check("google:gemini-2.5-pro"); err != nil {
		t.Errorf("google: %v", err)
	}
}

func TestCheckRequestTellsWhatAModelDoesNotTake(t *testing.T) {
	p, err := llm.NewProviders([]llm.ProviderConfig{
		{Name: "proxy", Type: "openai", BaseURL: "http://proxy.internal/v1", APIKey: "k"},
	}, llm.Options{Getenv: allKeys("k")})
	if err != nil {
		t.Fatal(err)
	}
	tools := llm.Request{Tools: []llm.ToolSpec{tool("jira_get_issue")}}
	warm := func(t float64) llm.Request { return llm.Request{Temperature: &t} }
	tests := []struct {
		ref  string
		req  llm.Request
		want string
	}{
		{"openai:gpt-5.2", tools, ""},
		{"openai:gpt-5-mini", tools, ""},
		{"openai:gpt-5.4", tools, ""},
		{"openai:gpt-6-sol", tools, ""},
		{"openai:gpt-5.4", warm(0.2), "takes no temperature"},
		{"anthropic:claude-opus-4-6", warm(0.2), ""},
		{"anthropic:claude-opus-4-6", warm(1.5), "between 0 and 1"},
		{"anthropic:claude-opus-4-7", warm(0.2), "takes no temperature"},
		{"anthropic:claude-sonnet-5", warm(0.2), "takes no temperature"},
		{"openai:gpt-5.4", llm.Request{}, ""},
		{"proxy:gpt-5.4", tools, ""},
		{"openrouter:openai/gpt-5.4", tools, ""},
		{"openai:gpt-4.1", warm(0.2), ""},
		{"openai:gpt-5-chat-latest", warm(0.2), ""},
		{"openai:o3", warm(0.2), "takes no temperature: leave it out"},
		{"openai:gpt-5-nano", warm(0), "takes no temperature"},
		{"openai:gpt-5-nano", warm(1), ""},
		{"google:gemini-2.5-pro", warm(2.1), "between 0 and 2"},
		{"google:gemini-2.5-pro", warm(math.NaN()), "between 0 and 2"},
		{"google:gemini-2.5-pro", warm(-1), "between 0 and 2"},
		{"google:gemini-2.5-pro", llm.Request{MaxTokens: -1}, "max_tokens must not be negative"},
		{"google:gemini-2.5-pro", llm.Request{Tools: []llm.ToolSpec{tool("a.b")}}, `tool name "a.b"`},
		{"google:gemini-2.5-pro", llm.Request{Tools: []llm.ToolSpec{tool("1st")}}, `tool name "1st"`},
		{"google:gemini-2.5-pro", llm.Request{Tools: []llm.ToolSpec{tool("")}}, `tool name ""`},
		{"google:gemini-2.5-pro", llm.Request{Tools: []llm.ToolSpec{tool("x"), tool("x")}}, `"x" is listed twice`},
		{"google:gemini-2.5-pro", llm.Request{Tools: []llm.ToolSpec{{Name: "x", Parameters: []byte(`{"type":"array"}`)}}}, `tool "x": its parameters cannot be told`},
		{"nobody:x", tools, "unknown provider"},
	}
	for _, tt := range tests {
		err := p.CheckRequest(tt.ref, tt.req)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want …%s…", tt.ref, err, tt.want)
		}
	}
}

func TestAddressesComeFromConfigurationThenEnvironment(t *testing.T) {
	tests := []struct {
		name string
		cfg  []llm.ProviderConfig
		env  map[string]string
		ref  string
		want string
	}{
		{"openai", nil, map[string]string{"OPENAI_API_KEY": "k"}, "openai:m", "https://api.openai.com/v1/chat/completions"},
		{"openai by environment", nil, map[string]string{"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://proxy/v1/"}, "openai:m", "http://proxy/v1/chat/completions"},
		{"configuration wins", []llm.ProviderConfig{{Name: "openai", BaseURL: "http://mine/v1", APIKey: "k"}},
			map[string]string{"OPENAI_BASE_URL": "http://proxy/v1"}, "openai:m", "http://mine/v1/chat/completions"},
		{"whole address copied", []llm.ProviderConfig{{Name: "openai", BaseURL: "http://mine/v1/chat/completions/", APIKey: "k"}}, nil, "openai:m", "http://mine/v1/chat/completions"},
		{"google", nil, map[string]string{"GOOGLE_API_KEY": "k"}, "google:m", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"},
		{"anthropic", nil, map[string]string{"ANTHROPIC_API_KEY": "k"}, "anthropic:m", "https://api.anthropic.com/v1/messages"},
		{"anthropic by environment", nil, map[string]string{"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://proxy/claude"}, "anthropic:m", "http://proxy/claude/v1/messages"},
		{"anthropic, whole address copied", []llm.ProviderConfig{{Name: "anthropic", BaseURL: "http://proxy/v1/messages", APIKey: "k"}}, nil, "anthropic:m", "http://proxy/v1/messages"},
		{"responses by the model", nil, map[string]string{"OPENAI_API_KEY": "k"}, "openai:gpt-5.4", "https://api.openai.com/v1/responses"},
		{"responses for pro", nil, map[string]string{"OPENAI_API_KEY": "k"}, "openai:o3-pro", "https://api.openai.com/v1/responses"},
		{"responses for codex", nil, map[string]string{"OPENAI_API_KEY": "k"}, "openai:gpt-5.1-codex", "https://api.openai.com/v1/responses"},
		{"chat for older models", nil, map[string]string{"OPENAI_API_KEY": "k"}, "openai:gpt-5.2", "https://api.openai.com/v1/chat/completions"},
		{"chat at a proxy", nil, map[string]string{"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://proxy/v1"}, "openai:gpt-5.4", "http://proxy/v1/chat/completions"},
		{"api as configured", []llm.ProviderConfig{{Name: "openai", APIKey: "k", API: "responses"}}, nil, "openai:gpt-4.1", "https://api.openai.com/v1/responses"},
		{"api as configured against the rule", []llm.ProviderConfig{{Name: "openai", APIKey: "k", API: "chat"}}, nil, "openai:gpt-5.4", "https://api.openai.com/v1/chat/completions"},
		{"azure by environment", nil, map[string]string{"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com/"}, "azure:m", "https://res.openai.azure.com/openai/v1/chat/completions"},
		{"azure, path copied", []llm.ProviderConfig{{Name: "azure", BaseURL: "https://res.openai.azure.com/openai/v1/", APIKey: "k", API: "responses"}}, nil, "azure:m", "https://res.openai.azure.com/openai/v1/responses"},
		{"azure, version", []llm.ProviderConfig{{Name: "azure", BaseURL: "https://res.openai.azure.com/openai", APIKey: "k", APIVersion: "2024-10-21"}}, nil, "azure:a/b", "https://res.openai.azure.com/openai/deployments/a%2Fb/chat/completions?api-version=2024-10-21"},
		{"azure, version, responses", []llm.ProviderConfig{{Name: "azure", BaseURL: "https://res.openai.azure.com", APIKey: "k", APIVersion: "2025-04-01-preview", API: "responses"}}, nil, "azure:m", "https://res.openai.azure.com/openai/responses?api-version=2025-04-01-preview"},
		{"groq", nil, map[string]string{"GROQ_API_KEY": "k"}, "groq:m", "https://api.groq.com/openai/v1/chat/completions"},
		{"mistral", nil, map[string]string{"MISTRAL_API_KEY": "k"}, "mistral:m", "https://api.mistral.ai/v1/chat/completions"},
		{"openrouter", nil, map[string]string{"OPENROUTER_API_KEY": "k"}, "openrouter:m", "https://openrouter.ai/api/v1/chat/completions"},
		{"ollama", nil, nil, "ollama:m", "http://localhost:11434/v1/chat/completions"},
		{"ollama host", nil, map[string]string{"OLLAMA_HOST": "gpu.lan"}, "ollama:m", "http://gpu.lan:11434/v1/chat/completions"},
		{"ollama host and port", nil, map[string]string{"OLLAMA_HOST": "gpu.lan:8080"}, "ollama:m", "http://gpu.lan:8080/v1/chat/completions"},
		{"ollama bind address", nil, map[string]string{"OLLAMA_HOST": "0.0.0.0"}, "ollama:m", "http://localhost:11434/v1/chat/completions"},
		{"ollama bind port", nil, map[string]string{"OLLAMA_HOST": ":9000"}, "ollama:m", "http://localhost:9000/v1/chat/completions"},
		{"ollama IPv6", nil, map[string]string{"OLLAMA_HOST": "[::1]:9000"}, "ollama:m", "http://[::1]:9000/v1/chat/completions"},
		{"ollama URL", nil, map[string]string{"OLLAMA_HOST": `"https://gpu.lan/ollama/v1/"`}, "ollama:m", "https://gpu.lan/ollama/v1/chat/completions"},
		{"ollama URL without path", nil, map[string]string{"OLLAMA_HOST": "https://gpu.lan"}, "ollama:m", "https://gpu.lan/v1/chat/completions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			transport := roundTripURL(&got)
			p, err := llm.NewProviders(tt.cfg, llm.Options{Getenv: env(tt.env), Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			m, err := p.Open(tt.ref)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("asked %s, want %s", got, tt.want)
			}
		})
	}
}

func TestKeysComeFromConfigurationThenEnvironment(t *testing.T) {
	tests := []struct {
		name string
		cfg  []llm.ProviderConfig
		env  map[string]string
		ref  string
		want []string
	}{
		{"environment", nil, map[string]string{"GOOGLE_API_KEY": " g \n"}, "google:m", []string{"Bearer g"}},
		{"second variable", nil, map[string]string{"GEMINI_API_KEY": "h"}, "google:m", []string{"Bearer h"}},
		{"first variable wins", nil, map[string]string{"GOOGLE_API_KEY": "g", "GEMINI_API_KEY": "h"}, "google:m", []string{"Bearer g"}},
		{"configuration wins", []llm.ProviderConfig{{Name: "google", APIKey: "c"}}, map[string]string{"GOOGLE_API_KEY": "g"}, "google:m", []string{"Bearer c"}},
		{"anthropic", nil, map[string]string{"ANTHROPIC_API_KEY": "a"}, "anthropic:m", []string{"x-api-key a"}},
		{"azure", nil, map[string]string{"AZURE_OPENAI_API_KEY": "a", "AZURE_OPENAI_ENDPOINT": "http://x"}, "azure:m", []string{"api-key a"}},
		{"none wanted", nil, nil, "ollama:m", nil},
		{"a kind's variable", []llm.ProviderConfig{{Name: "eu", Type: "openai", BaseURL: "http://eu/v1"}}, map[string]string{"OPENAI_API_KEY": "o"}, "eu:m", []string{"Bearer o"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			p, err := llm.NewProviders(tt.cfg, llm.Options{Getenv: env(tt.env), Transport: roundTripAuth(&got)})
			if err != nil {
				t.Fatal(err)
			}
			m, err := p.Open(tt.ref)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("sent %q, want %q", got, tt.want)
			}
		})
	}
}
