package markdown

import (
	"strings"

	"github.com/yuin/goldmark/parser"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// addChunk reads a chunk and adds its blocks. What the end of the chunk before cut
// in two, a table or a list, becomes one again.
func addChunk(out *doc.Node, p parser.Parser, before, chunk string, mixed bool) {
	last := &doc.Node{}
	if len(out.Children) > 0 && before != "" {
		last = out.Children[len(out.Children)-1]
	}
	switch {
	case last.Kind == doc.Table && chunk[0] == '|' && !strings.HasSuffix(before, "\n\n") && len(last.Children) > 0:
		columns := len(last.Children[0].Children)
		head := strings.Repeat("|  ", columns) + "|\n" + strings.Repeat("|---", columns) + "|\n"
		list := parse(p, head+chunk, mixed, 0)
		if len(list) > 0 && list[0].Kind == doc.Table {
			last.Add(list[0].Children...)
			list = list[1:]
		}
		out.Add(list...)
	case last.List() && bulletOf(chunk) != 0 && bulletOf(chunk) == lastBullet(before):
		list := parse(p, chunk, mixed, 0)
		if len(list) > 0 && list[0].Kind == last.Kind && (last.Kind == doc.Bullets || list[0].Level == last.Level+len(last.Children)) {
			last.Add(list[0].Children...)
			list = list[1:]
		}
		out.Add(list...)
	default:
		out.Add(parse(p, chunk, mixed, 0)...)
	}
}

// bulletOf is the sign of the item of a list that a text begins with: -, *, + or the
// one behind a number; 0 if it begins with no item.
func bulletOf(s string) byte {
	rest := strings.TrimLeft(s[:min(len(s), 10)], "0123456789")
	if len(rest) < 2 || rest[1] != ' ' {
		return 0
	}
	marks := "-*+"
	if len(rest) < len(s[:min(len(s), 10)]) {
		marks = ".)"
	}
	if strings.IndexByte(marks, rest[0]) < 0 {
		return 0
	}
	return rest[0]
}

// lastBullet is the sign of the last item of a list that is not within another.
func lastBullet(s string) byte {
	for s != "" {
		s = strings.TrimSuffix(s, "\n")
		at := strings.LastIndexByte(s, '\n') + 1
		if b := bulletOf(s[at:]); b != 0 {
			return b
		}
		if at == 0 {
			break
		}
		s = s[:at]
	}
	return 0
}
