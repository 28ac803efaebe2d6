// Package postgres is the inbox on PostgreSQL, for any number of replicas on
// one database. It keeps the promises of package inbox, each of them across the
// replicas: durable when the sender is told so, each identity once, and Pending
// in order of acceptance with nothing left out.
//
// A delivery is stored by one statement that commits by itself. The server
// groups the commits of many connections into one sync, so nothing is grouped
// here.
//
// Numbers are drawn in order but committed in any, so a reader that has seen a
// number must not go on behind it while a lower one may still appear. See
// horizon for how it knows.
package postgres
