package storage

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// language returns the language of code as Confluence knows it, or "". Data
// Center shows an error for each that it does not know.
func (w *writer) language(name string) string {
	name = strings.ToLower(name)
	for _, r := range name {
		if !doc.IsASCIIWord(r) && !strings.ContainsRune("+#._-", r) {
			return ""
		}
	}
	if !w.o.DataCenter {
		return name
	}
	switch name {
	case "bash", "sh", "shell", "zsh":
		return "bash"
	case "js", "javascript", "jsx", "ts", "typescript", "tsx", "json":
		return "js"
	case "py", "python", "python3":
		return "py"
	case "html", "xml", "xhtml", "svg":
		return "xml"
	case "cpp", "c++", "c", "cc", "h", "hpp":
		return "cpp"
	case "c#", "cs", "csharp":
		return "c#"
	case "rb", "ruby":
		return "ruby"
	case "yml", "yaml":
		return "yml"
	case "actionscript3", "applescript", "css", "coldfusion", "delphi", "diff", "erl", "groovy", "java", "jfx", "php", "perl",
		"powershell", "sass", "scala", "sql", "vb":
		return name
	}
	return ""
}
