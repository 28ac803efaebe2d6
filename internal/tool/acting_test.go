package tool_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestWorkForAUserIsDoneWithNoOtherRights(t *testing.T) {
	ann := tool.OnBehalf{Installation: "i1", Account: "ann", CloudID: "c1"}
	// The same person in another tenant is somebody else.
	elsewhere := tool.OnBehalf{Installation: "i2", Account: "ann", CloudID: "c2"}
	plain := t.Context()
	ctx, err := tool.ActFor(plain, ann)
	if err != nil {
		t.Fatal(err)
	}
	under, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	tests := map[string]struct {
		err  error
		good bool
	}{
		"the daemon for nobody":         {tool.ByDaemon(plain), true},
		"the daemon for a user":         {tool.ByDaemon(ctx), false},
		"the daemon, further down":      {tool.ByDaemon(under), false},
		"the user":                      {tool.ByUser(ctx, ann), true},
		"the user, further down":        {tool.ByUser(under, ann), true},
		"a user for nobody":             {tool.ByUser(plain, ann), false},
		"another user":                  {tool.ByUser(ctx, elsewhere), false},
		"nobody, where there is a user": {tool.ByUser(ctx, tool.OnBehalf{}), false},
	}
	for name, tt := range tests {
		if good := tt.err == nil; good != tt.good || (!good && !errors.Is(tt.err, tool.ErrOtherHands)) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	for name, who := range map[string]tool.OnBehalf{"another": elsewhere, "nobody": {}} {
		if _, err := tool.ActFor(ctx, who); !errors.Is(err, tool.ErrOtherHands) {
			t.Errorf("the mark is replaced by that of %s: %v", name, err)
		}
	}
	if same, err := tool.ActFor(ctx, ann); err != nil || tool.ActsFor(same) != ann {
		t.Errorf("the same user again: %v", err)
	}
}
