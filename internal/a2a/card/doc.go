// Package card describes agents as the Agent2Agent protocol wants them described,
// for callers of version 0.3, of version 1.0, and of either at one address.
//
// See https://a2a-protocol.org/v1.0.0/specification, section 8, and
// https://a2a-protocol.org/v0.3.0/specification, section 5.
package card
