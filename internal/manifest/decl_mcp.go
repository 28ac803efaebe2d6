package manifest

// mcpDecl is an MCP server of an agent.
type mcpDecl struct {
	at
	Name      str                 `yaml:"name" jsonschema_description:"How tools are listed: mcp:<name>/<tool>"`
	Transport str                 `yaml:"transport" jsonschema_description:"stdio (default with command) or http (default with url)"`
	Command   str                 `yaml:"command" jsonschema_description:"The program of a stdio server"`
	Args      []unexpanded        `yaml:"args" jsonschema_description:"Its arguments; others on the machine can see them"`
	Env       mapping[unexpanded] `yaml:"env" jsonschema_description:"Its environment beside PATH and HOME; NAME_env: VAR takes the value of VAR"`
	URL       str                 `yaml:"url" alias:"endpoint" jsonschema_description:"The address of an http server (streamable HTTP)"`
	Headers   mapping[unexpanded] `yaml:"headers" jsonschema_description:"Headers of each request; NAME_env: VAR takes the value of VAR"`
	TokenEnv  str                 `yaml:"token_env" jsonschema_description:"Variable with a bearer token for an http server"`
	Tools     []str               `yaml:"tools" jsonschema_description:"Names or globs of the server's tools that may be used"`
	ReadOnly  []str               `yaml:"read_only" jsonschema_description:"Names or globs of those that change nothing; all others count as writes"`
	Trust     opt[bool]           `yaml:"trust_annotations" jsonschema_description:"Believe the server itself on which of its tools change nothing"`
	Pin       str                 `yaml:"pin" jsonschema_description:"Fingerprint (sha256:…) that the tools must have; aofctl doctor tells it"`
	Timeout   span                `yaml:"timeout" jsonschema_description:"Of each call; default 60s"`
	Seconds   opt[int]            `yaml:"timeout_secs" jsonschema_description:"The same as timeout"`
	Reconnect data                `yaml:"auto_reconnect" ignore:"a server is always started again when it is needed"`
	Options   data                `yaml:"init_options" ignore:""`
}
