package manifest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"golang.org/x/net/http/httpguts"
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/hosts"
)

// AllowedHost is a host that tools may send requests to.
type AllowedHost struct {
	hosts.Host
	// Token is sent as a bearer, Headers as they are; to this host alone.
	Token   Secret
	Headers map[string]Secret
}

// hostDecl is a host as text, or a mapping for one that is internal or wants to
// know who asks.
type hostDecl struct {
	at
	hostMap
}

type hostMap struct {
	at
	Host       str          `yaml:"host" jsonschema_description:"As the text alone: api.example.com, example.com:8443, *.example.com, http://legacy.example.com"`
	Private    opt[bool]    `yaml:"private" jsonschema_description:"The host is internal: its name may lead to private addresses; default false"`
	TokenEnv   str          `yaml:"token_env" jsonschema_description:"The environment variable whose value is sent as Authorization: Bearer"`
	TokenFile  str          `yaml:"token_file"`
	HeadersEnv mapping[str] `yaml:"headers_env" jsonschema_description:"Headers that are sent, by name, and the environment variables with their values"`
}

func (h *hostDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	h.pos = d.pos(n)
	if n.Kind == yaml.MappingNode {
		d.structure(n, elem(&h.hostMap), depth)
		return
	}
	h.Host.decodeYAML(d, n, depth)
}

func (h hostDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(&jsonschema.Schema{Type: "string", Examples: []any{"api.example.com", "*.example.com"}}, schemaOf(reflect.TypeFor[hostMap]()))
}

func (l *daemonLoader) allowedHosts(list []hostDecl) []AllowedHost {
	var out []AllowedHost
	for _, decl := range list {
		if !decl.Host.set {
			if decl.Host.absent() {
				l.errorf(decl.pos, `field "host" is missing`)
			}
			continue
		}
		host, err := hosts.Parse(decl.Host.value)
		if err != nil {
			l.errorf(decl.Host.pos, "allowed host %s", err)
			continue
		}
		if slices.ContainsFunc(out, func(o AllowedHost) bool { return o.String() == host.String() }) {
			l.errorf(decl.Host.pos, "allowed host %s is there already", host)
			continue
		}
		host.Private = decl.Private.value
		out = append(out, AllowedHost{Host: host, Headers: l.hostHeaders(decl),
			Token: l.secret(secretForms{name: "token", env: decl.TokenEnv, file: decl.TokenFile})})
	}
	return out
}

func (l *daemonLoader) hostHeaders(decl hostDecl) map[string]Secret {
	var out map[string]Secret
	for _, e := range decl.HeadersEnv.entries {
		switch {
		case !httpguts.ValidHeaderFieldName(e.key) || containsFold([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer"}, e.key):
			l.errorf(e.pos, "%q is no header that can be set", shorten(e.key))
			continue
		case strings.EqualFold(e.key, "Authorization") && (decl.TokenEnv.set || decl.TokenFile.set):
			l.errorf(e.pos, "give one of the token and the header Authorization")
			continue
		case !e.value.set:
			continue
		}
		if out == nil {
			out = map[string]Secret{}
		}
		l.checkEnvName(e.value, "headers_env")
		out[e.key] = l.need(Secret{Env: e.value.value}, "headers_env", e.value.pos)
	}
	return out
}

// receiverDecl is a host that may be told of tasks: as text, or a mapping for one
// that is internal.
type receiverDecl struct {
	at
	receiverMap
}

type receiverMap struct {
	at
	Host    str       `yaml:"host" jsonschema_description:"As the text alone: hooks.example.com, example.com:8443, *.example.com, http://legacy.example.com"`
	Private opt[bool] `yaml:"private" jsonschema_description:"The host is internal: its name may lead to private addresses; default false"`
}

func (h *receiverDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	h.pos = d.pos(n)
	if n.Kind == yaml.MappingNode {
		d.structure(n, elem(&h.receiverMap), depth)
		return
	}
	h.Host.decodeYAML(d, n, depth)
}

func (h receiverDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(&jsonschema.Schema{Type: "string", Examples: []any{"hooks.example.com", "*.example.com"}}, schemaOf(reflect.TypeFor[receiverMap]()))
}

func (l *daemonLoader) receivers(list []receiverDecl) hosts.List {
	var out hosts.List
	for _, decl := range list {
		if decl.Host.absent() {
			l.errorf(decl.pos, `field "host" is missing`)
			continue
		}
		host, err := hosts.Parse(decl.Host.value)
		if err != nil {
			l.errorf(decl.Host.pos, "push host %s", err)
			continue
		}
		host.Private = decl.Private.value
		out = append(out, host)
	}
	return out
}
