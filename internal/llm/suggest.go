package llm

import (
	"strings"

	"github.com/aofctl/aofctl/internal/spell"
)

// nearest gives the name that somebody most likely meant, or "". What people
// call a provider by its product is known too.
func nearest(name string, names []string) string {
	name = strings.ToLower(name)
	switch name {
	case "gemini", "vertex", "googleai", "google-ai":
		return "google"
	case "claude":
		return "anthropic"
	case "gpt", "chatgpt":
		return "openai"
	}
	return spell.Nearest(name, names)
}
