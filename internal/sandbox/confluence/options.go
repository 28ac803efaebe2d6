package confluence

import (
	"cmp"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// Kind is the kind of Confluence that a site is.
type Kind string

// The kinds.
const (
	Cloud      Kind = "cloud"
	DataCenter Kind = "dc"
)

// CloudID is the id under which the gateway (/ex/confluence/<id>) knows a Cloud
// site, unless its options say otherwise.
const CloudID = "11223344-a1b2-3b33-c444-def123456789"

// Options configure a site. The zero value is a Cloud with the people and spaces
// of DefaultUsers and DefaultSpaces, and no pages.
type Options struct {
	Kind Kind
	// BaseURL is how the site names itself, without a slash at the end and without
	// Cloud's "/wiki".
	BaseURL string
	// ContextPath is a path under which a Data Center is, such as "/confluence".
	ContextPath string
	CloudID     string
	// Users and Spaces are the site's; those of the defaults if nil.
	Users  []User
	Spaces []Space
	// Pages are made before any webhook is registered.
	Pages []NewPage
	// Now tells the time; time.Now if nil.
	Now func() time.Time
	// Luck decides which requests faults hit that hit a share of them, by numbers from 0
	// to below 1; repeatable if nil.
	Luck func() float64
	// LogSize is how many requests are remembered; 2,000 if 0.
	LogSize int
	// IndexLag is how long searches do not find what is new.
	IndexLag time.Duration
	// Anonymous treats requests without credentials, or with wrong ones, as nobody's
	// instead of refusing them.
	Anonymous bool
}

// User is an account.
type User struct {
	// Handle is a short name by which As finds the user, on Data Center also the
	// user's name.
	Handle      string
	AccountID   string
	Key         string
	DisplayName string
	Email       string
	// Token is an API token on Cloud; on Data Center the password and a personal
	// access token.
	Token string
	App   bool
	Admin bool
}

// Space is a space.
type Space struct {
	Key  string
	Name string
	// Readers are the handles of those who see it, Writers of those who may write;
	// nil means everybody.
	Readers []string
	Writers []string
}

// NewPage is a page to be made by an Actor, or at the start by the first user.
type NewPage struct {
	// ID is the number that the page gets, so that it is known beforehand; "" for the
	// next one.
	ID                 string
	Space, Title, Body string
	// Parent is the id of the page above; "" for the space's home page.
	Parent string
	Draft  bool
}

// The credentials of the account that a daemon uses in the sandbox.
const (
	BotEmail = "bot@example.com"
	BotToken = "sandbox-token"
)

// DefaultUsers are Alice, who is an administrator, Bob, and the daemon's account
// (handle "bot"): the same people as in the simulated Jira.
func DefaultUsers() []User {
	return []User{
		{Handle: "alice", AccountID: "5b10a2844c20165700ede21a", Key: "ff80808192b0a1ce0192b0a2f1b30001", DisplayName: "Alice Developer", Email: "alice@example.com", Token: "alice-token", Admin: true},
		{Handle: "bob", AccountID: "712020:8b6b268b-17b3-407b-8974-bed4042fa709", Key: "ff80808192b0a1ce0192b0a2f1b30002", DisplayName: "Bob Manager", Email: "bob@example.com", Token: "bob-token"},
		{Handle: "bot", AccountID: "712020:b07b07b0-7b07-4b07-8b07-b07b07b07b07", Key: "ff80808192b0a1ce0192b0a2f1b30003", DisplayName: "AOF Bot", Email: BotEmail, Token: BotToken},
	}
}

// DefaultSpaces are two spaces for everybody, one that the bot can read alone, and
// one that it cannot see.
func DefaultSpaces() []Space {
	return []Space{
		{Key: "DOC", Name: "Documentation"}, {Key: "TEAM", Name: "Team"},
		{Key: "POLICY", Name: "Policies", Writers: []string{"alice"}},
		{Key: "SECRET", Name: "Board", Readers: []string{"alice"}},
	}
}

func (o Options) completed() Options {
	o.Kind = cmp.Or(o.Kind, Cloud)
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	if o.BaseURL == "" {
		o.BaseURL = "https://example.atlassian.net"
		if o.Kind == DataCenter {
			o.BaseURL = "https://confluence.example.com"
		}
	}
	o.ContextPath = strings.TrimSuffix(o.ContextPath, "/")
	o.CloudID = cmp.Or(o.CloudID, CloudID)
	if o.Kind == Cloud {
		o.ContextPath = "/wiki"
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Spaces == nil {
		o.Spaces = DefaultSpaces()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Luck = wire.Luck(o.Luck)
	if o.LogSize == 0 {
		o.LogSize = 2000
	}
	return o
}
