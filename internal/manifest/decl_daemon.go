package manifest

import (
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/spell"
)

type daemonDecl struct {
	at
	header
	Spec *daemonSpec `yaml:"spec"`
}

type daemonSpec struct {
	at
	Server       serverDecl    `yaml:"server"`
	Platforms    platformsDecl `yaml:"platforms"`
	Triggers     directoryDecl `yaml:"triggers"`
	Agents       directoryDecl `yaml:"agents"`
	Fleets       directoryDecl `yaml:"fleets"`
	Flows        directoryDecl `yaml:"flows"`
	Runtime      runtimeDecl   `yaml:"runtime"`
	Storage      storageDecl   `yaml:"storage"`
	Models       modelsDecl    `yaml:"models"`
	Policy       policyDecl    `yaml:"policy"`
	Admin        adminDecl     `yaml:"admin"`
	Telemetry    telemetryDecl `yaml:"telemetry"`
	Settings     data          `yaml:"settings" ignore:"use server, runtime and telemetry"`
	Contexts     data          `yaml:"contexts" ignore:""`
	Bindings     data          `yaml:"bindings" ignore:"write Triggers"`
	DefaultModel data          `yaml:"default_model" ignore:"each agent names its model"`
}

type serverDecl struct {
	at
	Host           str       `yaml:"host" jsonschema_description:"Default 0.0.0.0"`
	Port           opt[int]  `yaml:"port" jsonschema_description:"Default 3000"`
	CORS           opt[bool] `yaml:"cors"`
	TimeoutSecs    opt[int]  `yaml:"timeout_secs" jsonschema_description:"Default 60"`
	MaxBodyBytes   opt[int]  `yaml:"max_body_bytes" jsonschema_description:"Default 26214400"`
	TLS            serverTLS `yaml:"tls"`
	TrustedProxies data      `yaml:"trusted_proxies" refuse:""`
	RateLimit      data      `yaml:"rate_limit" refuse:""`
}

type serverTLS struct {
	at
	CertFile str `yaml:"cert_file"`
	KeyFile  str `yaml:"key_file"`
}

type platformsDecl struct {
	at
	Jira       jiraSites      `yaml:"jira"`
	Confluence confluenceDecl `yaml:"confluence"`
	GitHub     githubDecl     `yaml:"github"`
	A2A        a2aDecl        `yaml:"a2a"`
	Forge      forgeDecl      `yaml:"forge"`
}

// unknownField warns of platforms that other programs have: the rest works.
func (p *platformsDecl) unknownField(d *decoder, key, value *yaml.Node) bool {
	if spell.Nearest(key.Value, []string{"jira", "confluence", "github", "a2a", "forge"}) != "" {
		return false
	}
	if !isOff(value) {
		d.warnf(d.pos(key), "platform %q is not offered: nothing of it is received", shorten(key.Value))
	}
	return true
}

// confluenceDecl is a Confluence, which on Cloud is part of the site of a Jira.
type confluenceDecl struct {
	at
	Enabled       opt[bool]     `yaml:"enabled" jsonschema_description:"Default true if confluence is given"`
	BaseURL       str           `yaml:"base_url" alias:"url" jsonschema_description:"Such as https://confluence.company.com; default the address of the Jira on Cloud"`
	Auth          authDecl      `yaml:"auth" jsonschema_description:"Default that of the Jira on Cloud"`
	CloudID       unexpanded    `yaml:"cloud_id"`
	CloudIDEnv    str           `yaml:"cloud_id_env"`
	UserEmail     unexpanded    `yaml:"user_email" alias:"email"`
	UserEmailEnv  str           `yaml:"user_email_env" alias:"email_env"`
	UserEmailFile str           `yaml:"user_email_file" alias:"email_file"`
	APIToken      unexpanded    `yaml:"api_token" alias:"token"`
	APITokenEnv   str           `yaml:"api_token_env" alias:"token_env"`
	APITokenFile  str           `yaml:"api_token_file" alias:"token_file"`
	BotName       str           `yaml:"bot_name" jsonschema_description:"By which people mention the daemon in comments; default that of the Jira on Cloud, or aofbot"`
	Proxy         proxyDecl     `yaml:"proxy"`
	TLS           clientTLS     `yaml:"tls"`
	RateLimit     rateLimitDecl `yaml:"rate_limit"`

	WebhookSecret      unexpanded `yaml:"webhook_secret"`
	WebhookSecretEnv   str        `yaml:"webhook_secret_env" jsonschema_description:"The environment variable that holds the secret of Data Center's webhooks"`
	WebhookSecretFile  str        `yaml:"webhook_secret_file"`
	WebhookSecretEnvs  []str      `yaml:"webhook_secret_envs" jsonschema_description:"Several, while a secret is being replaced"`
	WebhookSecretFiles []str      `yaml:"webhook_secret_files"`
	WebhookTokenEnv    str        `yaml:"webhook_token_env" jsonschema_description:"The environment variable that holds the fixed token of rules of Cloud's Automation, in the header X-Webhook-Token"`
	WebhookTokenFile   str        `yaml:"webhook_token_file"`
}

// githubDecl is GitHub, or a GitHub Enterprise Server.
type githubDecl struct {
	at
	Enabled            opt[bool]  `yaml:"enabled" jsonschema_description:"Default true if github is given"`
	BaseURL            str        `yaml:"base_url" alias:"url" jsonschema_description:"Of a GitHub Enterprise Server, such as https://github.company.com; default github.com"`
	Token              unexpanded `yaml:"token"`
	TokenEnv           str        `yaml:"token_env" jsonschema_description:"The environment variable with a token, for tools and answers on GitHub; without one only events are taken"`
	TokenFile          str        `yaml:"token_file"`
	WebhookSecret      unexpanded `yaml:"webhook_secret"`
	WebhookSecretEnv   str        `yaml:"webhook_secret_env" jsonschema_description:"The environment variable that holds the webhook's secret"`
	WebhookSecretFile  str        `yaml:"webhook_secret_file"`
	WebhookSecretEnvs  []str      `yaml:"webhook_secret_envs" jsonschema_description:"Several, while a secret is being replaced"`
	WebhookSecretFiles []str      `yaml:"webhook_secret_files"`
	BotName            str        `yaml:"bot_name" jsonschema_description:"By which people mention the daemon; default the account's name"`
	AllowedRepos       []str      `yaml:"allowed_repos" alias:"allowed_repositories" jsonschema_description:"Globs of owner/name; default all"`
	AllowedOrgs        data       `yaml:"allowed_orgs" refuse:"write allowed_repos: [\"org/*\"]"`
	Proxy              proxyDecl  `yaml:"proxy"`
	TLS                clientTLS  `yaml:"tls"`
}

// a2aDecl is the endpoint of the Agent2Agent protocol.
type a2aDecl struct {
	at
	Enabled      opt[bool]  `yaml:"enabled" jsonschema_description:"Default true if a2a is given"`
	PublicURL    str        `yaml:"public_url" jsonschema_description:"By which callers reach the daemon, such as https://agents.company.com"`
	DefaultAgent str        `yaml:"default_agent" jsonschema_description:"Who answers at /a2a/json-rpc; default runtime.default_agent, or the only one offered"`
	Agents       []str      `yaml:"agents" jsonschema_description:"Names or globs of the agents, fleets and flows that are offered; default all agents"`
	Tokens       unexpanded `yaml:"tokens"`
	TokensEnv    str        `yaml:"tokens_env" jsonschema_description:"The environment variable with the callers' tokens, as name=token separated by commas or line ends"`
	TokensFile   str        `yaml:"tokens_file"`
	Public       opt[bool]  `yaml:"public" jsonschema_description:"Everybody may call without a token; default false"`

	PushNotifications opt[bool]      `yaml:"push_notifications" jsonschema_description:"Callers may name addresses that are told of their tasks; default true"`
	PushHosts         []receiverDecl `yaml:"push_hosts" jsonschema_description:"Hosts of such addresses besides the public ones with TLS"`
}

// forgeDecl is the Forge app through which Jira calls the endpoint of A2A.
type forgeDecl struct {
	at
	Enabled           opt[bool]  `yaml:"enabled" jsonschema_description:"Default true if forge is given"`
	AppID             str        `yaml:"app_id" jsonschema_description:"The Forge app's id, such as ari:cloud:ecosystem::app/11223344-a1b2-3b33-8444-def123456789"`
	JWKSURL           str        `yaml:"jwks_url" jsonschema_description:"Where the keys are that Forge signs with; default Atlassian's"`
	Gateway           str        `yaml:"gateway_url" jsonschema_description:"Where the REST APIs of the sites are; default https://api.atlassian.com"`
	Environments      []str      `yaml:"environments" jsonschema_description:"production, staging, development or UUIDs of the app's environments that may call; default all"`
	SigningSecret     unexpanded `yaml:"signing_secret"`
	SigningSecretEnv  str        `yaml:"signing_secret_env" jsonschema_description:"The environment variable with the secret that signs what passes through browsers; two while it is being replaced, separated by a comma, the new one first"`
	SigningSecretFile str        `yaml:"signing_secret_file"`
	EncryptionKey     unexpanded `yaml:"encryption_key"`
	EncryptionKeyEnv  str        `yaml:"encryption_key_env" jsonschema_description:"The environment variable with the key that seals the tokens of users"`
	EncryptionKeyFile str        `yaml:"encryption_key_file"`
	UserHeader        str        `yaml:"user_header" jsonschema_description:"In which a proxy in front of the daemon says who a person in a browser is, such as X-Forwarded-User: people may then connect their account with that. The proxy must take this header away from all that others send"`
	UserNameHeader    str        `yaml:"user_name_header" jsonschema_description:"The person's name, for people to read"`
	RequireMapping    opt[bool]  `yaml:"require_account_mapping" jsonschema_description:"Users connect their account before an agent works for them; default false"`
}

// jiraSites is one site or a list of them.
type jiraSites struct {
	at
	sites []jiraDecl
	list  bool
}

func (j *jiraSites) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	j.pos = d.pos(n)
	switch n.Kind {
	case yaml.SequenceNode:
		j.list = true
		d.list(n, elem(&j.sites), depth)
	case yaml.MappingNode:
		var site jiraDecl
		d.structure(n, elem(&site), depth)
		j.sites = []jiraDecl{site}
	default:
		if !isNull(n) {
			d.errorf(j.pos, "expected a site (a mapping) or a list of sites, found %s", describe(n))
		}
	}
}

type jiraDecl struct {
	at
	Name               str           `yaml:"name" jsonschema_description:"Of a site in a list; also served as /webhook/jira/{name}"`
	Enabled            opt[bool]     `yaml:"enabled" jsonschema_description:"Default true"`
	BaseURL            str           `yaml:"base_url" alias:"url" jsonschema_description:"Such as https://yourcompany.atlassian.net"`
	Auth               authDecl      `yaml:"auth"`
	CloudID            unexpanded    `yaml:"cloud_id"`
	CloudIDEnv         str           `yaml:"cloud_id_env"`
	UserEmail          unexpanded    `yaml:"user_email" alias:"email"`
	UserEmailEnv       str           `yaml:"user_email_env" alias:"email_env"`
	UserEmailFile      str           `yaml:"user_email_file" alias:"email_file"`
	APIToken           unexpanded    `yaml:"api_token" alias:"token"`
	APITokenEnv        str           `yaml:"api_token_env" alias:"token_env"`
	APITokenFile       str           `yaml:"api_token_file" alias:"token_file"`
	WebhookSecret      unexpanded    `yaml:"webhook_secret"`
	WebhookSecretEnv   str           `yaml:"webhook_secret_env" jsonschema_description:"The environment variable that holds the webhook's secret"`
	WebhookSecretFile  str           `yaml:"webhook_secret_file"`
	WebhookSecretEnvs  []str         `yaml:"webhook_secret_envs" jsonschema_description:"Several, while a secret is being replaced"`
	WebhookSecretFiles []str         `yaml:"webhook_secret_files"`
	WebhookTokenEnv    str           `yaml:"webhook_token_env" jsonschema_description:"A fixed token for senders that cannot sign, such as Jira Automation, in the header X-Webhook-Token"`
	WebhookTokenFile   str           `yaml:"webhook_token_file"`
	BotName            str           `yaml:"bot_name" jsonschema_description:"Default aofbot"`
	Proxy              proxyDecl     `yaml:"proxy"`
	TLS                clientTLS     `yaml:"tls"`
	RateLimit          rateLimitDecl `yaml:"rate_limit"`
	Reconcile          reconcileDecl `yaml:"reconcile" jsonschema_description:"Ask Jira for changes whose webhooks never came"`
	ExpectEventEvery   span          `yaml:"expect_event_every" jsonschema_description:"Warn if no webhook came for so long"`
	AllowedProjects    []str         `yaml:"allowed_projects"`
	AllowedEvents      []str         `yaml:"allowed_events"`
	AllowedUsers       []str         `yaml:"allowed_users"`
}

type reconcileDecl struct {
	at
	Enabled  opt[bool] `yaml:"enabled" jsonschema_description:"Default true if reconcile is given"`
	Interval span      `yaml:"interval" jsonschema_description:"How often Jira is asked; default 5m"`
	Lookback span      `yaml:"lookback" jsonschema_description:"How far back to look at most after Jira or the daemon was away; default 1d"`
}

type authDecl struct {
	at
	Type             str        `yaml:"type" jsonschema_description:"api_token (Cloud), pat (Server, Data Center) or oauth2"`
	Email            unexpanded `yaml:"email" alias:"user_email"`
	EmailEnv         str        `yaml:"email_env" alias:"user_email_env"`
	EmailFile        str        `yaml:"email_file" alias:"user_email_file"`
	Token            unexpanded `yaml:"token" alias:"api_token"`
	TokenEnv         str        `yaml:"token_env" alias:"api_token_env"`
	TokenFile        str        `yaml:"token_file" alias:"api_token_file"`
	CloudID          unexpanded `yaml:"cloud_id"`
	CloudIDEnv       str        `yaml:"cloud_id_env"`
	ClientID         unexpanded `yaml:"client_id" jsonschema_description:"Of the OAuth 2.0 app or service account"`
	ClientIDEnv      str        `yaml:"client_id_env"`
	ClientIDFile     str        `yaml:"client_id_file"`
	ClientSecret     unexpanded `yaml:"client_secret"`
	ClientSecretEnv  str        `yaml:"client_secret_env"`
	ClientSecretFile str        `yaml:"client_secret_file"`
	RefreshToken     unexpanded `yaml:"refresh_token" jsonschema_description:"The one that a user's consent gave; without it the client signs in as itself"`
	RefreshTokenEnv  str        `yaml:"refresh_token_env"`
	RefreshTokenFile str        `yaml:"refresh_token_file"`
}

type proxyDecl struct {
	at
	HTTPProxy  str `yaml:"http_proxy"`
	HTTPSProxy str `yaml:"https_proxy"`
	NoProxy    str `yaml:"no_proxy" jsonschema_description:"Hosts, separated by commas"`
}

type clientTLS struct {
	at
	Verify     opt[bool] `yaml:"verify" jsonschema_description:"Default true"`
	CACertPath str       `yaml:"ca_cert_path"`
}

type rateLimitDecl struct {
	at
	RequestsPerSecond opt[float64] `yaml:"requests_per_second" jsonschema_description:"Default no cap"`
	Burst             opt[int]     `yaml:"burst" jsonschema_description:"Requests that may go at once; default those of a second"`
	Concurrency       opt[int]     `yaml:"concurrency" jsonschema_description:"Requests under way at a time; default 20"`
}

// directoryDecl says where manifests are.
type directoryDecl struct {
	at
	Directory str       `yaml:"directory"`
	Watch     opt[bool] `yaml:"watch" jsonschema_description:"Load changes at once; default false"`
	Enabled   opt[bool] `yaml:"enabled" jsonschema_description:"Default true"`
}

type runtimeDecl struct {
	at
	MaxConcurrentTasks     opt[int] `yaml:"max_concurrent_tasks" jsonschema_description:"Default 10"`
	TaskTimeoutSecs        opt[int] `yaml:"task_timeout_secs" jsonschema_description:"Default 300"`
	MaxRunsPerIssuePerHour opt[int] `yaml:"max_runs_per_issue_per_hour" jsonschema_description:"Default 20; 0 for no limit"`
	DefaultAgent           str      `yaml:"default_agent" jsonschema_description:"Runs for triggers that name nothing to run"`
	Settle                 span     `yaml:"settle" jsonschema_description:"How long an interrupted write may take to show up; default 30s"`
	ShutdownGrace          span     `yaml:"shutdown_grace" jsonschema_description:"Default 30s"`
	MaxRunsPerProject      opt[int] `yaml:"max_runs_per_project" jsonschema_description:"Runs of one project at work at the same time, on all replicas; default 0 for no limit"`
	MaxConcurrentTotal     opt[int] `yaml:"max_concurrent_total" jsonschema_description:"Runs at work at the same time on all replicas together; default 0 for no limit"`
	MaxTasksPerUser        data     `yaml:"max_tasks_per_user" ignore:""`
	AllowScripts           data     `yaml:"allow_scripts" refuse:""`
}

type storageDecl struct {
	at
	DSN           unexpanded    `yaml:"dsn" jsonschema_description:"sqlite:directory or postgres://user@host/database; default sqlite:./data"`
	DSNEnv        str           `yaml:"dsn_env" jsonschema_description:"Variable with the dsn"`
	DSNFile       str           `yaml:"dsn_file" jsonschema_description:"File with the dsn"`
	Retention     retentionDecl `yaml:"retention"`
	MasterKey     unexpanded    `yaml:"master_key"`
	MasterKeyEnv  str           `yaml:"master_key_env" jsonschema_description:"The variable with 32 random bytes in base64 that seal stored secrets; default AOF_MASTER_KEY"`
	MasterKeyFile str           `yaml:"master_key_file"`
}

type retentionDecl struct {
	at
	Deliveries  span `yaml:"deliveries" jsonschema_description:"Default 30d"`
	Transcripts span `yaml:"transcripts" jsonschema_description:"How long the steps and texts of runs that ended are kept; default 30d"`
	Audit       span `yaml:"audit" jsonschema_description:"How long it is kept that there was a run, and what it wrote; default 400d"`
}

type modelsDecl struct {
	at
	Providers mapping[providerDecl] `yaml:"providers"`
	Prices    mapping[priceDecl]    `yaml:"prices" jsonschema_description:"By provider:model, in dollars per million tokens"`
	Fallbacks mapping[[]str]        `yaml:"fallbacks" jsonschema_description:"By provider:model, the models that stand in for it, in their order"`
}

type providerDecl struct {
	at
	Type       str        `yaml:"type" jsonschema_description:"openai-compatible, or the name of a known provider for a second one of its kind"`
	BaseURL    str        `yaml:"base_url"`
	APIKey     unexpanded `yaml:"api_key"`
	APIKeyEnv  str        `yaml:"api_key_env"`
	APIKeyFile str        `yaml:"api_key_file"`
	API        str        `yaml:"api" jsonschema_description:"chat or responses; default by the model"`
	APIVersion str        `yaml:"api_version" jsonschema_description:"For azure; default its API without versions"`

	TimeoutSecs       opt[int]     `yaml:"timeout_secs" jsonschema_description:"Of one call; default 120"`
	MaxConcurrent     opt[int]     `yaml:"max_concurrent" jsonschema_description:"Calls at a time; default no limit"`
	RequestsPerMinute opt[float64] `yaml:"requests_per_minute" jsonschema_description:"Default no limit"`
	TokensPerMinute   opt[float64] `yaml:"tokens_per_minute" jsonschema_description:"Default no limit"`
}

type priceDecl struct {
	at
	Input       opt[float64] `yaml:"input"`
	Output      opt[float64] `yaml:"output"`
	CachedInput opt[float64] `yaml:"cached_input"`
	CacheWrite  opt[float64] `yaml:"cache_write"`
}

type policyDecl struct {
	at
	BudgetPerDay   opt[float64] `yaml:"budget_usd_per_day" jsonschema_description:"Dollars per day, by UTC, of all agents together"`
	BudgetPerRun   opt[float64] `yaml:"budget_usd_per_run" jsonschema_description:"Dollars per run"`
	BudgetPerIssue opt[float64] `yaml:"budget_usd_per_issue_per_day" jsonschema_description:"Dollars per issue and day"`
	AllowedHosts   []hostDecl   `yaml:"allowed_hosts" jsonschema_description:"The hosts that http_request may reach, and to which texts may link"`
	Mentions       []str        `yaml:"allowed_mentions" jsonschema_description:"Accounts whom agents may mention though they are not on the issue: account ids, user names or GitHub logins"`
	WritesPerRun   opt[int]     `yaml:"writes_per_run" jsonschema_description:"Default 20"`
	CommentsPerRun opt[int]     `yaml:"comments_per_run" jsonschema_description:"Default 5"`
	CommentRate    opt[int]     `yaml:"comments_per_issue_per_hour" jsonschema_description:"Of all runs together; default 60"`
	Approvers      []str        `yaml:"approvers" jsonschema_description:"Who approves calls of agents that name nobody: account ids, user names or e-mail addresses"`
}

type adminDecl struct {
	at
	Enabled   opt[bool]  `yaml:"enabled" jsonschema_description:"Default true"`
	Host      str        `yaml:"host" jsonschema_description:"Default 127.0.0.1"`
	Port      opt[int]   `yaml:"port" jsonschema_description:"Default 3001"`
	Token     unexpanded `yaml:"token"`
	TokenEnv  str        `yaml:"token_env" jsonschema_description:"Default AOF_ADMIN_TOKEN"`
	TokenFile str        `yaml:"token_file"`
}

type telemetryDecl struct {
	at
	Log          logDecl   `yaml:"log"`
	Metrics      opt[bool] `yaml:"metrics" jsonschema_description:"Always true: the admin listener serves them"`
	OTLPEndpoint data      `yaml:"otlp_endpoint" refuse:""`
}

type logDecl struct {
	at
	Level  str `yaml:"level" jsonschema_description:"debug, info (default), warn or error"`
	Format str `yaml:"format" jsonschema_description:"console or json"`
}
