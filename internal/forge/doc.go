// Package forge keeps what the daemon knows of the Jira sites that its Forge app
// is installed into: the installations, what their administrators set, who their
// users are on our side, and the tokens by which work acts with a user's rights.
// It serves /atlassian/*, which Forge and the app's pages call, and says what
// keeps a user's work from beginning.
//
// Who calls is told by the invocation token of a request alone, never by a body.
// https://developer.atlassian.com/platform/forge/remote/essentials/
package forge
