package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MCPServer is a server of the Model Context Protocol whose tools an agent has.
// See https://modelcontextprotocol.io/specification.
type MCPServer struct {
	Name string
	// Command is the program to start; "" for a server behind URL.
	Command string
	Args    []Deferred
	// Env and Headers are by name.
	Env     map[string]Deferred
	URL     string
	Headers map[string]Deferred
	// Tools and Listed are globs of the server's tools: those of the server itself,
	// and those that the agent lists as mcp:<server>/<tool>. A tool may be used if
	// both admit it; one of them may be empty, which admits all.
	Tools, Listed []string
	// ReadOnly are globs of the tools that change nothing.
	ReadOnly []string
	// TrustAnnotations believes the server on which of its tools change nothing.
	TrustAnnotations bool
	// Pin is the fingerprint that the tools must have; "" for any.
	Pin string
	// Timeout bounds each call; 0 for the default.
	Timeout time.Duration
}

// Fingerprint is a hash of everything that is said of the server.
func (s MCPServer) Fingerprint() string {
	body, err := json.Marshal(s)
	if err != nil {
		body = []byte(s.Name)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Deferred is a text in which ${VAR} stands for variables that are looked up when
// the text is needed: a run that is kept need not keep secrets.
type Deferred struct {
	Text string
	// Secret is true if the values of its variables must not leave the daemon.
	Secret bool
}

// Expand replaces the variables and returns the values of those that are secret.
// One that is unset and has no default is an error.
func (t Deferred) Expand(env func(string) (string, bool)) (text string, secrets []string, err error) {
	text = variable.ReplaceAllStringFunc(t.Text, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		name, fallback, hasFallback := strings.Cut(match[2:len(match)-1], ":-")
		value, ok := env(name)
		switch {
		case ok && (value != "" || !hasFallback):
			if t.Secret || secretName(name) {
				secrets = append(secrets, value)
			}
			return value
		case hasFallback:
			return fallback
		}
		err = fmt.Errorf("environment variable %s is not set", name)
		return ""
	})
	return text, secrets, err
}

// variables are those that the text needs.
func (t Deferred) variables() []string {
	var names []string
	for _, match := range variable.FindAllString(t.Text, -1) {
		name, _, hasFallback := strings.Cut(strings.TrimPrefix(match, "${"), ":-")
		if !strings.HasPrefix(match, "$$") && !hasFallback {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// secretWords are parts of the names of variables that hold secrets.
var secretWords = regexp.MustCompile(`(?i)(^|[_-])(api)?(key|token|secret|password|passwd|passphrase|credential|cookie|auth|authorization|pat|dsn)s?($|[_-])`)

func secretName(name string) bool { return secretWords.MatchString(name) }

// MCPAgents returns the agents of the catalogue that have MCP servers, those that
// are written in fleets and flows included, in a stable order.
func (c *Catalog) MCPAgents() []*Agent {
	var list []*Agent
	add := func(agents ...*Agent) {
		for _, a := range agents {
			if a != nil && len(a.MCPServers) > 0 {
				list = append(list, a)
			}
		}
	}
	for _, name := range keys(c.Agents) {
		add(c.Agents[name])
	}
	for _, name := range keys(c.Fleets) {
		add(c.Fleets[name].Inline()...)
	}
	for _, name := range keys(c.Flows) {
		c.Flows[name].Each(func(n *FlowNode) {
			if node, ok := n.Config.(*AgentNode); ok {
				add(node.Inline)
			}
		})
	}
	return list
}

// mcpPrefix begins the entries of an agent's tools that are a server's.
const mcpPrefix = "mcp:"

// splitMCP reads "mcp:server/tool". Without a tool it means all of the server's.
func splitMCP(entry string) (server, tool string) {
	server, tool, found := strings.Cut(strings.TrimPrefix(entry, mcpPrefix), "/")
	if !found {
		tool = "*"
	}
	return server, tool
}

// mcpNames are the names of the servers.
func mcpNames(servers []MCPServer) []string {
	var names []string
	for _, s := range servers {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}
