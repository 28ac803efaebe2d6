package memory_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestWhatAnAgentLearnsForAUserIsTheUsersInEveryForm(t *testing.T) {
	for _, form := range []string{"InMemory", "File:./m.json", "Store"} {
		t.Run(form, func(t *testing.T) {
			b := newBench(t, form)
			plain := b.origin
			ann := tool.OnBehalf{Installation: "one", Account: "ann", CloudID: "c1"}
			b.origin.OnBehalf = ann
			b.says(b.call("memory_set", args{"key": "plan", "value": "canary of ann"}), false, "Stored")
			others := map[string]tool.OnBehalf{
				"the daemon":            {},
				"another user":          {Installation: "one", Account: "ben", CloudID: "c1"},
				"ann in another tenant": {Installation: "two", Account: "ann", CloudID: "c2"},
			}
			for name, who := range others {
				b.origin = plain
				b.origin.OnBehalf = who
				b.says(b.call("memory_get", args{"key": "plan"}), false, "the memory is empty")
				b.says(b.call("memory_search", args{"query": "canary"}), false, "0 are stored")
				b.says(b.call("memory_delete", args{"key": "plan"}), false, "Nothing is stored")
				if t.Failed() {
					t.Fatalf("%s reaches what ann's agent remembers", name)
				}
			}
			b.origin.OnBehalf = ann
			b.says(b.call("memory_get", args{"key": "plan"}), false, "canary of ann")
		})
	}
}

func TestAUserWithoutAnAccountHasNoMemory(t *testing.T) {
	b := newBench(t, "Store")
	b.origin.OnBehalf = tool.OnBehalf{Installation: "one"}
	b.says(b.call("memory_set", args{"key": "k", "value": "v"}), true, "not one that a memory can be kept for")
}
