package manifest

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Daemon is a DaemonConfig, with defaults filled in and paths made relative to
// its file. Secrets are not in it, only where to find them.
type Daemon struct {
	Meta
	Server Server
	Jira   []JiraSite
	// Confluence and GitHub are nil if the platform is not enabled.
	Confluence *Confluence
	GitHub     *GitHub
	// A2A is nil if no agent is offered to others. Forge is nil if Jira does not
	// call; if it does, A2A is there.
	A2A      *A2A
	Forge    *Forge
	Triggers Directory
	Agents   Directory
	Fleets   Directory
	Flows    Directory
	Runtime  Runtime
	Storage  Storage
	Policy   Policy
	// MasterKey seals secrets that are stored; zero if none are.
	MasterKey Secret
	Providers map[string]Provider
	Prices    map[string]Price
	// Fallbacks are the models that stand in for one, both as "provider:model".
	Fallbacks map[string][]string
	// AllowedHosts are those that http_request may reach.
	AllowedHosts []AllowedHost
	Admin        Admin
	Log          Log
	Warnings     []Problem

	// path is the file, and the rest says where in it things stand, for
	// problems that are found later.
	path           string
	secrets        []neededSecret
	defaultAgentAt pos
	offerAt        []pos
	offerDefaultAt pos
}

// Dir is the directory of the configuration's file.
func (d *Daemon) Dir() string { return filepath.Dir(d.path) }

// Server is the listener for webhooks.
type Server struct {
	Host         string
	Port         int
	CORS         bool
	Timeout      time.Duration
	MaxBodyBytes int64
	CertFile     string
	KeyFile      string
}

// Secret is where a secret comes from: an environment variable or a file. The
// value itself may only be inline where a manifest expands ${VAR}.
type Secret struct {
	Env   string
	File  string
	Value string
}

// IsZero reports whether no source is given.
func (s Secret) IsZero() bool { return s == Secret{} }

// JiraSite is one Jira.
type JiraSite struct {
	// Name is "" for the only site.
	Name string
	// BaseURL has no slash at its end. A site that is given by its cloud id
	// alone has the address of Atlassian's gateway, or "" as long as the
	// variable that holds the id is unset.
	BaseURL  string
	AuthType string // api_token, pat or oauth2
	Email    Secret
	Token    Secret
	CloudID  Secret
	// ClientID, ClientSecret and RefreshToken are those of oauth2.
	ClientID       Secret
	ClientSecret   Secret
	RefreshToken   Secret
	WebhookSecrets []Secret
	// WebhookToken is accepted in place of a signature; zero for none.
	WebhookToken Secret
	BotName      string
	HTTPProxy    string
	HTTPSProxy   string
	NoProxy      string
	TLSVerify    bool
	CACertPath   string
	// RequestsPerSecond caps our own calls; 0 for no cap.
	RequestsPerSecond float64
	// Burst is how many calls may go at once before the cap counts, and
	// Concurrency how many are under way at most; 0 for the defaults.
	Burst       int
	Concurrency int
	// AllowedProjects are globs of project keys, AllowedEvents of event names
	// without the "jira:" prefix; AllowedUsers are as in a Trigger. Empty means all.
	AllowedProjects []string
	AllowedEvents   []string
	AllowedUsers    []string
	// Reconcile finds changes whose webhooks never came.
	Reconcile Reconcile
	// ExpectEventEvery is how long no webhook may come before that is told; 0 for
	// any time.
	ExpectEventEvery time.Duration
}

// Reconcile says how Jira is asked for changes whose webhooks never came. The
// zero value does not ask.
type Reconcile struct {
	// Interval is how often; 0 for never.
	Interval time.Duration
	// Lookback is how far back at most, after an absence.
	Lookback time.Duration
}

// Cloud reports whether there are sites and all of them are Jira Cloud, as far as
// their addresses tell.
func (d *Daemon) Cloud() bool {
	return len(d.Jira) > 0 && !slices.ContainsFunc(d.Jira, func(s JiraSite) bool { return !s.cloud() })
}

func (s JiraSite) cloud() bool {
	u, err := url.Parse(s.BaseURL)
	return err == nil && strings.HasSuffix(u.Hostname(), ".atlassian.net") || !s.CloudID.IsZero()
}

// Directory is where manifests of a kind are.
type Directory struct {
	Path    string
	Watch   bool
	Enabled bool
	// Optional is true for a directory that the configuration does not name and
	// that was not there when it was loaded: it may stay away. Any other
	// directory that vanishes is a mistake, and the catalogue in force stays.
	Optional bool
}

// Runtime bounds the work.
type Runtime struct {
	MaxConcurrentTasks int
	// MaxConcurrentTotal is for all replicas together, MaxRunsPerProject for each
	// project; 0 for no limit.
	MaxConcurrentTotal int
	MaxRunsPerProject  int
	TaskTimeout        time.Duration
	// MaxRunsPerIssuePerHour opens the breaker of an issue; 0 for no limit.
	MaxRunsPerIssuePerHour int
	DefaultAgent           string
	// Settle is how long an interrupted write may take to show up in Jira
	// before it is believed not to have happened.
	Settle time.Duration
	// ShutdownGrace is how long SIGTERM waits for steps at work.
	ShutdownGrace time.Duration
}

// Storage is where the daemon keeps its state.
type Storage struct {
	// Directory is where SQLite's files are, "" if Postgres is set.
	Directory string
	// Postgres is the URL of a PostgreSQL database, or names where it stands.
	Postgres Secret
	// RetentionDeliveries is how long payloads are kept, RetentionTranscripts how
	// long the steps and texts of runs, RetentionAudit how long the rest of them.
	RetentionDeliveries  time.Duration
	RetentionTranscripts time.Duration
	RetentionAudit       time.Duration
}

// Provider configures a model provider; those known by name need none.
type Provider struct {
	Type    string
	BaseURL string
	APIKey  Secret
	// API is "chat", "responses" or "" to choose by the model; APIVersion is
	// Azure's.
	API        string
	APIVersion string
	// Timeout bounds one call; 0 for the default.
	Timeout time.Duration
	// The limits hold for calls at a time, and for calls and tokens in a minute; 0
	// for no limit.
	MaxConcurrent     int
	RequestsPerMinute float64
	TokensPerMinute   float64
}

// Price is in dollars per million tokens.
type Price struct {
	Input       float64 `yaml:"input"`
	Output      float64 `yaml:"output"`
	CachedInput float64 `yaml:"cached_input"`
	// CacheWrite is 0 for a quarter more than Input.
	CacheWrite float64 `yaml:"cache_write"`
}

// Admin is the listener for the command line and the operator.
type Admin struct {
	Enabled bool
	Host    string
	Port    int
	Token   Secret
}

// Log says how to log.
type Log struct {
	Level  string
	Format string
}
