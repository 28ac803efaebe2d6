package pgserver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// BinEnv names the environment variable that says in which directory the
// PostgreSQL binaries are.
const BinEnv = "AOF_PG_BIN"

// ErrNoPostgres is returned where no PostgreSQL binaries are found.
var ErrNoPostgres = errors.New("no PostgreSQL server binaries (initdb, pg_ctl, postgres) in $" + BinEnv +
	", $PATH or /usr/lib/postgresql/*/bin: install the package postgresql")

// Find returns the directory of the PostgreSQL server binaries: what the
// environment variable AOF_PG_BIN says, else where initdb is found on PATH, else
// the newest version below /usr/lib/postgresql, where Debian keeps them. The
// error is ErrNoPostgres if there is none.
func Find() (string, error) {
	if dir := os.Getenv(BinEnv); dir != "" {
		return complete(dir)
	}
	// Only a pattern that is no pattern gives an error.
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		// What lies on PATH may be a link; its neighbours are where it points to.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		dirs = slices.Insert(dirs, 0, filepath.Dir(path))
	}
	for _, dir := range dirs {
		if found, err := complete(dir); err == nil {
			return found, nil
		}
	}
	return "", ErrNoPostgres
}

// version reads the 15 of /usr/lib/postgresql/15/bin; 0 if it is no number.
func version(bin string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return n
}

// complete returns dir if it holds all that a server needs.
func complete(dir string) (string, error) {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() {
			return "", ErrNoPostgres
		}
	}
	return dir, nil
}
