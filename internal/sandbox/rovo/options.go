package rovo

import (
	"net/http"
	"strings"
	"time"
)

// Options configure Atlassian's side. The zero value is usable, save that requests
// to agents need a Remote.
type Options struct {
	// BaseURL is where this server is found, without a slash at its end. Start of
	// package sandbox sets it to the listener's address.
	BaseURL string
	// Remote is the base URL of the app's remote: of the daemon. SetRemote changes it.
	Remote string
	App    App
	// Client sends the requests to the remote; one of its own if nil.
	Client *http.Client
	// Now tells the time; time.Now if nil.
	Now    func() time.Time
	Limits Limits
	// Poll is the time between two looks at a task; 2 s if 0.
	Poll time.Duration
	// NoPrincipal leaves the user out of invocation tokens, and NoContext the
	// context: Forge documents both for some invocations only.
	NoPrincipal, NoContext bool
	// LogSize is how many requests and answers are remembered; 5,000 if 0.
	LogSize int
}

// App is the Forge app. Empty members have values of their own.
type App struct {
	// ID and Environment are UUIDs. EnvironmentType is PRODUCTION, STAGING or
	// DEVELOPMENT.
	ID, Environment, EnvironmentType string
	Name, Version                    string
	// Module is the key of the agent's module, which invocation tokens name.
	Module string
	// Scopes are what the tokens may be used for.
	Scopes []string
}

// Limits are how long Jira is patient, from the module reference of
// rovo:agentConnector and from "Forge Remote essentials".
type Limits struct {
	// Call is for an answer that is no stream; 55 s if 0.
	Call time.Duration
	// Stream is how long a stream lasts before Jira reconnects; 900 s if 0.
	Stream time.Duration
	// WorkItem and Chat are for a whole interaction; 60 and 30 minutes if 0.
	WorkItem, Chat time.Duration
	// Event is for the answer to an event of the life cycle, 5 s if 0, which comes up
	// to four times, EventPause apart, 60 s if 0.
	Event, EventPause time.Duration
	// Uninstall is how long the uninstallation waits; 55 s if 0.
	Uninstall time.Duration
	// Invoke is for what pages of the app ask of the remote; 25 s if 0.
	Invoke time.Duration
	// Invocation is the life of an invocation token, 25 s if 0, and Token that of the
	// tokens for the API, 4 h if 0.
	Invocation, Token time.Duration
}

// The app, unless the options say otherwise.
const (
	AppID         = "8db33809-1f32-48bb-8c52-5877dab48107"
	EnvironmentID = "aa911f10-c54b-4b93-9e27-dd2947840b9e"
	ModuleKey     = "aofctl-agent"
)

func (o Options) completed() Options {
	o.BaseURL, o.Remote = strings.TrimSuffix(o.BaseURL, "/"), strings.TrimSuffix(o.Remote, "/")
	set(&o.BaseURL, "https://api.atlassian.com")
	set(&o.App.ID, AppID)
	set(&o.App.Environment, EnvironmentID)
	set(&o.App.EnvironmentType, "PRODUCTION")
	set(&o.App.Name, "AOF Agent")
	set(&o.App.Version, "1.0.0")
	set(&o.App.Module, ModuleKey)
	if o.App.Scopes == nil {
		// Those that the tools of all default agents need.
		o.App.Scopes = []string{"read:app-system-token", "read:app-user-token", "read:jira-work", "write:jira-work", "read:jira-user",
			"read:board-scope.admin:jira-software", "read:issue-details:jira", "read:jql:jira", "read:project:jira", "read:sprint:jira-software"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} //nolint:forcetypeassert // it is documented to be one
	}
	set(&o.Poll, 2*time.Second)
	set(&o.LogSize, 5000)
	o.Limits = o.Limits.completed()
	return o
}

func (l Limits) completed() Limits {
	set(&l.Call, 55*time.Second)
	set(&l.Stream, 900*time.Second)
	set(&l.WorkItem, 60*time.Minute)
	set(&l.Chat, 30*time.Minute)
	set(&l.Event, 5*time.Second)
	set(&l.EventPause, 60*time.Second)
	set(&l.Uninstall, 55*time.Second)
	set(&l.Invoke, 25*time.Second)
	set(&l.Invocation, 25*time.Second)
	set(&l.Token, 4*time.Hour)
	return l
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
