package wiki

// The macros of Jira's wiki markup that are treated by name.
const (
	macroCode     = "code"
	macroNoformat = "noformat"
	macroQuote    = "quote"
	macroPanel    = "panel"
	macroColor    = "color"
	macroAnchor   = "anchor"
)

// isBlockMacro knows the macros that stand for a block.
func isBlockMacro(name string) bool {
	switch name {
	case macroQuote, macroPanel, "info", "note", "tip", "warning", "expand":
		return true
	}
	return isVerbatim(name)
}

// isVerbatim knows the macros within which nothing is markup.
func isVerbatim(name string) bool { return name == macroCode || name == macroNoformat }
