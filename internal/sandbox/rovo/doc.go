// Package rovo simulates Atlassian's side of remote agents: a Forge app that is
// installed on sites, the tokens with which Jira calls the app's remote, the gateway
// to the sites' APIs, and Jira itself when people assign issues to an agent, mention
// it, chat with it, and watch what it does.
//
// It judges every answer strictly by what Atlassian documents, and keeps what it
// finds wrong (Violations). The names of the seed are those of
// https://developer.atlassian.com/platform/forge/remote-agents-in-jira; tokens are as
// in https://developer.atlassian.com/platform/forge/remote/essentials.
package rovo
