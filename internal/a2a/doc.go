// Package a2a knows the words of the Agent2Agent protocol: tasks, messages,
// artifacts, events and errors, apart from how any version of the protocol writes
// them down, and what an endpoint of it needs from whoever does the work.
//
// Tasks, messages and events are stored as the JSON that their tags say, which no
// caller sees and which loses nothing of them.
//
// The package wire reads and writes them in the dialects of the callers, card
// describes agents, and endpoint serves them over HTTP.
//
// See https://a2a-protocol.org/v1.0.0/specification and, for the dialect of Jira,
// https://developer.atlassian.com/platform/forge/remote-agents-in-jira.
package a2a
