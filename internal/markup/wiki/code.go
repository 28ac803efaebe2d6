package wiki //nolint:goconst // names of languages read best as they are

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// codeBlock writes code. Jira ends it at the first {code}, wherever it stands,
// and complains about languages that it does not know.
func codeBlock(n *doc.Node) string {
	body := n.Text
	name, known := codeLanguage(n.Target)
	if title := plainTitle(n.Title); title != "" {
		name = strings.TrimPrefix(name+"|title="+title, "|")
	}
	switch {
	case strings.Contains(body, "{noformat"):
		if strings.Contains(body, "{code") {
			body = strings.ReplaceAll(body, "{code", "{ code")
		}
		return fence("{code}", "{code}", body)
	case (!known && n.Title == "") || strings.Contains(body, "{code"):
		return fence("{noformat}", "{noformat}", body)
	case name == "":
		return fence("{code}", "{code}", body)
	}
	return fence("{code:"+name+"}", "{code}", body)
}

func fence(open, end, body string) string {
	if body == "" {
		return open + "\n" + end
	}
	return open + "\n" + body + "\n" + end
}

// codeLanguage returns Jira's name of a language; "" for one that it does not
// know. It reports false if the text is of no language at all.
func codeLanguage(info string) (name string, known bool) {
	info = strings.ToLower(strings.TrimSpace(info))
	switch info {
	case "", "text", "txt", "plain", "plaintext", "none", "console", "output", "log", "terminal", "markdown", "md":
		return "", false
	case "bash", "sh", "shell", "zsh", "shell-session":
		return "bash", true
	case "js", "javascript", "jsx", "mjs", "node", "ts", "typescript", "tsx":
		return "javascript", true
	case "py", "python", "python3", "py3":
		return "python", true
	case "yml", "yaml":
		return "yaml", true
	case "json", "jsonc", "json5":
		return "json", true
	case "go", "golang":
		return "go", true
	case "c#", "cs", "csharp":
		return "c#", true
	case "c++", "cpp", "cc", "cxx", "hpp":
		return "c++", true
	case "c", "h":
		return "c", true
	case "rb", "ruby":
		return "ruby", true
	case "html", "htm", "vue", "svelte":
		return "html", true
	case "xml", "svg", "xhtml", "pom", "xsd":
		return "xml", true
	case "objc", "objective-c", "objectivec":
		return "objc", true
	case "sql", "mysql", "postgresql", "plsql", "psql":
		return "sql", true
	case "vb", "visualbasic", "vbnet":
		return "visualbasic", true
	case "java", "css", "php", "perl", "scala", "groovy", "swift", "lua", "r", "haskell", "erlang", "ada",
		"actionscript", "actionscript3", "applescript":
		return info, true
	case "jql":
		return "sql", true
	}
	return "", true
}
