package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits on what is read; a manifest that people write is far below them.
const (
	maxFileBytes = 4 << 20
	maxDepth     = 64
	maxEntries   = 10_000
	spareNodes   = 50_000
)

// section is one YAML document of a file, as text.
type section struct {
	text string
	// before is how many lines of the file stand before it.
	before int
}

// splitDocuments cuts a file at its "---" and "..." lines. Such a line begins a
// new document wherever it stands (YAML 1.2, 9.1.2), so a mistake in one
// document hides nothing in the next.
func splitDocuments(text string) []section {
	var out []section
	start, startLine, line := 0, 0, 0
	for i := 0; i < len(text); line++ {
		end := strings.IndexByte(text[i:], '\n')
		next := len(text)
		if end >= 0 {
			next = i + end + 1
		}
		if isMarker(text[i:next]) && i > start {
			out = append(out, section{text: text[start:i], before: startLine})
			start, startLine = i, line
		}
		i = next
	}
	return append(out, section{text: text[start:], before: startLine})
}

func isMarker(line string) bool {
	line = strings.TrimRight(line, "\r\n")
	for _, marker := range []string{"---", "..."} {
		if line == marker || strings.HasPrefix(line, marker+" ") || strings.HasPrefix(line, marker+"\t") {
			return true
		}
	}
	return false
}

// parse returns the root node of a document, or nil if it is empty or broken;
// what is broken is reported.
func (s section) parse(r *report) (root *yaml.Node) {
	if s.blank() {
		return nil
	}
	if strings.HasPrefix(s.text, "...") {
		s.text = "#" + s.text
	}
	var doc yaml.Node
	if err := unmarshal([]byte(s.text), &doc); err != nil {
		line, message := yamlError(err)
		r.errorf(pos{line: s.before + line, col: 1}, "%s", message)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil
	}
	return root
}

// blank reports whether there is nothing but comments after the marker.
func (s section) blank() bool {
	for i, line := range strings.Split(s.text, "\n") {
		line = strings.TrimSpace(line)
		if i == 0 && isMarker(line) {
			line = strings.TrimSpace(line[3:])
		}
		if line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// unmarshal turns a panic of the YAML library, which some malformed inputs
// cause, into an error.
func unmarshal(data []byte, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read as YAML: %v", p)
		}
	}()
	return yaml.Unmarshal(data, n)
}

// yamlError takes the line out of an error of the YAML library.
func yamlError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	m := regexp.MustCompile(`^line (\d+): (?s:(.*))$`).FindStringSubmatch(message)
	if m == nil {
		return 1, "invalid YAML: " + message
	}
	line, _ = strconv.Atoi(m[1])
	return line, "invalid YAML: " + m[2]
}

// checkText refuses what cannot be a manifest file.
func checkText(data []byte, r *report) bool {
	switch {
	case len(data) > maxFileBytes:
		r.errorf(pos{}, "the file is larger than %d bytes", maxFileBytes)
	case !utf8.Valid(data):
		r.errorf(pos{}, "the file is not UTF-8 text")
	case bytes.IndexByte(data, 0) >= 0:
		r.errorf(pos{}, "the file is not text: it holds a NUL byte")
	default:
		return true
	}
	return false
}
