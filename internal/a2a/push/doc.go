// Package push tells callers of A2A what becomes of their tasks, at the addresses
// that they named: A2A 1.0, section 4.3, and 0.3, section 9.5.
//
// What is owed stands in the store beside the tasks, so that nothing is lost by a
// crash: a receiver may be told something twice, and in order. The addresses are
// chosen by callers, so they lead to public hosts over TLS, or to those that the
// operator listed, and what a name leads to is checked when the connection is made.
package push
