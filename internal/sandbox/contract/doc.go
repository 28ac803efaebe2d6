// Package contract checks exchanges with a Jira against Atlassian's own OpenAPI
// descriptions of it. Tests put it in front of the simulated Jira, so that
// neither our requests nor the simulated answers drift away from the real API.
//
// The descriptions are not part of this repository; where they are absent there
// is nothing to check with.
package contract
