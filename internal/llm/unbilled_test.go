package llm_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

func TestWhatWasRefusedBeforeAModelSawItCostNothing(t *testing.T) {
	limited, late := &llm.Error{Kind: llm.KindRateLimit, Status: 429}, &llm.Error{Kind: llm.KindTimeout}
	cases := map[string]struct {
		err  error
		want bool
	}{
		"a wrong key":           {&llm.Error{Kind: llm.KindAuth, Status: 401}, true},
		"a limit of ours":       {&llm.Error{Kind: llm.KindRateLimit}, true},
		"a refused request":     {&llm.Error{Kind: llm.KindInvalid, Status: 400}, true},
		"wrapped":               {fmt.Errorf("ask: %w", limited), true},
		"several":               {errors.Join(limited, limited), true},
		"one of several":        {errors.Join(limited, late), false},
		"no answer in time":     {late, false},
		"cut off":               {&llm.Error{Kind: llm.KindUnavailable, Status: 502}, false},
		"a filter":              {&llm.Error{Kind: llm.KindContent}, false},
		"refused, but with use": {&llm.Error{Kind: llm.KindInvalid, Status: 400, Usage: llm.Usage{In: 7}}, false},
		"another error":         {context.Canceled, false},
		"none":                  {nil, false},
	}
	for name, c := range cases {
		if got := llm.Unbilled(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
