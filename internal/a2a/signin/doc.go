// Package signin tells who sends a request to the endpoint of agents: Jira, by the
// invocation tokens of Forge, and on behalf of which user; others by bearer tokens
// of their own, RFC 6750; or anybody, if that is what the operator wants.
//
// What looks like a token of Forge is that or refused. What Forge sends along, the
// tokens to call Jira with, goes into the request's context and to whoever keeps
// it, sealed.
package signin
