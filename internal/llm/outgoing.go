package llm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// What stands in for a text that is empty: go-openai drops empty contents, and
// servers refuse messages without one.
const (
	noOutput = "(no output)"
	noText   = "(no text)"
)

// wireID gives an id that the provider takes: OpenAI wants at most 40
// characters, Mistral nine letters and digits, Anthropic letters, digits, _ and
// -. It matters for calls that another provider made.
func (m *model) wireID(id string) string {
	switch {
	case m.provider.dialect.shortIDs:
		if isShortID(id) {
			return id
		}
	case m.traits.api == apiMessages:
		if len(id) <= 64 && wireName(id) == id {
			return id
		}
	case len(id) <= 40:
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])[:9]
}

func isShortID(id string) bool {
	return len(id) == 9 && wireName(id) == id && !strings.ContainsAny(id, "_-")
}

// wireName makes a name that providers take of what a model may have invented.
func wireName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, name)
	if name == "" {
		return "unknown"
	}
	return name[:min(len(name), 64)]
}

// wireArgs gives the arguments back as the model sent them. Where they were no
// object, the tool's answer tells so; servers that decode them take only objects.
func wireArgs(args json.RawMessage) string {
	trimmed := bytes.TrimSpace(args)
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		return "{}"
	}
	return string(trimmed)
}

// prefix tells one conversation from another: a hash over the instructions, the
// tools and the messages so far.
type prefix struct{ sum [sha256.Size]byte }

func newPrefix(req Request) *prefix {
	p := &prefix{}
	p.add(struct {
		System string
		Tools  []ToolSpec
	}{req.System, req.Tools})
	return p
}

// add goes on with another message.
func (p *prefix) add(v any) {
	p.sum = sha256.Sum256(append(p.sum[:], jsonOf(v)...))
}

func (p *prefix) String() string { return hex.EncodeToString(p.sum[:8]) }
