package forgeapp

// Manifest is a manifest.yml, as far as the app needs one.
type Manifest struct {
	App         App         `yaml:"app"`
	Permissions Permissions `yaml:"permissions"`
	Remotes     []Remote    `yaml:"remotes"`
	Resources   []Resource  `yaml:"resources"`
	Modules     Modules     `yaml:"modules"`
}

// App is the app itself. Forge wants a runtime even of an app without functions.
type App struct {
	ID      string  `yaml:"id"`
	Runtime Runtime `yaml:"runtime"`
}

// Runtime names Forge's runtime of functions.
type Runtime struct {
	Name string `yaml:"name"`
}

// Permissions are what an administrator consents to when the app is installed.
type Permissions struct {
	Scopes []string `yaml:"scopes"`
}

// Remote is the daemon.
type Remote struct {
	Key        string   `yaml:"key"`
	BaseURL    string   `yaml:"baseUrl"`
	Operations []string `yaml:"operations"`
	Storage    Storage  `yaml:"storage"`
	Auth       Auth     `yaml:"auth"`
}

// Storage says whether the remote keeps what users wrote.
type Storage struct {
	InScopeEUD bool `yaml:"inScopeEUD"`
}

// Auth says which tokens come with each request.
type Auth struct {
	AppSystemToken Switch `yaml:"appSystemToken"`
	AppUserToken   Switch `yaml:"appUserToken"`
}

// Switch is something that is on or off.
type Switch struct {
	Enabled bool `yaml:"enabled"`
}

// Resource is a directory of files, or the program of a page.
type Resource struct {
	Key  string `yaml:"key"`
	Path string `yaml:"path"`
}

// Modules are what the app adds to Jira.
type Modules struct {
	Agents       []AgentConnector `yaml:"rovo:agentConnector"`
	AdminPage    []Page           `yaml:"jira:adminPage"`
	PersonalPage []Page           `yaml:"jira:personalSettingsPage"`
	Triggers     []Trigger        `yaml:"trigger"`
	PreUninstall []PreUninstall   `yaml:"preUninstall"`
	Endpoints    []Endpoint       `yaml:"endpoint"`
}

// AgentConnector is an agent as Jira shows it,
// https://developer.atlassian.com/platform/forge/manifest-reference/modules/rovo-agent-connector/.
type AgentConnector struct {
	Key                  string    `yaml:"key"`
	Name                 string    `yaml:"name"`
	Description          string    `yaml:"description,omitempty"`
	Icon                 string    `yaml:"icon,omitempty"`
	ConversationStarters []string  `yaml:"conversationStarters,omitempty"`
	ProductContexts      []string  `yaml:"productContexts"`
	Protocols            Protocols `yaml:"protocols"`
}

// Protocols are how Jira speaks with the agent.
type Protocols struct {
	Agent2Agent Agent2Agent `yaml:"agent2Agent"`
}

// Agent2Agent is the only one of them.
type Agent2Agent struct {
	Version           string    `yaml:"version"`
	JSONRPCTransport  Transport `yaml:"jsonRpcTransport"`
	PushNotifications bool      `yaml:"pushNotifications"`
}

// Transport is where it is spoken.
type Transport struct {
	Endpoint  string `yaml:"endpoint"`
	Streaming bool   `yaml:"streaming"`
}

// Page is a page of the app among Jira's settings.
type Page struct {
	Key         string   `yaml:"key"`
	Title       string   `yaml:"title"`
	Resource    string   `yaml:"resource"`
	Render      string   `yaml:"render"`
	Resolver    Resolver `yaml:"resolver"`
	UseAsConfig bool     `yaml:"useAsConfig,omitempty"`
}

// Resolver is whom a page may call.
type Resolver struct {
	Endpoint string `yaml:"endpoint"`
}

// Trigger sends events to an endpoint.
type Trigger struct {
	Key      string   `yaml:"key"`
	Endpoint string   `yaml:"endpoint"`
	Events   []string `yaml:"events"`
}

// PreUninstall is called before the app goes.
type PreUninstall struct {
	Key      string `yaml:"key"`
	Endpoint string `yaml:"endpoint"`
}

// Endpoint is an address of a remote.
type Endpoint struct {
	Key    string `yaml:"key"`
	Remote string `yaml:"remote"`
	Route  Route  `yaml:"route"`
}

// Route is the part of the address that follows the remote's.
type Route struct {
	Path string `yaml:"path"`
}
