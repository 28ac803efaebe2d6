package llm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

// house is a transport behind which each host is a model: what it answers next,
// by status; 200 once there is nothing more.
type house struct {
	faults map[string][]int
	header http.Header
	asked  []string
	bodies []string
}

func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(r.URL.Host, ".")
	h.asked, h.bodies = append(h.asked, name), append(h.bodies, string(body))
	if list := h.faults[name]; len(list) > 0 {
		if list[0] > 0 {
			h.faults[name] = list[1:]
		}
		return answering(max(list[0], -list[0]), `{"error":{"message":"no"}}`, h.header)(r)
	}
	return answering(200, saidAnyhow("from "+name), nil)(r)
}

// chained opens first:m with second and third behind it.
func (h *house) chained(t *testing.T, change ...func(*llm.Options)) llm.Model {
	t.Helper()
	opts := llm.Options{Transport: h, Fallbacks: map[string][]string{"first:m": {"second:m", "third:m"}}}
	for _, c := range change {
		c(&opts)
	}
	var cfg []llm.ProviderConfig
	for _, name := range []string{"first", "second", "third"} {
		cfg = append(cfg, llm.ProviderConfig{Name: name, Type: "openai-compatible", BaseURL: "http://" + name + ".test"})
	}
	p, err := llm.NewProviders(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open("first:m")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFallbacksAreAskedInOrderWhereAModelIsOutOfService(t *testing.T) {
	tests := []struct {
		name   string
		faults map[string][]int
		asked  string
		ref    string // "" for an error
	}{
		{"all is well", nil, "first", "first:m"},
		{"a hiccup", map[string][]int{"first": {500, 429}}, "first first first", "first:m"},
		{"an outage", map[string][]int{"first": {-503}}, "first first first second", "second:m"},
		{"overloaded", map[string][]int{"first": {-529}}, "first first first second", "second:m"},
		{"a key that is refused", map[string][]int{"first": {-401}}, "first second", "second:m"},
		{"no such model", map[string][]int{"first": {-404}}, "first second", "second:m"},
		{"no credit", map[string][]int{"first": {-402}, "second": {-403}}, "first second third", "third:m"},
		{"a request that is wrong", map[string][]int{"first": {-400}}, "first", ""},
		{"a conversation that is too long", map[string][]int{"first": {-413}}, "first", ""},
		{"all overloaded", map[string][]int{"first": {-503}, "second": {-503}, "third": {-503}}, "first first first second second second third", ""},
		{"all out of service", map[string][]int{"first": {-401}, "second": {-503}, "third": {-404}}, "first second second second third", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &house{faults: tt.faults}
				resp, err := h.chained(t).Complete(t.Context(), hello())
				if got := strings.Join(h.asked, " "); got != tt.asked {
					t.Errorf("asked %s, want %s", got, tt.asked)
				}
				if tt.ref == "" {
					if err == nil {
						t.Fatal("no error")
					}
					return
				}
				name, _, _ := strings.Cut(tt.ref, ":")
				if err != nil || resp.Ref != tt.ref || resp.Message.Text != "from "+name {
					t.Errorf("%+v, %v", resp, err)
				}
			})
		})
	}
}

func TestAnOutageOfAllIsTemporaryIfOneOfThemIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{faults: map[string][]int{"first": {-401}, "second": {-503}, "third": {-429}}, header: http.Header{"Retry-After": {"40"}}}
		_, err := h.chained(t).Complete(t.Context(), hello())
		var waits interface {
			Temporary() bool
			RetryDelay() time.Duration
		}
		if !errors.As(err, &waits) || !waits.Temporary() || waits.RetryDelay() != 40*time.Second {
			t.Errorf("%v", err)
		}
		for _, name := range []string{"first:m: auth", "second:m: overloaded", "third:m: rate limit"} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not tell of %s", err, name)
			}
		}
		h = &house{faults: map[string][]int{"first": {-401}, "second": {-404}, "third": {-402}}}
		_, err = h.chained(t).Complete(t.Context(), hello())
		if !errors.As(err, &waits) || waits.Temporary() {
			t.Errorf("%v is temporary", err)
		}
	})
}

func TestAModelThatWasOutOfServiceIsAskedLastForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{faults: map[string][]int{"first": {503, 503, 503}}}
		m := h.chained(t)
		ask := func(want string) {
			t.Helper()
			h.asked = nil
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(h.asked, " "); got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		}
		ask("first first first second")
		ask("second")
		time.Sleep(31 * time.Second)
		ask("first")
		ask("first")
		h.faults["first"] = []int{404}
		ask("first second")
		time.Sleep(2 * time.Minute)
		ask("second") // somebody has to change something
		h.faults["second"], h.faults["third"] = []int{401}, []int{401}
		ask("second third first") // better than nothing
		h.faults["second"] = nil
		ask("first") // which is well again, while the others rest
	})
}

func TestAModelThatAnswersAgainIsTheFirstAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{faults: map[string][]int{"first": {404}}}
		m := h.chained(t, func(o *llm.Options) { o.Fallbacks = map[string][]string{"first:m": {"second:m"}} })
		for i, want := range []string{"first second", "second second second first", "first"} {
			if i == 1 {
				h.faults["second"] = []int{503, 503, 503}
			}
			h.asked = nil
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(h.asked, " "); got != want {
				t.Errorf("%d: asked %s, want %s", i, got, want)
			}
			time.Sleep(31 * time.Second)
		}
	})
}

func TestALongWaitOrASlowModelIsNotTriedAgainWithAFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{faults: map[string][]int{"first": {-429}}, header: http.Header{"Retry-After": {"60"}}}
		start := time.Now()
		if _, err := h.chained(t).Complete(t.Context(), hello()); err != nil || strings.Join(h.asked, " ") != "first second" || time.Since(start) > 0 {
			t.Errorf("asked %v after %s: %v", h.asked, time.Since(start), err)
		}
		mute := &house{}
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Host, "first") {
				return silent()(r)
			}
			return mute.RoundTrip(r)
		})
		start = time.Now()
		m := mute.chained(t, func(o *llm.Options) { o.Transport, o.Timeout = slow, 10*time.Second })
		resp, err := m.Complete(t.Context(), hello())
		if err != nil || resp.Ref != "second:m" || time.Since(start) != 10*time.Second {
			t.Errorf("%s after %s: %v", resp.Ref, time.Since(start), err)
		}
	})
}

func TestTheEndOfTheContextEndsTheChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{faults: map[string][]int{"first": {-503}}}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := h.chained(t).Complete(ctx, hello()); err == nil || len(h.asked) != 1 {
			t.Errorf("asked %v: %v", h.asked, err)
		}
	})
}

// A limit that somebody set is a wish to wait, not to pay another.
func TestALimitOfOursIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		p, err := llm.NewProviders([]llm.ProviderConfig{
			{Name: "first", Type: "openai-compatible", BaseURL: "http://first.test", RequestsPerMinute: 15},
			{Name: "second", Type: "openai-compatible", BaseURL: "http://second.test"},
		}, llm.Options{Transport: h, Fallbacks: map[string][]string{"first:m": {"second:m"}}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Open("first:m")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := m.Complete(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		_, err = m.Complete(t.Context(), hello())
		if e := wantError(t, err, llm.KindRateLimit, 0, true, ""); e.RetryAfter != 4*time.Second || len(h.asked) != 2 || time.Since(start) > 0 {
			t.Errorf("asked %v, after %s: %v", h.asked, time.Since(start), err)
		}
	})
}

func TestAFallbackGetsARequestThatItTakes(t *testing.T) {
	for ref, want := range map[string]float64{"openai:gpt-5-mini": -1, "anthropic:claude-sonnet-5": -1, "anthropic:claude-haiku-4-5": 1, "google:gemini-2.5-pro": 1.5} {
		h := &house{faults: map[string][]int{"first": {-404}}}
		m := h.chained(t, func(o *llm.Options) {
			o.Fallbacks, o.Getenv = map[string][]string{"first:m": {ref}}, allKeys("k")
		})
		req := hello()
		req.Temperature = ptr(1.5)
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		sent := gjson.Get(h.bodies[len(h.bodies)-1], "temperature")
		if sent.Exists() != (want >= 0) || sent.Exists() && sent.Num != want {
			t.Errorf("%s is sent %s", ref, sent.Raw)
		}
	}
}

func TestFallbacksOfAnAgentTakeThePlaceOfThoseOfTheModel(t *testing.T) {
	h := &house{faults: map[string][]int{"first": {-404}}}
	m := h.chained(t)
	other := fake(t, "openai:gpt-4.1", answering(200, said("from openai"), nil))
	resp, err := llm.WithFallbacks(m, other, m).Complete(t.Context(), hello())
	if err != nil || resp.Ref != "openai:gpt-4.1" || strings.Join(h.asked, " ") != "first" {
		t.Errorf("asked %v, %s answered: %v", h.asked, resp.Ref, err)
	}
}

// foreign is a model of another package.
type foreign struct{ err error }

func (f foreign) Complete(context.Context, llm.Request) (llm.Response, error) {
	return llm.Response{Ref: "foreign"}, f.err
}

func TestModelsOfOthersMayBeChained(t *testing.T) {
	broken := foreign{&llm.Error{Kind: llm.KindAuth}}
	if resp, err := llm.WithFallbacks(broken, foreign{}).Complete(t.Context(), hello()); err != nil || resp.Ref != "foreign" {
		t.Errorf("%+v, %v", resp, err)
	}
	odd := foreign{errors.New("odd")}
	if _, err := llm.WithFallbacks(odd, foreign{}).Complete(t.Context(), hello()); err == nil || err.Error() != "odd" {
		t.Errorf("an error of no kind: %v", err)
	}
	if m := llm.WithFallbacks(odd); m != llm.Model(odd) {
		t.Errorf("alone it becomes %T", m)
	}
}

func TestFallbacksThatLeadNowhereAreToldAtTheStart(t *testing.T) {
	_, err := llm.NewProviders(nil, llm.Options{Fallbacks: map[string][]string{
		"google:a": {"gogle:b", "nocolon"}, "nobody:x": {"google:a"}, "openai:a": {"bedrock:x"},
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`fallbacks of model "google:a": open model "gogle:b": unknown provider "gogle" (did you mean "google"?)`,
		`fallbacks of model "google:a": parse model "nocolon"`, `fallbacks of model "nobody:x"`, `fallbacks of model "openai:a": Amazon Bedrock`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %s in:\n%v", want, err)
		}
	}
	p, err := llm.NewProviders(nil, llm.Options{Fallbacks: map[string][]string{"ollama:a": {"google:b"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check("ollama:a"); err == nil || !strings.Contains(fmt.Sprint(err), "fallback of model ollama:a: open model \"google:b\": no key: set GOOGLE_API_KEY") {
		t.Errorf("a fallback without a key: %v", err)
	}
}
