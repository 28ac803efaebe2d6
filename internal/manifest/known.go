package manifest

import (
	"os"
	"path"
	"slices"
	"strings"
)

// Known is what manifests may refer to beside each other.
type Known struct {
	// Tools are the tools that agents may list. If it is nil, tools are not
	// checked and their names are taken as they stand.
	Tools []KnownTool
	// Providers are the names of the model providers, those of daemon.yaml
	// included. If it is nil, providers are not checked.
	Providers []string
	// SecretEnvs are the environment variables that hold the webhook secrets of
	// daemon.yaml. If it is not nil, a trigger that names another one which is
	// unset gets a warning.
	SecretEnvs []string
	// Cloud is true if every site is Jira Cloud, whose events tell of people less
	// than allowed_users may ask for.
	Cloud bool
	// DefaultAgent is what a trigger runs that names nothing at all; "" for none.
	DefaultAgent string
	// Env looks up environment variables for ${VAR}; nil means os.LookupEnv.
	Env func(string) (string, bool)
	// CheckTemplate and CheckExpression, if given, return an error for a template
	// (instructions, responses) or an expression that cannot be compiled.
	CheckTemplate   func(text string) error
	CheckExpression func(text string) error
	// Reads, if given, tells which variables a template or an expression reads that
	// can be compiled, and Variables are the context variables that events may have.
	Reads     func(text string, form TextForm) []Read
	Variables []string
	// CheckSchema, if given, returns an error for a JSON Schema that cannot be used.
	CheckSchema func(schema []byte) error
	// Faults, if given, lists in which a JSON text does not fit a JSON Schema; none if
	// the schema cannot be used.
	Faults func(schema, text []byte) []string
	// CheckAddress, if given, returns an error for an address that no host of
	// daemon.yaml admits.
	CheckAddress func(address string) error
	// FlowText, if given, checks a text of a flow that has nodes of these ids and
	// tells which variables it reads.
	FlowText func(text string, form TextForm, nodes []string) ([]Read, error)
	// CheckSchedule, if given, returns an error for a schedule that cannot be
	// understood or never comes.
	CheckSchedule func(schedule, timezone string) error
	// Sites are the names of the Jira sites of daemon.yaml. If it is nil, names of
	// sites are not checked.
	Sites []string
	// NoGitHub is true if daemon.yaml has no token for GitHub.
	NoGitHub bool
	// NoConfluence is true if daemon.yaml has no Confluence.
	NoConfluence bool
	// DeafConfluence is true if daemon.yaml has one whose webhooks nothing verifies.
	DeafConfluence bool
}

// KnownTool is a tool that agents may list.
type KnownTool struct {
	Name    string
	Aliases []string
	// Toolset is the umbrella name that stands for all tools of the set.
	Toolset string
	// Reads is true for a tool that changes nothing; "set:read" stands for these.
	Reads bool
	// Parameters is the JSON Schema of the tool's arguments; nil if it is not known.
	Parameters []byte
	// Named is true for a tool that no glob means: it is listed by its name.
	Named bool
}

func (k Known) env() func(string) (string, bool) {
	if k.Env == nil {
		return os.LookupEnv
	}
	return k.Env
}

// tools resolves one entry of an agent's list to canonical names: a name, an
// alias, a toolset, "toolset:read" or a glob. It returns nil for none.
func (k Known) tools(entry string) []string {
	set, reading := strings.CutSuffix(entry, ":read")
	var out []string
	for _, t := range k.Tools {
		switch {
		case !reading && (t.Name == entry || slices.Contains(t.Aliases, entry)):
			return []string{t.Name}
		case t.Toolset != "" && t.Toolset == set && (!reading || t.Reads):
			out = append(out, t.Name)
		case isGlob(entry) && !t.Named && matches(entry, t.Name):
			out = append(out, t.Name)
		}
	}
	return out
}

// toolNames lists all that tools would resolve, for suggestions.
func (k Known) toolNames() []string {
	var out []string
	for _, t := range k.Tools {
		out = append(out, t.Name)
		out = append(out, t.Aliases...)
		if t.Toolset != "" {
			out = append(out, t.Toolset, t.Toolset+":read")
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func isGlob(s string) bool { return strings.ContainsAny(s, "*?[") }

func matches(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}
