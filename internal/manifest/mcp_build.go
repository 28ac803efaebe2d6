package manifest

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	mcpName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	mcpPin     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// maxServers bounds the servers of one agent.
const maxServers = 20

// mcpServers returns the agent's servers, with the tools that it lists of them.
func (b *builder) mcpServers(spec agentSpec) []MCPServer {
	if len(spec.MCPServers) > maxServers {
		b.errorf(spec.MCPServers[maxServers].pos, "more than %d MCP servers", maxServers)
	}
	var list []MCPServer
	var places []pos
	for _, decl := range spec.MCPServers {
		if slices.ContainsFunc(list, func(s MCPServer) bool { return s.Name == decl.Name.value }) {
			b.errorf(decl.Name.pos, "there are two MCP servers named %q", shorten(decl.Name.value))
			continue
		}
		list, places = append(list, b.mcpServer(decl)), append(places, decl.pos)
	}
	for _, t := range spec.Tools {
		if !t.off && strings.HasPrefix(t.name, mcpPrefix) {
			b.mcpTool(list, t)
		}
	}
	for i, s := range list {
		if len(s.Tools)+len(s.Listed) == 0 {
			b.errorf(places[i], "no tool of MCP server %q is listed: give it tools: [name or glob, …], or list mcp:%s/<tool> in the agent's tools", shorten(s.Name), shorten(s.Name))
		}
	}
	return list
}

// mcpTool notes an entry "mcp:server/tool" of the agent's tools.
func (b *builder) mcpTool(list []MCPServer, t toolDecl) {
	server, tool := splitMCP(t.name)
	i := slices.IndexFunc(list, func(s MCPServer) bool { return s.Name == server })
	switch {
	case i < 0:
		b.errorf(t.pos, "there is no MCP server %q%s: add it to mcp_servers", shorten(server), meant(server, mcpNames(list)))
	case tool == "" || !validGlob(tool):
		b.errorf(t.pos, "%q is no name or pattern of a tool: write mcp:%s/<tool>, or mcp:%s/* for all", shorten(tool), shorten(server), shorten(server))
	default:
		list[i].Listed = append(list[i].Listed, tool)
	}
}

func (b *builder) mcpServer(decl mcpDecl) MCPServer {
	s := MCPServer{
		Name: decl.Name.value, Command: decl.Command.value, URL: decl.URL.value, Args: b.deferredList(decl.Args),
		Env: b.deferredMap(decl.Env, environmentName, "an environment variable", false), Headers: b.deferredMap(decl.Headers, headerName, "a header", true),
		Tools: b.globs(decl.Tools), ReadOnly: b.globs(decl.ReadOnly), TrustAnnotations: decl.Trust.value, Pin: decl.Pin.value, Timeout: b.mcpTimeout(decl),
	}
	switch {
	case !decl.Name.set && !decl.Name.absent():
	case s.Name == "":
		b.errorf(decl.pos, `field "name" is missing`)
	case !mcpName.MatchString(s.Name):
		b.errorf(decl.Name.pos, "name %q may have up to 32 letters, digits, dashes and underscores only", shorten(s.Name))
	}
	if s.Pin != "" && !mcpPin.MatchString(s.Pin) {
		b.errorf(decl.Pin.pos, "pin %q is no fingerprint (sha256:…): aofctl doctor tells the server's", shorten(s.Pin))
	}
	b.mcpToken(decl, &s)
	b.mcpTransport(decl, s)
	return s
}

// mcpToken makes a header of a bearer token.
func (b *builder) mcpToken(decl mcpDecl, s *MCPServer) {
	if !decl.TokenEnv.set {
		return
	}
	b.checkEnvName(decl.TokenEnv, "token_env")
	for name := range s.Headers {
		if strings.EqualFold(name, "Authorization") {
			b.errorf(decl.TokenEnv.pos, "give either token_env or the header %s", name)
		}
	}
	if s.Headers == nil {
		s.Headers = map[string]Deferred{}
	}
	s.Headers["Authorization"] = b.deferred(Deferred{Text: "Bearer ${" + decl.TokenEnv.value + "}", Secret: true}, decl.TokenEnv.pos)
}

// mcpTransport checks that what is given fits together.
func (b *builder) mcpTransport(decl mcpDecl, s MCPServer) {
	kind := b.mcpKind(decl)
	switch {
	case kind == "stdio" && s.Command == "" && decl.Command.absent():
		b.errorf(decl.pos, "a stdio server needs a command")
	case kind == "stdio" && (decl.URL.set || len(decl.Headers.entries) > 0 || decl.TokenEnv.set):
		b.errorf(latest(decl.URL.pos, decl.Headers.pos, decl.TokenEnv.pos), "url, headers and token_env belong to transport: http")
	case kind == "http" && s.URL == "" && decl.URL.absent():
		b.errorf(decl.pos, "an http server needs a url")
	case kind == "http" && (decl.Command.set || len(decl.Args) > 0 || len(decl.Env.entries) > 0):
		b.errorf(latest(decl.Command.pos, decl.Env.pos), "command, args and env belong to transport: stdio")
	case kind == "http" && decl.URL.set:
		u, err := url.Parse(s.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
			b.errorf(decl.URL.pos, "url has to be an address such as https://mcp.example.com/mcp, with credentials in headers or token_env")
		}
	}
}

func (b *builder) mcpKind(decl mcpDecl) string {
	if strings.EqualFold(decl.Transport.value, "sse") {
		b.errorf(decl.Transport.pos, "transport sse is the one that the protocol replaced in 2025: use http")
		return ""
	}
	kind := b.oneOf(decl.Transport, "transport", "stdio", "http", "streamable-http", "streamable_http")
	switch {
	case decl.Transport.set:
	case decl.URL.set && !decl.Command.set:
		kind = "http"
	default:
		kind = "stdio"
	}
	if strings.HasPrefix(kind, "streamable") {
		kind = "http"
	}
	return kind
}

func (b *builder) mcpTimeout(decl mcpDecl) time.Duration {
	if decl.Timeout.set && decl.Seconds.set {
		b.errorf(decl.Seconds.pos, "give either timeout or timeout_secs")
	}
	const most = 3600
	timeout := decl.Timeout.or(time.Duration(min(decl.Seconds.value, most)) * time.Second)
	if timeout < 0 || timeout > most*time.Second || decl.Seconds.set && (decl.Seconds.value < 1 || decl.Seconds.value > most) || decl.Timeout.set && timeout == 0 {
		b.errorf(latest(decl.Timeout.pos, decl.Seconds.pos), "a time-out is between a millisecond and an hour")
	}
	return timeout
}

func (b *builder) deferredList(list []unexpanded) []Deferred {
	var out []Deferred
	for _, u := range list {
		if u.node != nil {
			out = append(out, b.deferred(Deferred{Text: u.node.Value}, u.pos))
		}
	}
	return out
}

// deferredMap returns the values by name. NAME_env: VAR is the same as NAME: ${VAR}.
func (b *builder) deferredMap(m mapping[unexpanded], names *regexp.Regexp, what string, secret bool) map[string]Deferred {
	if len(m.entries) == 0 {
		return nil
	}
	out := map[string]Deferred{}
	for _, e := range m.entries {
		if e.value.node == nil {
			continue
		}
		name, value := e.key, Deferred{Text: e.value.node.Value, Secret: secret || secretName(e.key)}
		if plain, isEnv := strings.CutSuffix(name, "_env"); isEnv && plain != "" {
			b.checkEnvName(str{at: at{pos: e.value.pos}, value: value.Text, set: true}, e.key)
			name, value = plain, Deferred{Text: "${" + value.Text + "}", Secret: true}
		}
		switch _, twice := out[name]; {
		case !names.MatchString(name):
			b.errorf(e.pos, "%q is no name of %s", shorten(name), what)
		case twice:
			b.errorf(e.pos, "%s is given twice", shorten(name))
		}
		if secretName(name) {
			b.literal(value.Text, e.value.pos)
		}
		out[name] = b.deferred(value, e.value.pos)
	}
	return out
}

// literal refuses a secret that stands in the manifest itself.
func (b *builder) literal(text string, at pos) {
	const long = 16 // shorter ones are "none", "Basic" and the like
	if len(text) >= long && !variable.MatchString(text) {
		b.errorf(at, "a secret does not belong in a file that is shared: name its environment variable, as in ${NAME}")
	}
}

// deferred warns of variables that are not set where the manifest is checked.
func (b *builder) deferred(v Deferred, at pos) Deferred {
	env := b.env
	if env == nil {
		env = os.LookupEnv
	}
	for _, name := range v.variables() {
		if value, ok := env(name); !ok || value == "" {
			b.warnf(at, "environment variable %s is not set: the MCP server cannot be used without it", name)
		}
	}
	return v
}
