package llm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
)

// stage is a model that says its name.
type stage struct {
	name string
	fail error
}

func (s stage) Complete(context.Context, llm.Request) (llm.Response, error) {
	return llm.Response{Message: llm.Message{Role: llm.Assistant, Text: s.name}, Usage: llm.Usage{In: 1_000_000}}, s.fail
}

func TestAnotherModelStandsInWithoutAKeyAndIsPricedAsTheOneThatWasAsked(t *testing.T) {
	p, err := llm.NewProviders(nil, llm.Options{
		Fallbacks: map[string][]string{"google:a": {"openai:b"}},
		Instead: func(ref string, own func() (llm.Model, error)) (llm.Model, error) {
			if _, err := own(); err == nil {
				t.Errorf("%s can be opened without a key", ref)
			}
			if ref == "google:a" {
				return stage{fail: &llm.Error{Ref: ref, Kind: llm.KindAuth}}, nil
			}
			return stage{name: ref}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Check("google:gemini-2.5-flash"), p.CheckRequest("google:gemini-2.5-flash", llm.Request{})); err != nil {
		t.Fatal(err)
	}
	resp, err := opened(t, p, "google:gemini-2.5-flash").Complete(t.Context(), llm.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Ref != "google:gemini-2.5-flash" || resp.CostMicroUSD == nil || *resp.CostMicroUSD != 300_000 {
		t.Errorf("the answer is %+v", resp)
	}
	// One that stands in fails as the other would, and its fallbacks are asked.
	resp, err = opened(t, p, "google:a").Complete(t.Context(), llm.Request{})
	if diff := cmp.Diff("openai:b", resp.Message.Text); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := p.Open("gogle:x"); err == nil {
		t.Error("an unknown provider can be opened")
	}
}

func opened(t *testing.T, p *llm.Providers, ref string) llm.Model {
	t.Helper()
	m, err := p.Open(ref)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
