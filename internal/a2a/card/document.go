package card

import (
	"bytes"
	"encoding/json"
)

// document has the members of both versions: which are set makes the form.
type document struct {
	ProtocolVersion      string                     `json:"protocolVersion,omitempty"`
	Name                 string                     `json:"name"`
	Description          string                     `json:"description"`
	URL                  string                     `json:"url,omitempty"`
	PreferredTransport   string                     `json:"preferredTransport,omitempty"`
	AdditionalInterfaces []interface03              `json:"additionalInterfaces,omitempty"`
	SupportedInterfaces  []interface10              `json:"supportedInterfaces,omitempty"`
	Provider             *provider                  `json:"provider,omitempty"`
	Version              string                     `json:"version"`
	DocumentationURL     string                     `json:"documentationUrl,omitempty"`
	IconURL              string                     `json:"iconUrl,omitempty"`
	Capabilities         capabilities               `json:"capabilities"`
	SecuritySchemes      map[string]*securityScheme `json:"securitySchemes,omitempty"`
	Security             []map[string][]string      `json:"security,omitempty"`
	SecurityRequirements []requirement              `json:"securityRequirements,omitempty"`
	DefaultInputModes    []string                   `json:"defaultInputModes"`
	DefaultOutputModes   []string                   `json:"defaultOutputModes"`
	Skills               []skill                    `json:"skills"`
	SupportsExtendedCard *bool                      `json:"supportsAuthenticatedExtendedCard,omitempty"`
}

type interface03 struct {
	URL       string `json:"url"`
	Transport string `json:"transport"`
}

type interface10 struct {
	URL             string `json:"url"`
	ProtocolBinding string `json:"protocolBinding"`
	ProtocolVersion string `json:"protocolVersion"`
}

type provider struct {
	Organization string `json:"organization"`
	URL          string `json:"url"`
}

type capabilities struct {
	Streaming              bool  `json:"streaming"`
	PushNotifications      bool  `json:"pushNotifications"`
	StateTransitionHistory *bool `json:"stateTransitionHistory,omitempty"`
	ExtendedAgentCard      *bool `json:"extendedAgentCard,omitempty"`
}

// securityScheme says type and scheme in 0.3, and names the one kind in 1.0.
type securityScheme struct {
	Type     string    `json:"type,omitempty"`
	Scheme   string    `json:"scheme,omitempty"`
	HTTPAuth *httpAuth `json:"httpAuthSecurityScheme,omitempty"`
}

type httpAuth struct {
	Scheme string `json:"scheme"`
}

type requirement struct {
	Schemes map[string]stringList `json:"schemes"`
}

type stringList struct {
	List []string `json:"list"`
}

type skill struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Examples    []string `json:"examples,omitempty"`
}

func (d *document) bearer() *securityScheme {
	if d.SecuritySchemes == nil {
		d.SecuritySchemes = map[string]*securityScheme{"bearer": {}}
	}
	return d.SecuritySchemes["bearer"]
}

func skills(list []Skill) []skill {
	out := make([]skill, 0, len(list))
	for _, s := range list {
		out = append(out, skill{ID: s.ID, Name: s.Name, Description: s.Description, Tags: s.tags(), Examples: s.Examples})
	}
	return out
}

func marshal(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) //nolint:errchkjson // strings and booleans cannot fail
	return buf.Bytes()
}
