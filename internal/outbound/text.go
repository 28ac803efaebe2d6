package outbound

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Text returns the body of an answer as UTF-8, and its media type. What is not
// text, such as a picture, is an error.
func (r Response) Text() (text, mediaType string, err error) {
	header := r.Header.Get("Content-Type")
	if header == "" {
		header = http.DetectContentType(r.Body)
	}
	mediaType, params, err := mime.ParseMediaType(header)
	if err != nil && mediaType == "" {
		mediaType, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(header)), ";")
	}
	if len(r.Body) > 0 && !textual(mediaType) {
		return "", mediaType, fmt.Errorf("the answer is %.100q of %d bytes: only text is read", mediaType, len(r.Body))
	}
	return decode(r.Body, params["charset"]), mediaType, nil
}

// textual reports whether a media type is text for people or programs.
func textual(mediaType string) bool {
	kind, sub, _ := strings.Cut(mediaType, "/")
	if kind == "text" || strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "+xml") || strings.HasSuffix(sub, "+yaml") {
		return true
	}
	switch sub {
	case "json", "xml", "yaml", "x-yaml", "toml", "javascript", "x-javascript", "ecmascript", "x-ndjson", "ndjson", "jsonl",
		"x-www-form-urlencoded", "graphql", "sql", "problem", "csv", "ld":
		return kind == "application"
	}
	return false
}

// decode makes UTF-8 of the texts that the web has: nearly all are UTF-8 already,
// the others mostly Latin-1.
func decode(body []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1", "windows-1252", "iso-8859-15":
		if !utf8.Valid(body) {
			runes := make([]rune, len(body))
			for i, b := range body {
				runes[i] = rune(b)
			}
			return string(runes)
		}
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(body), "\uFEFF"), "\uFFFD")
}
