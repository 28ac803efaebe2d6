package llm

import (
	"fmt"
	"strings"
	"unicode"
)

// maxModelName bounds a model's name, in bytes.
const maxModelName = 256

// ParseRef splits a reference to a model, "provider:model", at its first colon;
// the model's own name may have colons, as in "ollama:llama3.1:8b".
func ParseRef(ref string) (provider, model string, err error) {
	provider, model, ok := strings.Cut(ref, ":")
	if !ok || provider == "" || model == "" {
		return "", "", fmt.Errorf("parse model %q: want provider:model, such as google:gemini-2.5-flash", clip(ref))
	}
	if len(model) > maxModelName {
		return "", "", fmt.Errorf("parse model %q: the name is longer than %d bytes", clip(ref), maxModelName)
	}
	if i := strings.IndexFunc(ref, notInRef); i >= 0 {
		return "", "", fmt.Errorf("parse model %q: a space or control character is in the name", clip(ref))
	}
	return provider, model, nil
}

func notInRef(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}

// clip shortens foreign text for an error message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
