// Package pgserver runs a private PostgreSQL server from the binaries of this
// machine: for tests, and for programs that restart and crash a database on
// purpose. It needs initdb, pg_ctl and postgres, of any version from 13, and a
// Unix system. A server lives in a directory of its own, listens on loopback and
// on a socket in that directory, and goes with its directory when the process
// that started it ends, however that ends.
package pgserver
