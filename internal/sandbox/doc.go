// Package sandbox puts the simulated Jira and the scripted model behind one
// listener on loopback: Jira at the root or under a context path, the model under
// /llm/v1. It is what `aofctl sandbox` and the demo run, and what tests that
// start real binaries point them at.
package sandbox
