package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// manifestFile is a file to load, by the name under which it is shown.
type manifestFile struct {
	path string
	// real is the path with all symbolic links followed, by which a file that
	// can be reached in two ways is loaded once.
	real string
}

// fileSet is what the directories hold.
type fileSet struct {
	files []manifestFile
	// dirs are the real paths of all directories that were looked into, and of
	// those in which the targets of symbolic links are.
	dirs []string
}

// scan finds all manifests below the directories. Hidden files and directories
// are left out, which includes the "..data" and "..2026_01_02" directories in
// which Kubernetes keeps what the visible links of a mounted ConfigMap lead to.
func scan(dirs []Directory, r *report) fileSet {
	s := scanner{report: r, seenDirs: map[string]bool{}, seenFiles: map[string]bool{}}
	for _, dir := range dirs {
		if _, err := os.Stat(dir.Path); err != nil {
			if !dir.Optional || !errors.Is(err, fs.ErrNotExist) {
				s.fail(dir.Path, err)
			}
			continue
		}
		s.dir(dir.Path)
	}
	slices.SortFunc(s.set.files, func(a, b manifestFile) int { return strings.Compare(a.path, b.path) })
	slices.Sort(s.set.dirs)
	s.set.dirs = slices.Compact(s.set.dirs)
	return s.set
}

type scanner struct {
	*report
	set       fileSet
	seenDirs  map[string]bool
	seenFiles map[string]bool
}

func (s *scanner) fail(path string, err error) {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	s.problems = append(s.problems, Problem{Path: path, Severity: Error, Message: "read: " + err.Error()})
}

func (s *scanner) dir(path string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		s.fail(path, err)
		return
	}
	if s.seenDirs[real] {
		return
	}
	s.seenDirs[real] = true
	s.set.dirs = append(s.set.dirs, real)
	entries, err := os.ReadDir(path)
	if err != nil {
		s.fail(path, err)
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			s.entry(filepath.Join(path, e.Name()), filepath.Join(real, e.Name()), e.Type())
		}
	}
}

func (s *scanner) entry(path, real string, mode fs.FileMode) {
	if mode&fs.ModeSymlink != 0 {
		target, info, err := follow(path)
		if err != nil {
			if isManifestFile(path) {
				s.fail(path, err)
			}
			return
		}
		real, mode = target, info.Mode()
		s.set.dirs = append(s.set.dirs, filepath.Dir(target))
	}
	switch {
	case mode.IsDir():
		s.dir(path)
	case mode.IsRegular() && isManifestFile(path) && !s.seenFiles[real]:
		s.seenFiles[real] = true
		s.set.files = append(s.set.files, manifestFile{path: path, real: real})
	}
}

func follow(path string) (target string, info fs.FileInfo, err error) {
	if target, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, err
	}
	info, err = os.Stat(target)
	return target, info, err
}

func isManifestFile(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// readFile reads a manifest, but not what is far too large for one.
func readFile(path string, info fs.FileInfo) ([]byte, error) {
	if info.Size() > maxFileBytes {
		return make([]byte, maxFileBytes+1), nil
	}
	return os.ReadFile(path)
}
