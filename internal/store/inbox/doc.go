// Package inbox keeps the deliveries that platforms sent: durably from the
// moment that the sender is told so, each identity once, in order of
// acceptance. It has a database file of its own, so that the work on runs never
// delays an acknowledgement.
//
// One goroutine writes. It takes whatever is waiting, commits it in one
// transaction with one sync of the disk, and only then tells the callers.
package inbox
