package step

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// longestName is how many bytes of a branch's name are kept as they are;
	// keptOfName is what is kept of a longer one, before the hash of all of it.
	longestName, keptOfName = 64, 40
	// longestPath bounds a path, which is part of an index and of the ids of steps.
	longestPath = 600
)

// Path returns the path of the branch of that name within the branch of the
// parent path, which is "" for the run's own journal. A path is readable, holds
// no ":", "," or "#", and tells any two names apart; of a long name it has the
// beginning and a hash. The error says that branches are nested too deeply.
func Path(parent, name string) (string, error) {
	path := segment(name)
	if parent != "" {
		path = parent + "/" + path
	}
	if len(path) > longestPath {
		return "", fmt.Errorf("branch %s: its path has %d bytes of at most %d: branches are nested too deeply", path, len(path), longestPath)
	}
	return path, nil
}

// segment writes a name as a part of a path. "%" alone stands for no name.
func segment(name string) string {
	var b strings.Builder
	for rest := name; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if plain(r, size) {
			b.WriteString(rest[:size])
		} else {
			for _, c := range []byte(rest[:size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		rest = rest[size:]
	}
	text := b.String()
	switch {
	case text == "":
		return "%"
	case len(text) <= longestName:
		return text
	}
	sum := sha256.Sum256([]byte(name))
	return strings.ToValidUTF8(text[:keptOfName], "") + "~" + hex.EncodeToString(sum[:8])
}

func plain(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && unicode.IsPrint(r) && !strings.ContainsRune("%/:,#~", r)
}

// Within reports whether a path is that of the given branch, or of one inside
// it. All are within "".
func Within(path, branch string) bool {
	return branch == "" || path == branch || strings.HasPrefix(path, branch+"/")
}
