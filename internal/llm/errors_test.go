package llm_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
)

func wantError(t *testing.T, err error, kind llm.Kind, status int, temporary bool, message string) *llm.Error {
	t.Helper()
	var e *llm.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T %v, want *llm.Error", err, err)
	}
	if e.Kind != kind || e.Status != status || e.Temporary() != temporary {
		t.Errorf("kind %s, status %d, temporary %t; want %s, %d, %t (%v)", e.Kind, e.Status, e.Temporary(), kind, status, temporary, err)
	}
	if !strings.Contains(e.Message, message) {
		t.Errorf("message %q, want …%s…", e.Message, message)
	}
	return e
}

func TestErrorBodiesOfEveryShapeAreUnderstood(t *testing.T) {
	tests := []struct {
		name      string
		status    int
		body      string
		kind      llm.Kind
		temporary bool
		message   string
	}{
		{"OpenAI key", 401, `{"error":{"message":"Incorrect API key provided: sk-***","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
			llm.KindAuth, false, "Incorrect API key provided: sk-***"},
		{"OpenAI rate", 429, `{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
			llm.KindRateLimit, true, "Rate limit reached"},
		{"OpenAI credit", 429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`,
			llm.KindQuota, false, "You exceeded"},
		{"OpenAI length", 400, `{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
			llm.KindTooLong, false, "128000"},
		{"OpenAI model", 404, `{"error":{"message":"The model 'gpt-9' does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}`,
			llm.KindNotFound, false, "gpt-9"},
		{"OpenAI 500", 500, `{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}`,
			llm.KindUnavailable, true, "The server had an error"},
		{"OpenAI messages as a list", 400, `{"error":{"message":["first","second"],"type":"invalid_request_error"}}`,
			llm.KindInvalid, false, "first, second"},
		{"Azure filter", 400, `{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}`,
			llm.KindContent, false, "filtered"},
		{"Gemini array", 400, `[{"error":{"code":400,"message":"Function call is missing a thought_signature in functionCall parts.","status":"INVALID_ARGUMENT"}}]`,
			llm.KindInvalid, false, "thought_signature"},
		{"Gemini key", 400, `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]`,
			llm.KindAuth, false, "API key not valid"},
		{"Gemini length", 400, `[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]`,
			llm.KindTooLong, false, "1048576"},
		{"Gemini overload", 503, `[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]`,
			llm.KindOverloaded, true, "overloaded"},
		{"Anthropic overload", 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`,
			llm.KindOverloaded, true, "Overloaded"},
		{"Anthropic length", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 250000 tokens > 200000 maximum"}}`,
			llm.KindTooLong, false, "prompt is too long"},
		{"Anthropic credit", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}}`,
			llm.KindQuota, false, "credit balance"},
		{"Anthropic limit of one's own", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."}}`,
			llm.KindQuota, false, "usage limits"},
		{"Anthropic model", 404, `{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}`, llm.KindNotFound, false, "claude-9"},
		{"OpenAI prompt", 400, `{"error":{"message":"Invalid prompt: your prompt was flagged","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}`,
			llm.KindContent, false, "flagged"},
		{"OpenRouter model", 400, `{"error":{"message":"x/nope is not a valid model ID","code":400},"user_id":"u"}`, llm.KindNotFound, false, "x/nope"},
		{"Groq model", 400, `{"error":{"message":"The model has been decommissioned and is no longer supported.","type":"invalid_request_error","code":"model_decommissioned"}}`,
			llm.KindNotFound, false, "decommissioned"},
		{"Mistral length", 400, `{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","code":"3051"}`,
			llm.KindTooLong, false, "40000"},
		{"llama.cpp length", 400, `{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_ctx":4096}}`,
			llm.KindTooLong, false, "context size"},
		{"Ollama text", 404, `{"error":"model 'llama9' not found"}`, llm.KindNotFound, false, "model 'llama9' not found"},
		{"Ollama object", 400, `{"error":{"message":"invalid message content type: <nil>","type":"invalid_request_error","param":null,"code":null}}`,
			llm.KindInvalid, false, "<nil>"},
		{"OpenRouter", 429, `{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"upstream says slow down","provider_name":"X"}}}`,
			llm.KindRateLimit, true, "Provider returned error: upstream says slow down"},
		{"OpenRouter moderation", 403, `{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"…"}}}`,
			llm.KindContent, false, "flagged"},
		{"OpenRouter credit", 402, `{"error":{"code":402,"message":"Insufficient credits"}}`, llm.KindQuota, false, "Insufficient credits"},
		{"Mistral flat", 401, `{"message":"Unauthorized","request_id":"r"}`, llm.KindAuth, false, "Unauthorized"},
		{"vLLM flat", 400, `{"object":"error","message":"bad tool","type":"BadRequestError","param":null,"code":400}`, llm.KindInvalid, false, "bad tool"},
		{"FastAPI list", 422, `{"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"},{"msg":"too short"}]}`,
			llm.KindInvalid, false, "field required, too short"},
		{"FastAPI text", 404, `{"detail":"Not Found"}`, llm.KindNotFound, false, "Not Found"},
		{"Groq capacity", 498, `{"error":{"message":"Flex tier capacity exceeded","type":"","code":"capacity_exceeded"}}`, llm.KindOverloaded, true, "capacity"},
		{"proxy page", 502, "<html>\n<head><TITLE>502 Bad\nGateway</TITLE></head><body>" + strings.Repeat("x", 5000) + "</body></html>",
			llm.KindUnavailable, true, "502 Bad Gateway"},
		{"page with growing letters", 502, "<title>Ⱥ Kaputt</title>", llm.KindUnavailable, true, "kaputt"},
		{"page with half a title", 502, "<title>Bad", llm.KindUnavailable, true, "a web page"},
		{"page without title", 504, "<h1>no</h1>", llm.KindTimeout, true, "a web page"},
		{"plain text", 503, "upstream connect error", llm.KindOverloaded, true, "upstream connect error"},
		{"nothing", 500, "", llm.KindUnavailable, true, "Internal Server Error"},
		{"too large", 413, `{"error":{"message":"Request too large"}}`, llm.KindTooLong, false, "Request too large"},
		{"slow request", 408, `{}`, llm.KindTimeout, true, "Request Timeout"},
		{"odd status", 418, `"teapot"`, llm.KindInvalid, false, "teapot"},
		{"unfinished JSON", 500, `{"error":{"message":"x`, llm.KindUnavailable, true, `{"error"`},
		{"control characters", 400, "{\"error\":\"a\\u0000b\\u001b[31m\\nred\\u202e\"}", llm.KindInvalid, false, "ab[31m red"},
		{"null error", 500, `{"error":null}`, llm.KindUnavailable, true, "Internal Server Error"},
		{"numbers", 400, `{"error":{"message":42,"code":"x"}}`, llm.KindInvalid, false, "Bad Request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fake(t, "openai:gpt-4.1", answering(tt.status, tt.body, nil)).Complete(t.Context(), hello())
			e := wantError(t, err, tt.kind, tt.status, tt.temporary, tt.message)
			if len(e.Message) > 1100 || strings.ContainsAny(e.Message, "\n\x00\x1b\u202e") {
				t.Errorf("the message is not fit for a log: %q", e.Message)
			}
			if !strings.HasPrefix(err.Error(), "call model openai:gpt-4.1: ") {
				t.Errorf("the error does not name the model: %v", err)
			}
		})
	}
}

// OpenRouter and proxies answer 200 and put the failure into the body.
func TestAFailureInAnAnswerWithAGoodStatusIsAFailure(t *testing.T) {
	tests := []struct {
		name, body string
		kind       llm.Kind
		status     int
		temporary  bool
		message    string
	}{
		{"coded", `{"error":{"message":"slow down","code":429}}`, llm.KindRateLimit, 429, true, "slow down"},
		{"uncoded", `{"error":{"message":"something broke"}}`, llm.KindUnavailable, 200, true, "something broke"},
		{"a text", `{"error":"it broke"}`, llm.KindUnavailable, 200, true, "it broke"},
		{"in the choice", `{"choices":[{"error":{"message":"upstream died","code":502},"finish_reason":"error"}]}`, llm.KindUnavailable, 502, true, "upstream died"},
		{"an array", `[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]`, llm.KindInvalid, 400, false, "no"},
		{"a blocked prompt", `{"choices":[],"promptFeedback":{"blockReason":"SAFETY"}}`, llm.KindContent, 200, false, "SAFETY"},
		{"no choices", `{"id":"x","choices":[]}`, llm.KindUnavailable, 200, true, "no choices"},
		{"null", `null`, llm.KindUnavailable, 200, true, "no choices"},
		{"nothing", ``, llm.KindUnavailable, 200, true, "empty"},
		{"spaces", ` `, llm.KindUnavailable, 200, true, "empty"},
		{"not JSON", `data: {"choices":[]}`, llm.KindUnavailable, 200, true, "not JSON"},
		{"half of it", said("hello")[:60], llm.KindUnavailable, 200, true, "not JSON"},
		{"a page", `<!doctype html><title>Sign in</title>`, llm.KindConfig, 200, false, "a web page, Sign in: is base_url right?"},
		{"choices of another kind", `{"choices":{"0":1}}`, llm.KindUnavailable, 200, true, "no choices"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fake(t, "openrouter:x/y", answering(200, tt.body, nil)).Complete(t.Context(), hello())
			wantError(t, err, tt.kind, tt.status, tt.temporary, tt.message)
		})
	}
}

func TestTheWaitThatAProviderAsksForIsKept(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	gemini := `[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[
		{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36.5s"}]}}]`
	tests := []struct {
		name   string
		header http.Header
		body   string
		want   time.Duration
	}{
		{"none", nil, `{}`, 0},
		{"seconds", http.Header{"Retry-After": {"7"}}, `{}`, 7 * time.Second},
		{"half seconds", http.Header{"Retry-After": {"1.5"}}, `{}`, 1500 * time.Millisecond},
		{"milliseconds", http.Header{"Retry-After-Ms": {"250"}, "Retry-After": {"1"}}, `{}`, 250 * time.Millisecond},
		{"a date", http.Header{"Retry-After": {"Sat, 21 Nov 2026 12:00:30 GMT"}}, `{}`, 30 * time.Second},
		{"a date that is over", http.Header{"Retry-After": {"Sat, 21 Nov 2026 11:00:30 GMT"}}, `{}`, 0},
		{"Gemini", nil, gemini, 36500 * time.Millisecond},
		{"Gemini and a header", http.Header{"Retry-After": {"60"}}, gemini, time.Minute},
		{"a year", http.Header{"Retry-After": {"31536000"}}, `{}`, time.Hour},
		{"more than time holds", http.Header{"Retry-After": {"1e300"}}, `{}`, time.Hour},
		{"endless", http.Header{"Retry-After": {"Inf"}}, `{}`, time.Hour},
		{"no number", http.Header{"Retry-After": {"NaN"}}, `{}`, 0},
		{"negative", http.Header{"Retry-After": {"-5"}}, `{}`, 0},
		{"words", http.Header{"Retry-After": {"soon"}}, `{}`, 0},
		{"Gemini, a year", nil, strings.Replace(gemini, "36.5s", "8760h", 1), time.Hour},
		{"Gemini, negative", nil, strings.Replace(gemini, "36.5s", "-1s", 1), 0},
		{"OpenAI, in words", nil, `{"error":{"message":"Rate limit reached for gpt-4.1. Please try again in 1m2.5s. Visit …"}}`, 62500 * time.Millisecond},
		{"Groq, in words", nil, `{"error":{"message":"Limit 6000, Used 5990. Please try again in 7.66s."}}`, 7660 * time.Millisecond},
		{"Azure, in words", nil, `{"error":{"code":"429","message":"Please retry after 20 seconds."}}`, 20 * time.Second},
		{"words without a number", nil, `{"error":{"message":"Please try again in a while."}}`, 0},
		{"words about tries", nil, `{"error":{"message":"retry after 3 attempts"}}`, 0},
		{"OpenRouter", nil, `{"error":{"message":"x","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1795262412000"}}}}`, 12 * time.Second},
		{"OpenRouter, long ago", nil, `{"error":{"message":"x","code":429,"metadata":{"headers":{"X-RateLimit-Reset":1}}}}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := tt.header
			if header == nil {
				header = http.Header{}
			}
			p, err := llm.NewProviders(nil, llm.Options{
				Transport: answering(429, tt.body, header), Getenv: allKeys("k"), Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			m, err := p.Open("google:gemini-2.5-flash")
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Complete(t.Context(), hello())
			if e := wantError(t, err, llm.KindRateLimit, 429, true, ""); e.RetryAfter != tt.want || e.RetryDelay() != tt.want {
				t.Errorf("wait %s, want %s", e.RetryAfter, tt.want)
			}
		})
	}
}

func TestTheKeyIsInNoError(t *testing.T) {
	leaky := []http.RoundTripper{
		answering(401, `{"error":{"message":"wrong key secret-key-42 given"}}`, nil),
		answering(500, "<title>no route for Bearer secret-key-42</title>", nil),
		answering(302, "", http.Header{"Location": {"https://login.test/?next=secret-key-42"}}),
		roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("dial with secret-key-42 failed") }),
	}
	for i, transport := range leaky {
		_, err := fake(t, "openai:gpt-4.1", transport).Complete(t.Context(), hello())
		if err == nil || strings.Contains(err.Error(), "secret-key-42") {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestTheRequestIDIsKeptForTheProvidersSupport(t *testing.T) {
	for _, name := range []string{"X-Request-Id", "Request-Id"} {
		_, err := fake(t, "openai:gpt-4.1", answering(500, "", http.Header{name: {"req_123"}})).Complete(t.Context(), hello())
		if e := wantError(t, err, llm.KindUnavailable, 500, true, ""); e.RequestID != "req_123" {
			t.Errorf("%s: %q", name, e.RequestID)
		}
	}
}

// What to do stands in the error: it is what an operator sees of the run.
func TestARefusalSaysWhatToDo(t *testing.T) {
	tests := []struct {
		ref    string
		status int
		body   string
		want   string
	}{
		{"openai:gpt-4.1", 401, `{"error":{"message":"Incorrect API key provided"}}`, "check the key in OPENAI_API_KEY (or models.providers.openai.api_key_env)"},
		{"google:gemini-2.5-pro", 403, `[{"error":{"code":403,"message":"no"}}]`, "check the key in GOOGLE_API_KEY or GEMINI_API_KEY"},
		{"anthropic:claude-haiku-4-5", 401, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`, "check the key in ANTHROPIC_API_KEY"},
		{"gateway:m", 401, `{}`, "check models.providers.gateway.api_key_env"},
		{"openai:gpt-4.1", 429, `{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}`, "add credit to the account"},
		{"openai:gpt-99", 404, `{"error":{"message":"no such model","code":"model_not_found"}}`, "check the agent's model"},
		{"mistral:nope", 400, `{"message":"Invalid model: nope","type":"invalid_model","code":"1500"}`, "check the agent's model"},
		{"ollama:llama9", 404, `{"error":"model 'llama9' not found"}`, "run ollama pull llama9 there"},
		{"azure:team", 404, `{"error":{"code":"DeploymentNotFound","message":"x"}}`, "check that team is the name of a deployment"},
		{"anthropic:claude-haiku-4-5", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`, "max_context_messages lower"},
	}
	for _, tt := range tests {
		p, err := llm.NewProviders([]llm.ProviderConfig{
			{Name: "gateway", Type: "openai-compatible", BaseURL: "http://gateway.test/v1"}, {Name: "azure", BaseURL: "http://azure.test"},
		}, llm.Options{Transport: answering(tt.status, tt.body, nil), Getenv: allKeys("k")})
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Open(tt.ref)
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Complete(t.Context(), hello())
		var e *llm.Error
		if !errors.As(err, &e) || e.Temporary() || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, %d: %v, want …%s…", tt.ref, tt.status, err, tt.want)
		}
	}
}

// Whatever the API, what is no answer is an error that says so.
func TestWhatIsNoAnswerIsAnErrorInEachAPI(t *testing.T) {
	tests := []struct {
		name, body string
		kind       llm.Kind
		temporary  bool
	}{
		{"nothing", "", llm.KindUnavailable, true},
		{"a page", "<html><title>Sign in</title></html>", llm.KindConfig, false},
		{"a stream", "event: message_start\ndata: {}\n\n", llm.KindUnavailable, true},
		{"half of it", saidAnyhow("hello")[:70], llm.KindUnavailable, true},
		{"null", "null", llm.KindUnavailable, true},
		{"another thing", `{"ok":true}`, llm.KindUnavailable, true},
		{"wrong types", `{"choices":{},"content":"x","output":{}}`, llm.KindUnavailable, true},
		{"a failure", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, llm.KindOverloaded, true},
		{"a failed response", `{"status":"failed","output":[],"error":{"code":"server_error","message":"x"}}`, llm.KindUnavailable, true},
		{"a list of failures", `[{"error":{"code":429,"message":"x"}}]`, llm.KindRateLimit, true},
	}
	for _, kind := range []struct{ provider, model string }{{"openai", "gpt-4.1"}, {"responses", "gpt-5.4"}, {"anthropic", "claude-haiku-4-5"}, {"azure", "m"}} {
		for _, tt := range tests {
			m := open(t, kind.provider, kind.model, "http://x.test", llm.Options{Transport: answering(200, tt.body, nil)})
			_, err := m.Complete(t.Context(), hello())
			var e *llm.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Temporary() != tt.temporary {
				t.Errorf("%s, %s: %v", kind.provider, tt.name, err)
			}
		}
	}
}
