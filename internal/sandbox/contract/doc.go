// Package contract checks exchanges with a Jira or a Confluence against Atlassian's
// own OpenAPI descriptions of them. Tests put it in front of the simulated sites, so
// that neither our requests nor the simulated answers drift away from the real API.
//
// The descriptions are not part of this repository; where they are absent there
// is nothing to check with.
package contract
