package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// errReadOnly says that the server does not take writes.
var errReadOnly = errors.New("the server takes no writes (a standby, or default_transaction_read_only)")

// advisedError is an error with what to check.
type advisedError struct {
	advice string
	cause  error
}

// Error says both in one line.
func (e *advisedError) Error() string { return brief(e.cause) + ": " + e.advice }

// Unwrap returns the cause.
func (e *advisedError) Unwrap() error { return e.cause }

// brief is the text of an error in one line, without what the caller says anyway
// and without what was the same for each try and address.
func brief(err error) string {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		err = connect.Unwrap()
	}
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(parts, line) {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}

// explain adds to an error of opening what there is to check. What pgx and the
// server say holds the user, host and database, and no password.
func (c *config) explain(err error) error {
	if advice := c.advice(err); advice != "" {
		return &advisedError{advice, err}
	}
	return err
}

func (c *config) advice(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return c.adviceOnCode(pg)
	}
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var verification *tls.CertificateVerificationError
	var network net.Error
	switch text := err.Error(); {
	case errors.Is(err, errReadOnly):
		return "give the primary, or all hosts separated by commas"
	case strings.Contains(text, "server refused TLS"):
		return "turn ssl on in postgresql.conf, or write sslmode=disable in the DSN if the network is trusted"
	case errors.As(err, &unknown), errors.As(err, &verification) && !errors.As(err, &hostname):
		return "give the certificate authority's file as sslrootcert in the DSN"
	case errors.As(err, &hostname):
		return "use a host name of the server's certificate, or sslmode=verify-ca"
	case errors.As(err, &dns):
		return "check the host name in the DSN"
	case errors.As(err, &network):
		return fmt.Sprintf("check that PostgreSQL runs and that host %s and port %d can be reached", c.conn.Host, c.conn.Port)
	}
	return ""
}

func (c *config) adviceOnCode(err *pgconn.PgError) string {
	switch err.Code {
	case "28P01":
		return "check the user and the password in the DSN"
	case "28000":
		return "check the user in the DSN and the server's pg_hba.conf"
	case "3D000":
		return fmt.Sprintf("check the database in the DSN, or make it with CREATE DATABASE %q", c.conn.Database)
	case "42501":
		return fmt.Sprintf("let an owner run GRANT CREATE ON DATABASE %q TO %q, or make the schema for that user", c.conn.Database, c.conn.User)
	case "53300":
		return "raise the server's max_connections, or lower pool_max_conns in the DSN"
	case "42704":
		return "check the parameters of the DSN: what neither libpq nor pgx knows is a setting of the server"
	}
	if strings.Contains(err.Message, "startup parameter") && c.pooled {
		return "leave it out of the DSN, and set it for the user with ALTER ROLE"
	}
	if strings.Contains(err.Message, "startup parameter") {
		return "behind a pooler in transaction mode write default_query_exec_mode=exec in the DSN"
	}
	return ""
}
