package manifest

import (
	"fmt"

	"github.com/aofctl/aofctl/internal/spell"
)

// meant returns " (did you mean "x"?)" or "".
func meant(name string, candidates []string) string {
	if n := spell.Nearest(name, candidates); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}

// hints gives suggestions, but not without end: each is a comparison with all
// candidates.
type hints struct{ given int }

func (h *hints) meant(name string, candidates []string) string {
	const most = 200
	if h.given++; h.given > most {
		return ""
	}
	return meant(name, candidates)
}
