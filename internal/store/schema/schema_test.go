package schema

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// files makes migrations from pairs of name and text.
func files(pairs ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fs[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fs
}

func TestFilesAreReadInTheOrderOfTheirNumbers(t *testing.T) {
	list, err := Read(files("10_j.sql", "", "2_b.sql", "two", "1_a.sql", "one", "3_c.sql", "", "4_d.sql", "", "5_e.sql", "",
		"6_f.sql", "", "7_g.sql", "", "08_h.sql", "", "9_i.sql", "", "README.md", "not SQL"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 10 || list[9].Name != "10_j.sql" {
		t.Fatalf("read %v", list)
	}
	want := []Migration{{1, "1_a.sql", "one"}, {2, "2_b.sql", "two"}}
	if diff := cmp.Diff(want, list[:2]); diff != "" {
		t.Error(diff)
	}
}

func TestBadSetsOfMigrationsAreRefused(t *testing.T) {
	for name, set := range map[string]fstest.MapFS{
		"gap":          files("1_a.sql", "", "3_c.sql", ""),
		"from zero":    files("0_a.sql", "", "1_b.sql", ""),
		"doubled":      files("1_a.sql", "", "01_b.sql", ""),
		"no number":    files("a_b.sql", ""),
		"no word":      files("1.sql", ""),
		"negative":     files("-1_a.sql", ""),
		"huge":         files("99999999999999999999_a.sql", ""),
		"missing file": {"1_a.sql": {Mode: 1 << 31}},
	} {
		if _, err := Read(set); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzMigrationNames(f *testing.F) {
	f.Add("0001_a.sql")
	f.Add("+1_a.sql")
	f.Add("1__.sql")
	f.Fuzz(func(t *testing.T, name string) {
		m, err := read(files(name, "SELECT 1"), name)
		if err == nil && (m.Name != name || !strings.Contains(name, "_")) {
			t.Errorf("%q became %+v", name, m)
		}
	})
}
