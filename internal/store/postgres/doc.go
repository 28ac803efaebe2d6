// Package postgres opens a PostgreSQL database in the one way that keeps what
// was committed, that lets a frozen or vanished process hold no locks, and that
// notices a dead network; it brings the schema up to date, tells errors that
// pass from errors that stay, and listens for notifications.
//
// Databases are named by URLs, postgres://user:password@host:port/database, with
// the parameters of libpq (https://www.postgresql.org/docs/current/libpq-connect.html)
// and pgx; several hosts may be given with commas, and the one that takes writes
// is used. Behind a pooler in transaction mode, such as PgBouncer's, add
// default_query_exec_mode=exec: then nothing is kept in a session, neither
// prepared statements nor settings, and the settings are checked instead.
package postgres
