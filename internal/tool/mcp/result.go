package mcp

import (
	"encoding/json"
	"fmt"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/aofctl/aofctl/internal/prompt"
)

// maxResult bounds what a model is given of a result, as for all tools.
const maxResult = 24 << 10

// render makes the text for the model of what a tool returned. Pictures and other
// data that are no text are named and left out.
func render(r *sdk.CallToolResult) string {
	var parts []string
	for _, c := range r.Content {
		if part := block(c); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 && r.StructuredContent != nil {
		if body, err := json.Marshal(r.StructuredContent); err == nil {
			parts = append(parts, string(body))
		}
	}
	text := strings.TrimSpace(prompt.Clean(strings.Join(parts, "\n")))
	if text == "" {
		return "(no output)"
	}
	return bound(text)
}

// bound cuts a long text, and says so.
func bound(text string) string {
	if len(text) <= maxResult {
		return text
	}
	kept := strings.ToValidUTF8(text[:maxResult], "")
	return fmt.Sprintf("%s\n… truncated: %d of %d bytes are left out; ask for less", kept, len(text)-len(kept), len(text))
}

func block(c sdk.Content) string {
	switch c := c.(type) {
	case *sdk.TextContent:
		return c.Text
	case *sdk.ImageContent:
		return leftOut("image", c.MIMEType, len(c.Data))
	case *sdk.AudioContent:
		return leftOut("audio", c.MIMEType, len(c.Data))
	case *sdk.ResourceLink:
		return strings.TrimSpace(fmt.Sprintf("[resource %s %s]", c.Name, c.URI))
	case *sdk.EmbeddedResource:
		return resource(c.Resource)
	}
	return ""
}

func resource(r *sdk.ResourceContents) string {
	switch {
	case r == nil:
		return ""
	case r.Text != "":
		return fmt.Sprintf("[resource %s]\n%s", r.URI, r.Text)
	default:
		return leftOut("resource "+r.URI, r.MIMEType, len(r.Blob))
	}
}

func leftOut(what, kind string, size int) string {
	return fmt.Sprintf("[%s %s of %d bytes, left out]", what, kind, size)
}
