package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// DefaultDirectory is where cases are looked for if no paths are given.
const DefaultDirectory = "scenarios"

// Find lists the files of cases: each path that is a file, and below each that is
// a directory every file that IsFile says is one. Hidden directories are left out.
func Find(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("look for scenarios: %w", err)
		}
		if !info.IsDir() {
			out = append(out, filepath.Clean(path))
			continue
		}
		found, err := below(path)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func below(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && IsFile(path, filepath.Base(filepath.Clean(root)) == DefaultDirectory):
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for scenarios: %w", err)
	}
	return out, nil
}

// IsFile reports whether a file below a directory is taken for one with cases: by
// the name *.scenario.yaml or scenario*.yaml, or any YAML file in a directory
// "scenarios", which inside says that the path lies in one. Recordings and rules
// of models are left out.
func IsFile(path string, inside bool) bool {
	name := filepath.Base(path)
	ext := filepath.Ext(name)
	if ext != ".yaml" && ext != ".yml" {
		return false
	}
	stem := strings.TrimSuffix(name, ext)
	for _, other := range []string{".recording", ".rules"} {
		if strings.HasSuffix(stem, other) {
			return false
		}
	}
	return strings.HasSuffix(stem, ".scenario") || strings.HasPrefix(name, "scenario") ||
		inside || filepath.Base(filepath.Dir(path)) == DefaultDirectory
}

// Load reads the cases of files. All that is wrong is told at once.
func Load(files []string, known manifest.Known) ([]*manifest.Scenario, manifest.Problems) {
	var cases []*manifest.Scenario
	var problems manifest.Problems
	for _, path := range files {
		list, found := manifest.LoadScenarios(path, known)
		problems = append(problems, found...)
		for _, s := range list {
			problems = append(problems, check(s, known)...)
		}
		cases = append(cases, list...)
	}
	slices.SortStableFunc(problems, func(a, b manifest.Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return cases, slices.Compact(problems)
}

// check reads what stands in short forms and in the files that a case names.
func check(s *manifest.Scenario, known manifest.Known) manifest.Problems {
	var out manifest.Problems
	add := func(line int, err error) {
		if err != nil {
			out = append(out, manifest.Problem{Path: s.Path, Line: line, Column: 1, Severity: manifest.Error, Message: err.Error()})
		}
	}
	forms := shortForms{known}
	_, err := rulesOf(s, forms)
	add(s.Script.Line, err)
	all := []*manifest.Expectation{&s.Then}
	for i := range s.When {
		step := &s.When[i]
		if step.Then != nil {
			all = append(all, step.Then)
		}
		if d := step.Delivery; d != nil && d.File != "" {
			_, err := os.Stat(beside(s.Path, d.File))
			add(step.Line, withoutOperation(err))
		}
	}
	for _, e := range all {
		for _, list := range [][]manifest.Action{e.Actions, e.Never} {
			for i := range list {
				add(list[i].Line, forms.bind(&list[i]))
			}
		}
	}
	return out
}

// withoutOperation takes the system call's name out of an error.
func withoutOperation(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// beside is a path relative to a file.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}
