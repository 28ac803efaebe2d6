package fit

import "time"

// Claims are what a verified token says. Ids are UUIDs in lower case wherever
// Forge also has a longer form of them.
type Claims struct {
	// ID names the token. Retries of one request may bear the same token, so that
	// seeing it twice means nothing.
	ID string
	// AppID is our app.
	AppID string
	// Installation is the app's installation in one site: the tenant.
	Installation string
	// CloudID is the site.
	CloudID string
	// APIBase is where the site's API is, https://api.atlassian.com/ex/jira/{cloudId},
	// without a slash at the end. Its host is one that tokens may be sent to.
	APIBase string
	// SiteURL is the address of the site for people, without a slash at the end; ""
	// if the token does not tell one.
	SiteURL string
	// Environment is where the app was deployed to.
	Environment EnvironmentClaim
	// AppVersion is the version of the app that is installed, such as 16.0.1; a new
	// first number wants the consent of the site's administrators.
	AppVersion string
	// Module is the part of the app's manifest that the request is for.
	Module Module
	// Agent is the key of the module that the user sees, such as the agent's; "" if
	// the token does not tell one.
	Agent string
	// Account is the Atlassian account of the user; "" if the token names nobody,
	// as those of events do.
	Account string
	// License is nil for apps without one, and for development.
	License *License
	// IssuedAt and Expires bound the time in which the token is good.
	IssuedAt, Expires time.Time
}

// EnvironmentClaim is an environment of an app.
type EnvironmentClaim struct {
	// ID is its UUID.
	ID string
	// Type is PRODUCTION, STAGING or DEVELOPMENT.
	Type string
}

// Module is a module of an app's manifest.
type Module struct{ Type, Key string }

// License is what the site has paid for.
type License struct {
	Active bool
	// Type is such as commercial or evaluation.
	Type string
}
