package mcp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
)

func TestAnswersStandInForServers(t *testing.T) {
	s := mcp.Server{Name: "srv", Command: "/nonexistent", Listed: []string{"get_*", "set"}, ReadOnly: []string{"get_*"}}
	registry, err := mcp.Rehearse([]mcp.Server{s}, map[string]map[string]string{"srv": {"get_x": "it is 1", "set": "error: locked", "drop": "gone"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := registry.Names(); !slices.Equal(got, []string{"mcp_srv_get_x", "mcp_srv_set"}) {
		t.Errorf("names %v", got)
	}
	for name, want := range map[string]tool.Result{
		"mcp_srv_get_x": {Text: "it is 1", Target: "mcp:srv/get_x"}, "mcp:srv/set": {Text: "locked", Failed: true, Target: "mcp:srv/set"},
	} {
		one, ok := registry.Lookup(name)
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		if got, err := call(t, one, "1", `{"any":true}`); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if reads := one.Spec().Access == tool.Read; reads != strings.Contains(name, "get") {
			t.Errorf("%s: %s", name, one.Spec().Access)
		}
		if err := registry.Validate(name, []byte(`{"any":true}`)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := mcp.Rehearse([]mcp.Server{s}, nil); err == nil || !mcp.Lasting(err) || !strings.Contains(err.Error(), "given.mcp") {
		t.Errorf("%v", err)
	}
}
