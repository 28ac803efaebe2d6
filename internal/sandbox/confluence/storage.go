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
		case xml.StartElement, xml.EndElement:
			out.WriteByte(' ')
		default:
		}
	}
}
