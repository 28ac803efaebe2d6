package card

import "time"

// Card is what callers may know of an agent.
type Card struct {
	Name, Description string
	// Version is that of the agent, in whatever form its maker counts.
	Version string
	// URL is the address that takes its JSON-RPC requests.
	URL string
	// Provider and ProviderURL name who runs the agent; both or neither.
	Provider, ProviderURL string
	// Documentation and Icon are addresses; either may be "".
	Documentation, Icon string
	// Streaming, Push and Extended say what the endpoint offers.
	Streaming, Push, Extended bool
	// Bearer says that callers sign in with a bearer token.
	Bearer bool
	// InputModes and OutputModes are media types; with none, text and JSON are taken
	// and Markdown is given.
	InputModes, OutputModes []string
	Skills                  []Skill
	// Changed is when the description last changed; the zero time says nothing.
	Changed time.Time
}

// Skill is something that an agent can do.
type Skill struct {
	ID, Name, Description string
	// Tags help to find it. A card without tags is not valid: one is made of the
	// skill's name if there are none.
	Tags, Examples []string
}

func (s Skill) tags() []string {
	if len(s.Tags) == 0 {
		return []string{s.Name}
	}
	return s.Tags
}

// Form is for callers of which version a card is written.
type Form uint8

// The forms. The union has the members of both versions; callers of either read
// theirs. Those that refuse what they do not know need the pure forms.
const (
	Union Form = iota
	V03
	V10
)

// JSON writes the card in a form.
func (c Card) JSON(form Form) []byte { return marshal(c.Value(form)) }

// Value is what JSON writes, for the result of a request.
func (c Card) Value(form Form) any {
	doc := document{
		Name: c.Name, Description: c.Description, Version: c.Version, DocumentationURL: c.Documentation, IconURL: c.Icon,
		Capabilities:       capabilities{Streaming: c.Streaming, PushNotifications: c.Push},
		DefaultInputModes:  c.Inputs(),
		DefaultOutputModes: orElse(c.OutputModes, "text/markdown"),
		Skills:             skills(c.Skills),
	}
	if c.Provider != "" {
		doc.Provider = &provider{Organization: c.Provider, URL: c.ProviderURL}
	}
	if form != V10 {
		c.fill03(&doc)
	}
	if form != V03 {
		c.fill10(&doc)
	}
	return doc
}

// Inputs are the media types that the agent takes, as its card says.
func (c Card) Inputs() []string { return orElse(c.InputModes, "text/plain", "application/json") }

// fill03 adds what 0.3 knows alone.
func (c Card) fill03(doc *document) {
	no := false
	doc.ProtocolVersion, doc.URL, doc.PreferredTransport = "0.3.0", c.URL, "JSONRPC"
	doc.AdditionalInterfaces = []interface03{{URL: c.URL, Transport: "JSONRPC"}}
	doc.SupportsExtendedCard = &c.Extended
	doc.Capabilities.StateTransitionHistory = &no
	if c.Bearer {
		scheme := doc.bearer()
		scheme.Type, scheme.Scheme = "http", "bearer"
		doc.Security = []map[string][]string{{"bearer": {}}}
	}
}

// fill10 adds what 1.0 knows alone.
func (c Card) fill10(doc *document) {
	doc.SupportedInterfaces = []interface10{{URL: c.URL, ProtocolBinding: "JSONRPC", ProtocolVersion: "1.0"}}
	if doc.ProtocolVersion != "" {
		doc.SupportedInterfaces = append(doc.SupportedInterfaces,
			interface10{URL: c.URL, ProtocolBinding: "JSONRPC", ProtocolVersion: "0.3"})
	}
	doc.Capabilities.ExtendedAgentCard = &c.Extended
	if c.Bearer {
		doc.bearer().HTTPAuth = &httpAuth{Scheme: "Bearer"}
	}
	// The SDK for Go cannot read a card with requirements as the protocol writes them,
	// and other clients of 1.0 that read a union take those of 0.3.
	if c.Bearer && doc.ProtocolVersion == "" {
		doc.SecurityRequirements = []requirement{{Schemes: map[string]stringList{"bearer": {List: []string{}}}}}
	}
}

func orElse(modes []string, otherwise ...string) []string {
	if len(modes) == 0 {
		return otherwise
	}
	return modes
}
