package contract

import (
	"errors"
	"os"
	"path/filepath"
)

// Material finds a file or directory that tests can do without and that is not in the
// repository, such as Atlassian's descriptions: below $AOF_SHARED, or below a directory
// "shared" beside one in which the working directory is. It is "" if it is not there.
func Material(path string) string {
	roots := []string{os.Getenv("AOF_SHARED")}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		roots = append(roots, filepath.Join(dir, "..", "shared"))
	}
	for _, root := range roots {
		full := filepath.Join(root, path)
		if _, err := os.Stat(full); root != "" && err == nil {
			return full
		}
	}
	return ""
}

// Find reads a description with one of the functions of this package from where
// Material has it. It is nil, without an error, if the description is not there.
func Find(load func(dir string) (*Contract, error)) (*Contract, error) {
	dir := Material("openapi")
	if dir == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	c, err := load(dir)
	if errors.Is(err, ErrNoDescription) {
		return nil, nil //nolint:nilnil // there is none
	}
	return c, err
}
