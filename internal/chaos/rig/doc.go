// Package rig is what the chaos scenarios are put together from: the other side
// (a simulated Jira and a scripted model in this process, which therefore knows
// the truth), daemons as child processes with real signals, a sender that
// repeats deliveries as Jira does, and the comparison of what was promised with
// what happened.
package rig
