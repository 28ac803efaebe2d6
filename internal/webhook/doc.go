// Package webhook takes deliveries over HTTP: it bounds what a sender may cost,
// verifies the sender, and answers once the delivery is on the disk. It does not
// look into payloads.
package webhook
