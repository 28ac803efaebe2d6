package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/tool"
)

// describe tells the model of an answer, from a byte of its text on.
func describe(answer outbound.Response, from int) tool.Result {
	text, mediaType, err := answer.Text()
	if err != nil {
		return failed("", fmt.Errorf("%d %s: %w", answer.Status, http.StatusText(answer.Status), err))
	}
	switch {
	case mediaType == "text/html" || mediaType == "application/xhtml+xml":
		text = toMarkdown(text)
	case strings.HasSuffix(mediaType, "json") && !answer.Truncated:
		text = compact(text)
	}
	text = prompt.Clean(text)
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s, %s, from %s\n", answer.Status, http.StatusText(answer.Status), or(mediaType, "no content"), prompt.Cap(answer.URL.Redacted(), 300))
	if location := answer.Header.Get("Location"); location != "" {
		fmt.Fprintf(&b, "location: %s\n", prompt.Clean(prompt.Cap(location, 300)))
	}
	b.WriteString(cut(text, from))
	if answer.Truncated && from+page >= len(text) {
		fmt.Fprintf(&b, "\ntruncated: the answer is larger than what is read of it")
	}
	return tool.Result{Text: b.String(), Failed: answer.Status >= http.StatusBadRequest}
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// compact takes the blanks out of JSON, which only cost.
func compact(text string) string {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return text
	}
	return out.String()
}

// cut returns a page of a text, with what gives the next one.
func cut(text string, from int) string {
	if from > 0 && from >= len(text) {
		return "There is no more."
	}
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	text = text[from:]
	if len(text) <= page {
		return text
	}
	until := page
	for !utf8.RuneStart(text[until]) {
		until--
	}
	return fmt.Sprintf("%s\ntruncated: use page_token %d", text[:until], from+until)
}
