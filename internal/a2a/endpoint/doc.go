// Package endpoint serves agents to callers of the Agent2Agent protocol over HTTP:
// one address for Jira's two dialects and for A2A 0.3 and 1.0, requests and
// streams, and the cards that describe the agents.
//
// It holds the rules of the protocol that do not depend on where tasks are kept:
// who is answered when, what streams begin and end with, which errors callers
// see. The work is behind a2a.Tasks.
package endpoint
