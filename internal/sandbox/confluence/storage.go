package confluence

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
)

// checkStorage refuses a text that is not well-formed in the storage format:
// XHTML without a root, with HTML's entities and with names of the prefixes ac, ri
// and at.
func checkStorage(body string) error {
	if strings.Contains(body, "<!") && strings.Contains(strings.ToUpper(body), "<!DOCTYPE") {
		return parseFailure("DOCTYPE is not allowed in content")
	}
	dec := xml.NewDecoder(strings.NewReader("<xml>" + body + "</xml>"))
	dec.Entity = xml.HTMLEntity
	depth, ended := 0, false
	for {
		token, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return parseFailure(strings.TrimPrefix(err.Error(), "XML syntax error on line "))
		}
		switch t := token.(type) {
		case xml.StartElement:
			if ended {
				return parseFailure("Unexpected close tag </xml>")
			}
			if !knownPrefix(t.Name.Space) {
				return parseFailure("Undeclared namespace prefix \"" + t.Name.Space + "\"")
			}
			depth++
		case xml.EndElement:
			depth--
			ended = depth == 0
		case xml.ProcInst:
			return parseFailure("Unexpected processing instruction")
		default:
		}
	}
}

func knownPrefix(space string) bool {
	switch space {
	case "", "ac", "ri", "at":
		return true
	default:
		return false
	}
}

func parseFailure(why string) *Refusal {
	return refuse(http.StatusBadRequest, "Error parsing xhtml: %s", why)
}

// words is the text of a body without its markup.
func words(body string) string {
	dec := xml.NewDecoder(strings.NewReader("<xml>" + body + "</xml>"))
	dec.Entity = xml.HTMLEntity
	var out strings.Builder
	for {
		token, err := dec.Token()
		if err != nil {
			return strings.Join(strings.Fields(out.String()), " ")
		}
		switch t := token.(type) {
		case xml.CharData:
			out.Write(t)
		case xml.StartElement:
			out.WriteString(gap(t.Name))
		case xml.EndElement:
			out.WriteString(gap(t.Name))
		default:
		}
	}
}

// gap is what stands between words for an element: nothing for the marks of
// comments, which may be within a word.
func gap(name xml.Name) string {
	if name.Local == marker {
		return ""
	}
	return " "
}

// marker is the element around the text that a comment is on.
const marker = "inline-comment-marker"

// markText puts a mark around a place of a text, which is looked for between the
// tags; false if there are not so many places.
func markText(body, text string, index int, ref string) (string, bool) {
	for at := 0; at < len(body); {
		rest := body[at:]
		switch {
		case strings.HasPrefix(rest, "<![CDATA["):
			at += past(rest, "]]>")
		case strings.HasPrefix(rest, "<!--"):
			at += past(rest, "-->")
		case rest[0] == '<':
			at += pastTag(rest)
		case strings.HasPrefix(rest, text) && index == 0:
			open := "<ac:" + marker + " ac:ref=\"" + ref + "\">"
			return body[:at] + open + text + "</ac:" + marker + ">" + body[at+len(text):], true
		case strings.HasPrefix(rest, text):
			index--
			at += len(text)
		case rest[0] == '&':
			at += past(rest, ";")
		default:
			at++
		}
	}
	return body, false
}

// pastTag is where a text goes on behind a tag, whose values may have ">" in them.
func pastTag(s string) int {
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return i + 1
		}
	}
	return len(s)
}

// past is where a text goes on behind an end.
func past(s, end string) int {
	if at := strings.Index(s, end); at >= 0 {
		return at + len(end)
	}
	return len(s)
}
