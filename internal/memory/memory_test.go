package memory_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/memory/memorytest"
)

func TestAVolatileMemory(t *testing.T) {
	memorytest.Run(t, func(_ *testing.T, now func() time.Time) memory.Memory { return memory.NewVolatile(now) })
}

func TestAMemoryInAFile(t *testing.T) {
	memorytest.Run(t, func(t *testing.T, now func() time.Time) memory.Memory {
		return memory.NewOnFile(filepath.Join(t.TempDir(), "new", "m.json"), now)
	})
}

func TestFormsOfMemoryAreRead(t *testing.T) {
	for text, want := range map[string]memory.Config{
		"InMemory":                    {Kind: memory.InMemory, Entries: 1000},
		"in_memory":                   {Kind: memory.InMemory, Entries: 1000},
		" INMEMORY:5 ":                {Kind: memory.InMemory, Entries: 5},
		"Store":                       {Kind: memory.Database, Entries: 1000},
		"store:10000":                 {Kind: memory.Database, Entries: 10000},
		"File:./jira-cache.json:1000": {Kind: memory.File, Path: "./jira-cache.json", Entries: 1000},
		"file:cache.json":             {Kind: memory.File, Path: "cache.json", Entries: 1000},
		"File:/var/lib/a:b.json:20":   {Kind: memory.File, Path: "/var/lib/a:b.json", Entries: 20},
		"File:data/../cache.json":     {Kind: memory.File, Path: "data/../cache.json", Entries: 1000},
		"File:/etc/../var/lib/m.json": {Kind: memory.File, Path: "/etc/../var/lib/m.json", Entries: 1000},
		"File: ./with blanks.json:7":  {Kind: memory.File, Path: "./with blanks.json", Entries: 7},
	} {
		got, err := memory.Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
		if again, err := memory.Parse(got.String()); err != nil || again != got {
			t.Errorf("%q: written %q is read as %+v, %v", text, got, again, err)
		}
	}
}

func TestFormsOfMemoryThatMeanNothingAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                          "InMemory, File:path or Store",
		"Redis":                     `found "Redis"`,
		"File":                      "names no file",
		"File:":                     "names no file",
		"File::5":                   "names no file",
		"File:./":                   "is a directory",
		"File:..":                   "is a directory",
		"File:a/":                   "is a directory",
		"File:../m.json":            "leaves the directory",
		"File:a/../../m.json":       "leaves the directory",
		"File:m.json:0":             "between 1 and 10000",
		"File:m.json:-1":            "between 1 and 10000",
		"File:m.json:10001":         "between 1 and 10000",
		"File:m\n.json":             "control characters",
		"Store:many":                `found "many"`,
		"Store:0":                   "between 1 and 10000",
		"InMemory:99999999999999":   "between 1 and 10000",
		"sqlite:./x.db":             "InMemory, File:path or Store",
		strings.Repeat("x", 100000): "…",
	} {
		if got, err := memory.Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: got %+v, %v; want an error that says %q", text, got, err, says)
		}
	}
}

func TestScopesThatCouldBeTakenForOthersAreRefused(t *testing.T) {
	for _, name := range []string{"a\x00b", "a\xff", "a\uFFFD", "a\nb", "\x7f", strings.Repeat("x", 256)} {
		for i := range 3 {
			names := []string{"s", "P", "a"}
			names[i] = name
			if s, err := memory.NewScope(names[0], names[1], names[2]); err == nil {
				t.Errorf("%q became %+v", names, s)
			}
		}
	}
	dotless, err := memory.NewScope("", "PROJı", "a")
	if err != nil || dotless.Project != "PROJı" {
		t.Errorf("got %+v, %v", dotless, err)
	}
}

func TestChangesThatCannotBeKeptAreExplained(t *testing.T) {
	for says, c := range map[string]memory.Change{
		"key is empty":        {Value: "v"},
		"key has 201 bytes":   {Key: strings.Repeat("k", 201), Value: "v"},
		"value is empty":      {Key: "k"},
		"value has 16385":     {Key: "k", Value: strings.Repeat("v", 16385)},
		"to live is negative": {Key: "k", Value: "v", TTL: -1},
	} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	for _, c := range []memory.Change{
		{Key: strings.Repeat("k", 200), Value: strings.Repeat("v", 16384)}, {Key: "k", Delete: true},
	} {
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestSearchFindsAllWordsAndKeysFirst(t *testing.T) {
	entries := []memory.Entry{
		{Key: "transition:done", Value: "31"}, {Key: "note", Value: "The Transition to DONE needs a resolution"},
		{Key: "user:alice", Value: "id 5b10, does transitions"}, {Key: "done", Value: "transition"},
	}
	for query, want := range map[string][]string{
		"":                {"transition:done", "note", "user:alice", "done"},
		"transition done": {"transition:done", "done", "note"},
		"ALICE":           {"user:alice"},
		"nothing":         {},
	} {
		got := []string{}
		for _, e := range memory.Search(entries, query) {
			got = append(got, e.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestABookIsBoundedAsAWholeAndTellsNobodyOfOthers(t *testing.T) {
	m := memory.NewVolatile(memorytest.NewClock().Now)
	big := strings.Repeat("x", memory.MaxValue)
	small := memorytest.Scope(t, "", "SMALL", "a")
	memorytest.Set(t, m, small, memory.Change{ID: "s:1", Key: "k", Value: "v"})
	const projects, each = 18, 60
	for i := range projects * each {
		scope := memorytest.Scope(t, "", fmt.Sprintf("P%02d", i%projects), "a")
		got := memorytest.Set(t, m, scope, memory.Change{ID: fmt.Sprint("r:", i), Key: fmt.Sprintf("%s-%03d", scope.Project, i/projects), Value: big})
		for _, key := range got.Dropped {
			if !strings.HasPrefix(key, scope.Project) {
				t.Fatalf("%s is told of %s", scope.Project, key)
			}
		}
	}
	total := 0
	for p := range projects {
		total += len(memorytest.Keys(t, m, memorytest.Scope(t, "", fmt.Sprintf("P%02d", p), "a")))
	}
	if total >= projects*each || total < 1000 {
		t.Errorf("%d entries of %d bytes are kept", total, memory.MaxValue)
	}
	if memorytest.Value(t, m, small, "k") != "v" {
		t.Error("the largest scopes should have lost something, not the smallest")
	}
}
