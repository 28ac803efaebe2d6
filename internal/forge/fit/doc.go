// Package fit verifies the tokens with which Forge, Atlassian's platform for apps,
// signs each request to a remote: Forge invocation tokens. They say which app, which
// installation, which site and, mostly, which user a request is about.
//
// Tokens live for 25 seconds, so that they are checked when a request begins and
// never later. Keys come from Atlassian over HTTPS and are kept here: whoever sends
// tokens that nobody signed causes few requests for keys, and Atlassian's being away
// does not stop what it signs.
//
// See https://developer.atlassian.com/platform/forge/remote/essentials, RFC 7515,
// RFC 7517, RFC 7519 and, on mistakes that verifiers have made, RFC 8725.
package fit
