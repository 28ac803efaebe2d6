package postgres

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away tells whether the error says something of the server, the network or the
// moment and nothing of the change: the server is away, starting, stopping,
// full, or no longer the one that takes writes; others were in the way. The same
// change may succeed later. Whether it has happened already is not known: the
// confirmation of a commit may have been lost. An error of the caller's own
// cancelling is not Away; one of a deadline is. The codes are those of
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func Away(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return passing(pg)
	}
	if errors.Is(err, errReadOnly) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed) {
		return true
	}
	// TLS says so in the form of an error of the network, but it does not pass.
	var distrust *tls.CertificateVerificationError
	if errors.As(err, &distrust) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.SafeToRetry(err)
}

func passing(err *pgconn.PgError) bool {
	switch err.Code {
	case "25006", // read-only transaction: no longer the primary
		"25P03", "25P04", // the transaction took too long
		"40001", "40003", "40P01", // serialisation, completion unknown, deadlock
		"55006", "55P03", // object in use, lock not available in time
		"57014",                   // statement took too long
		"57P01", "57P02", "57P03", // shutting down, crashed, starting
		"57P05": // session was idle too long
		return true
	case "0A000": // another replica migrated; the statement is prepared again
		return strings.Contains(err.Message, "cached plan")
	}
	switch class(err) {
	case "08", // connection
		"53", // out of disk, memory, connections
		"58": // error of the system below
		return true
	}
	return false
}

// Refused tells whether the change itself is at fault and will be refused for
// ever: its values do not fit (class 22), break a constraint (23, 44), or are
// more than the server handles (54), or its statement is wrong (21). Errors that
// are neither Away nor Refused say nothing of the change, such as that of a
// missing right or of a table that a newer version has changed (42): somebody has
// to mend that, and nothing may be given up until then.
func Refused(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch class(pg) {
	case "21", "22", "23", "44", "54":
		return true
	}
	return false
}

// class is the first two characters of the code.
func class(err *pgconn.PgError) string {
	return err.Code[:min(2, len(err.Code))]
}
