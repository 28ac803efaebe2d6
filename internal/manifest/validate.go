package manifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// daemonFile is the name under which a directory's configuration is found.
const daemonFile = "daemon.yaml"

// Validate checks files and directories and returns all that is wrong with them,
// in the order of their paths. A DaemonConfig, or a directory with a daemon.yaml,
// stands for the directories that it names as well. What is given by single files
// may refer to manifests that are not given. No problem at all means that all is
// well. The error is that of the context.
func Validate(ctx context.Context, paths []string, known Known) (Problems, error) {
	v := &validation{known: known}
	for _, path := range paths {
		v.path(path)
	}
	if len(v.dirs)+len(v.files) == 0 {
		return v.problems.sorted(), nil
	}
	loader := NewLoader(v.dirs, v.allKnown())
	r := &report{}
	files := scan(v.dirs, r).files
	for _, f := range v.files {
		files = append(files, manifestFile{path: f})
	}
	parsed, err := loader.parseAll(ctx, files)
	if err != nil {
		return nil, err
	}
	catalog, problems := assemble(withoutRepeats(parsed), v.failed || len(v.dirs) == 0)
	v.problems = append(append(v.problems, r.problems...), problems...)
	for _, d := range v.daemons {
		v.problems = append(v.problems, d.Check(catalog)...)
	}
	return v.problems.sorted(), nil
}

// validation gathers what is to be checked.
type validation struct {
	known    Known
	problems Problems
	daemons  []*Daemon
	dirs     []Directory
	files    []string
	// failed is true if a configuration has errors, so that it is not known what
	// all it offers.
	failed bool
}

func (v *validation) path(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		v.fail(path, err)
	case !info.IsDir():
		v.file(path, info)
	default:
		config := filepath.Join(path, daemonFile)
		if info, err := os.Stat(config); err == nil {
			v.file(config, info)
			return
		}
		v.dirs = append(v.dirs, Directory{Path: path})
	}
}

func (v *validation) fail(path string, err error) {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	v.problems = append(v.problems, Problem{Path: path, Severity: Error, Message: fmt.Sprintf("read: %s", err)})
}

// file takes a DaemonConfig apart at once and keeps other files for the
// catalogue.
func (v *validation) file(path string, info fs.FileInfo) {
	text, err := readFile(path, info)
	if err != nil {
		v.fail(path, err)
		return
	}
	if !isDaemon(path, text) {
		v.files = append(v.files, path)
		return
	}
	daemon, problems := readDaemon(path, text, v.known.Env)
	v.problems = append(v.problems, problems...)
	if daemon == nil {
		return
	}
	v.failed = v.failed || problems.Err() != nil
	v.daemons = append(v.daemons, daemon)
	for _, dir := range daemon.Directories() {
		if info, err := os.Stat(dir.Path); err == nil && info.IsDir() {
			v.dirs = append(v.dirs, dir)
		}
	}
}

// isDaemon reports whether a file is a DaemonConfig: by its kind, or by its name.
func isDaemon(path string, text []byte) bool {
	r := &report{path: path}
	if !checkText(text, r) {
		return filepath.Base(path) == daemonFile
	}
	for _, s := range splitDocuments(string(text)) {
		if kind := lookup(s.parse(r), "kind"); kind != nil {
			return kind.Value == kindDaemon
		}
	}
	return filepath.Base(path) == daemonFile
}

// allKnown adds the providers and secrets of the configurations that are checked.
func (v *validation) allKnown() Known {
	known := v.known
	if v.failed {
		known.Providers, known.SecretEnvs = nil, nil
		return known
	}
	for _, d := range v.daemons {
		known.Cloud = known.Cloud || d.Cloud()
		if d.Runtime.DefaultAgent != "" {
			known.DefaultAgent = d.Runtime.DefaultAgent
		}
		if known.Providers != nil {
			known.Providers = append(known.Providers[:len(known.Providers):len(known.Providers)], keys(d.Providers)...)
			slices.Sort(known.Providers)
			known.Providers = slices.Compact(known.Providers)
		}
		if known.SecretEnvs == nil {
			known.SecretEnvs = []string{}
		}
		known.SecretEnvs = append(known.SecretEnvs[:len(known.SecretEnvs):len(known.SecretEnvs)], d.SecretEnvs()...)
	}
	return known
}

// withoutRepeats drops files that are given twice, directly and by a directory.
func withoutRepeats(files []*parsedFile) []*parsedFile {
	seen := map[string]bool{}
	var out []*parsedFile
	for _, f := range files {
		real, err := filepath.EvalSymlinks(f.path)
		if err != nil {
			real = f.path
		}
		if abs, err := filepath.Abs(real); err == nil {
			real = abs
		}
		if !seen[real] {
			seen[real] = true
			out = append(out, f)
		}
	}
	return out
}
