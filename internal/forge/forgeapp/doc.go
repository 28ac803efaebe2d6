// Package forgeapp writes the manifest of the Forge app through which Jira calls
// the daemon: which agents there are, where they answer, which pages the app has
// and which scopes it asks for. What Forge would refuse is told here, with the place
// of the agent that it is about, before anything is deployed.
//
// The format is that of
// https://developer.atlassian.com/platform/forge/manifest-reference/ and of the
// schema in the npm package @forge/manifest.
package forgeapp
