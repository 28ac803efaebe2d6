// Package jira is a stateful Jira, Cloud or Data Center, that runs in the
// process: REST API v2 (on Cloud also v3 and OAuth), the agile API, webhooks in
// the shapes that the real ones send, people who act, faults on demand, and a
// record of everything that happened.
//
// It is the test double of aofctl's own tests and the playground of its users.
// It therefore refuses what Jira refuses, in Jira's words, and keeps no promise
// that Jira does not keep: webhooks may be repeated, answers may get lost after
// the effect, a search may lag behind.
//
// Everything is kept in memory. One lock guards the state; it is never held
// while a webhook is sent or a request is delayed or held.
package jira
