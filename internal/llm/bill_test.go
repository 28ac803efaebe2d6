package llm_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aofctl/aofctl/internal/llm"
)

// garbled is an answer that is charged for and holds nothing.
const garbled = `{"choices":[{"message":{"content":""},"finish_reason":"MALFORMED_FUNCTION_CALL"}],"usage":{"prompt_tokens":1000,"completion_tokens":100}}`

// charging opens dear:m with cheap:m behind it. Each answers what its list says
// next, and then an answer of 10 tokens read and 2 written.
func charging(t *testing.T, next map[string][]string) llm.Model {
	t.Helper()
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		name, _, _ := strings.Cut(r.URL.Host, ".")
		body := said("from " + name)
		if list := next[name]; len(list) > 0 {
			body, next[name] = list[0], list[1:]
		}
		return answering(200, body, nil)(r)
	})
	p, err := llm.NewProviders([]llm.ProviderConfig{
		{Name: "dear", Type: "openai-compatible", BaseURL: "http://dear.test"}, {Name: "cheap", Type: "openai-compatible", BaseURL: "http://cheap.test"},
	}, llm.Options{
		Transport: transport, Fallbacks: map[string][]string{"dear:m": {"cheap:m"}, "dear:unpriced": {"cheap:m"}},
		Prices: prices(t, map[string]llm.Price{"dear:m": {Input: 10, Output: 100}, "cheap:m": {Input: 1, Output: 1}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ref := "dear:m"
	if _, unpriced := next["unpriced"]; unpriced {
		ref = "dear:unpriced"
	}
	m, err := p.Open(ref)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A budget would be passed unseen if only the answer counted.
func TestTriesThatWereChargedAreOnTheBillOfTheAnswer(t *testing.T) {
	const try, last = 1000*10 + 100*100, 10*10 + 2*100
	tests := []struct {
		name     string
		next     map[string][]string
		from     string
		in, out  int
		cost     int64 // -1 for unknown
		answered string
	}{
		{"none", nil, "dear:m", 10, 2, last, "from dear"},
		{"one", map[string][]string{"dear": {garbled}}, "dear:m", 1010, 102, try + last, "from dear"},
		{"three, and another answers", map[string][]string{"dear": {garbled, garbled, garbled}}, "cheap:m", 3010, 302, 3*try + 12, "from cheap"},
		{"of a price that nobody knows", map[string][]string{"dear": {garbled}, "unpriced": nil}, "dear:unpriced", 1010, 102, -1, "from dear"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			resp, err := charging(t, tt.next).Complete(t.Context(), hello())
			if err != nil || resp.Message.Text != tt.answered || resp.Ref != tt.from || resp.Usage != (llm.Usage{In: tt.in, Out: tt.out}) {
				t.Errorf("%s: %+v, %v", tt.name, resp, err)
			}
			wantCost(t, tt.name, resp.CostMicroUSD, tt.cost)
		})
	}
}

func wantCost(t *testing.T, name string, got *int64, want int64) {
	t.Helper()
	if want < 0 && got != nil || want >= 0 && (got == nil || *got != want) {
		t.Errorf("%s: cost %v, want %d", name, got, want)
	}
}

func TestTriesThatWereChargedAreOnTheBillOfAFailure(t *testing.T) {
	const try = 1000*10 + 100*100
	filtered := `{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}],"usage":{"prompt_tokens":7,"completion_tokens":0}}`
	tests := []struct {
		name string
		next map[string][]string
		in   int
		cost int64
	}{
		{"all failed", map[string][]string{"dear": {garbled, garbled, garbled}, "cheap": {garbled}}, 4000, 3*try + 1100},
		{"the last was not charged", map[string][]string{"dear": {garbled, garbled, garbled}, "cheap": {""}}, 3000, 3 * try},
		{"another refused", map[string][]string{"dear": {garbled, garbled, garbled}, "cheap": {filtered}}, 3007, 3*try + 7},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			_, err := charging(t, tt.next).Complete(t.Context(), hello())
			var e *llm.Error
			if !errors.As(err, &e) || e.Usage.In != tt.in {
				t.Fatalf("%s: %+v, %v", tt.name, e, err)
			}
			wantCost(t, tt.name, e.CostMicroUSD, tt.cost)
			if llm.Unbilled(err) {
				t.Errorf("%s: it is said to have cost nothing", tt.name)
			}
		})
	}
}

func TestAFailureThatTellsItsUsageIsCharged(t *testing.T) {
	usage := `"usage":{"prompt_tokens":1000,"input_tokens":1000,"completion_tokens":1,"output_tokens":1}`
	for _, tt := range []struct{ provider, body string }{
		{"openai", `{"choices":[],` + usage + `}`},
		{"openai", `{"choices":[],"promptFeedback":{"blockReason":"SAFETY"},` + usage + `}`},
		{"openrouter", `{"choices":[{"error":{"message":"upstream died","code":502}}],` + usage + `}`},
		{"responses", `{"status":"failed","output":[],"error":{"code":"server_error","message":"x"},` + usage + `}`},
		{"responses", `{"status":"cancelled","output":[],` + usage + `}`},
		{"anthropic", `{"type":"error","error":{"type":"api_error","message":"x"},` + usage + `}`},
	} {
		_, err := open(t, tt.provider, "gpt-4.1", "http://x.test", llm.Options{Transport: answering(200, tt.body, nil)}).Complete(t.Context(), hello())
		var e *llm.Error
		if !errors.As(err, &e) || e.Usage != (llm.Usage{In: 1000, Out: 1}) {
			t.Errorf("%s, %s: %+v", tt.provider, tt.body, e)
		}
	}
}
