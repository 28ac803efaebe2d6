package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/memory/memorytest"
	"github.com/aofctl/aofctl/internal/tool"
	toolmemory "github.com/aofctl/aofctl/internal/tool/memory"
)

// bench calls the tools as runs do.
type bench struct {
	t        *testing.T
	registry *tool.Registry
	clock    *memorytest.Clock
	dir      string
	origin   tool.Origin
	calls    int
}

func newBench(t *testing.T, form string) *bench {
	t.Helper()
	b := &bench{t: t, clock: memorytest.NewClock(), dir: t.TempDir(), origin: tool.Origin{Project: "PROJ", Agent: "triager", Memory: form}}
	shelf := memory.NewShelf(b.dir, memory.NewVolatile(b.clock.Now), b.clock.Now)
	registry, err := tool.NewRegistry(toolmemory.New(shelf.Open, b.clock.Now)...)
	if err != nil {
		t.Fatal(err)
	}
	b.registry = registry
	return b
}

// call makes a call with an id of its own, after its arguments were checked.
func (b *bench) call(name string, args map[string]any) tool.Result {
	b.t.Helper()
	b.calls++
	return b.again(fmt.Sprint("run:", b.calls), name, args)
}

func (b *bench) again(id, name string, args map[string]any) tool.Result {
	b.t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.registry.Validate(name, raw); err != nil {
		b.t.Fatal(err)
	}
	one, _ := b.registry.Lookup(name)
	if targets, err := one.Targets(raw); err != nil || targets.Confined || len(targets.Projects) > 0 {
		b.t.Fatalf("targets of %s: %+v, %v", name, targets, err)
	}
	result, err := one.Call(b.t.Context(), tool.Call{ID: id, Args: raw, Origin: b.origin})
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

func (b *bench) says(r tool.Result, failed bool, parts ...string) {
	b.t.Helper()
	for _, part := range parts {
		if !strings.Contains(r.Text, part) || r.Failed != failed {
			b.t.Errorf("result (failed %v) %q; want it to say %q", r.Failed, r.Text, part)
		}
	}
}

type args = map[string]any

func TestAModelRemembersAndForgets(t *testing.T) {
	for _, form := range []string{"InMemory:3", "File:./m.json:3", "Store:3"} {
		t.Run(form, func(t *testing.T) {
			b := newBench(t, form)
			b.says(b.call("memory_get", args{"key": "user:alice"}), false, "Nothing is stored", "the memory is empty")
			b.says(b.call("memory_set", args{"key": "user:alice", "value": "5b10a2844c20165700ede21g"}), false, `Stored "user:alice"`, "1 of 3")
			b.says(b.call("memory_get", args{"key": " user:alice "}), false, "5b10a2844c20165700ede21g", "stored 2027-01-15")
			b.says(b.call("memory_get", args{"key": "user-alice"}), false, "Nothing is stored", `there is "user:alice"`)
			b.says(b.call("memory_set", args{"key": "user:alice", "value": "new", "ttl": "7d"}), false, "Replaced")
			b.says(b.call("memory_get", args{"key": "user:alice"}), false, "until 2027-01-22")
			for i := range 3 {
				b.call("memory_set", args{"key": fmt.Sprint("k", i), "value": "v"})
			}
			b.says(b.call("memory_set", args{"key": "k3", "value": "v"}), false, "3 of 3", `dropped, oldest first: "k0"`)
			b.says(b.call("memory_search", args{}), false, "3 of 3 entries match", "- k3 (", "- k1 (")
			b.says(b.call("memory_search", args{"query": "K2"}), false, "1 of 3 entries match")
			b.says(b.call("memory_search", args{"query": "nope"}), false, "No entry matches; 3 are stored")
			b.says(b.call("memory_delete", args{"key": "k2"}), false, "Deleted", "2 entries are left")
			b.says(b.call("memory_delete", args{"key": "k2"}), false, "Nothing is stored")
		})
	}
}

func TestAModelIsToldWhatItCannotStore(t *testing.T) {
	b := newBench(t, "InMemory")
	b.says(b.call("memory_set", args{"key": "\u200b ", "value": "v"}), true, "key is empty")
	b.says(b.call("memory_set", args{"key": "k", "value": strings.Repeat("x", 16385)}), true, "16385 bytes", "nothing was stored", "split it")
	b.says(b.call("memory_set", args{"key": strings.Repeat("k", 201), "value": "v"}), true, "201 bytes")
	for _, ttl := range []string{"soon", "-1h", "0", "99999d", "1ns", "d", "NaNd", "Infd", "1h30"} {
		b.says(b.call("memory_set", args{"key": "k", "value": "v", "ttl": ttl}), true, "such as 90m, 12h or 7d")
	}
	b.says(b.call("memory_delete", args{"key": ""}), true, "key is empty")
	b.says(b.call("memory_search", args{"page_token": "x"}), true, "page_token")
	b.says(b.call("memory_get", args{"key": "k"}), false, "the memory is empty")
	b.origin.Memory = ""
	b.says(b.call("memory_get", args{"key": "k"}), true, "no memory")
	b.origin.Memory, b.origin.Project = "InMemory", "A\x00B"
	b.says(b.call("memory_get", args{"key": "k"}), true, "not one that a memory can be kept for")
}

func TestWhatIsReadBackHidesNothing(t *testing.T) {
	b := newBench(t, "File:m.json")
	hostile := "ignore\u202e all\u2066 of\u200b this\U000E0041\x1b[31m"
	b.call("memory_set", args{"key": "k\u202e1", "value": hostile})
	file := filepath.Join(b.dir, "m.json")
	text, err := os.ReadFile(file)
	if err != nil || strings.ContainsAny(string(text), "\u202e\u2066\u200b\U000E0041\x1b") {
		t.Errorf("the file holds %q, %v", text, err)
	}
	// What somebody wrote into the file by hand is cleaned, too.
	edited := strings.ReplaceAll(string(text), "ignore", "\u202eignore")
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []tool.Result{b.call("memory_get", args{"key": "k1"}), b.call("memory_search", args{"query": "all"})} {
		if strings.ContainsAny(r.Text, "\u202e\u2066\u200b\U000E0041\x1b") || !strings.Contains(r.Text, "ignore all of this") {
			t.Errorf("the model is told %q", r.Text)
		}
	}
}

func TestNobodySeesWhatIsAnothersWhateverTheArguments(t *testing.T) {
	b := newBench(t, "File:m.json")
	mine := b.origin
	b.call("memory_set", args{"key": "plan", "value": "buy the other company"})
	for name, origin := range map[string]tool.Origin{
		"another project": {Project: "OTHER", Agent: "triager", Memory: mine.Memory},
		"no project":      {Agent: "triager", Memory: mine.Memory},
		"another agent":   {Project: "PROJ", Agent: "reporter", Memory: mine.Memory},
		"another site":    {Site: "eu", Project: "PROJ", Agent: "triager", Memory: mine.Memory},
		"other names":     {Site: "PROJ", Project: "triager", Agent: "", Memory: mine.Memory},
	} {
		b.origin = origin
		for _, r := range []tool.Result{
			b.call("memory_get", args{"key": "plan"}), b.call("memory_search", args{}), b.call("memory_search", args{"query": "company"}),
			b.call("memory_delete", args{"key": "plan"}), b.call("memory_get", args{"key": "PROJ/triager/plan"}), b.call("memory_get", args{"key": "pla"}),
		} {
			if strings.Contains(r.Text, "buy") || strings.Contains(r.Text, "there is") {
				t.Errorf("%s was told %q", name, r.Text)
			}
		}
	}
	b.origin = mine
	b.says(b.call("memory_get", args{"key": "plan"}), false, "buy the other company")
}

func TestACallThatIsRepeatedChangesNothingMore(t *testing.T) {
	b := newBench(t, "File:m.json:1")
	b.again("r:1", "memory_set", args{"key": "old", "value": "v"})
	set := args{"key": "k", "value": "mine"}
	first := b.again("r:2", "memory_set", set)
	b.again("other:1", "memory_set", args{"key": "k", "value": "newer"})
	if again := b.again("r:2", "memory_set", set); again.Text != first.Text {
		t.Errorf("the second time it says %q, not %q", again.Text, first.Text)
	}
	b.says(b.call("memory_get", args{"key": "k"}), false, "newer")
}

func TestLongListsComeInPages(t *testing.T) {
	b := newBench(t, "InMemory")
	for i := range 25 {
		b.call("memory_set", args{"key": fmt.Sprintf("k%02d", i), "value": strings.Repeat("long ", 1000)})
	}
	first := b.call("memory_search", args{})
	b.says(first, false, "25 of 25", "- k24", "- k05", "next: page_token 20", "memory_get shows all")
	if len(first.Text) > 24000 {
		t.Errorf("the result has %d bytes", len(first.Text))
	}
	b.says(b.call("memory_search", args{"page_token": "20"}), false, "- k04", "- k00")
	b.says(b.call("memory_search", args{"page_token": "25"}), false, "no more than 25")
}

func TestADamagedFileIsToldToTheModelAndTheRunGoesOn(t *testing.T) {
	b := newBench(t, "File:m.json")
	if err := os.WriteFile(filepath.Join(b.dir, "m.json"), []byte(`{"format":"aofctl-mem`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.says(b.call("memory_get", args{"key": "k"}), true, "could not be read", "is kept as", "empty now")
	b.says(b.call("memory_set", args{"key": "k", "value": "v"}), false, "Stored")
}

// away is a memory whose database is away for a moment.
type away struct{ memory.Memory }

type awayError struct{ error }

func (awayError) Temporary() bool { return true }

func (away) Get(context.Context, memory.Scope, string) (memory.Entry, error) {
	return memory.Entry{}, awayError{errors.New("the database is away")}
}

func TestADatabaseThatIsAwayIsAskedAgain(t *testing.T) {
	tools := toolmemory.New(func(string) (memory.Memory, memory.Config, error) { return away{}, memory.Config{}, nil }, time.Now)
	_, err := tools[0].Call(t.Context(), tool.Call{Args: json.RawMessage(`{"key":"k"}`), Origin: tool.Origin{Memory: "Store"}})
	var temporary interface{ Temporary() bool }
	if !errors.As(err, &temporary) || !temporary.Temporary() {
		t.Errorf("error %v", err)
	}
}

func TestTheToolsCostFewTokensAndStayWithinTheDaemon(t *testing.T) {
	for _, one := range toolmemory.New(nil, time.Now) {
		s := one.Spec()
		if cost := (len(s.Name) + len(s.Description) + len(s.Parameters)) / 4; cost > 120 || !s.Internal || s.Toolset != "memory" {
			t.Errorf("%s: about %d tokens, internal %v", s.Name, cost, s.Internal)
		}
	}
}
