package manifest

import (
	"net/url"
	"strings"
	"time"
)

// Defaults of the retention.
const (
	defaultDeliveries  = 30 * 24 * time.Hour
	defaultTranscripts = 30 * 24 * time.Hour
	defaultAudit       = 400 * 24 * time.Hour
	// leastDeliveries is how long a sender may try the same delivery again.
	leastDeliveries = time.Hour
)

func (l *daemonLoader) storage(decl storageDecl) Storage {
	out := Storage{
		RetentionDeliveries:  decl.Retention.Deliveries.or(defaultDeliveries),
		RetentionTranscripts: decl.Retention.Transcripts.or(defaultTranscripts),
		RetentionAudit:       decl.Retention.Audit.or(defaultAudit),
	}
	if out.RetentionDeliveries > 0 && out.RetentionDeliveries < leastDeliveries {
		l.errorf(decl.Retention.Deliveries.pos, "deliveries are kept for at least 1h, or 0 for no longer than until they are decided")
	}
	if decl.Retention.Transcripts.set && out.RetentionTranscripts == 0 && !decl.Retention.Deliveries.set {
		l.warnf(decl.Retention.Transcripts.pos, "the payloads of deliveries stay for %s all the same: set deliveries to 0 as well, or to how long they are to stay", "30 days")
	}
	if decl.Retention.Audit.set && out.RetentionAudit < out.RetentionTranscripts {
		l.errorf(decl.Retention.Audit.pos, "a run cannot be forgotten before its transcript: give audit at least as long as transcripts")
	}
	if decl.DSNEnv.set || decl.DSNFile.set {
		out.Postgres = l.secret(secretForms{name: "dsn", inline: decl.DSN, env: decl.DSNEnv, file: decl.DSNFile})
		return out
	}
	l.inlineDSN(decl, &out)
	return out
}

// inlineDSN takes "sqlite:directory", relative to the file in which it stands,
// or the URL of a PostgreSQL database.
func (l *daemonLoader) inlineDSN(decl storageDecl, out *Storage) {
	dsn := "sqlite:./data"
	if decl.DSN.node != nil {
		if name := soleVariable(decl.DSN.node.Value); name != "" {
			out.Postgres = l.need(Secret{Env: name}, "dsn", decl.DSN.pos)
			return
		}
		dsn = l.expand(decl.DSN.node)
	}
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case !found:
		l.errorf(decl.DSN.pos, "expected a dsn such as sqlite:./data or postgres://user@host/database")
	case scheme == "postgres" || scheme == "postgresql":
		l.checkPostgres(decl.DSN, dsn)
		out.Postgres = Secret{Value: dsn}
	case scheme != "sqlite":
		l.errorf(decl.DSN.pos, "unknown kind of storage %q: use sqlite:./data or postgres://user@host/database", shorten(scheme))
	case strings.TrimPrefix(rest, "//") == "":
		l.errorf(decl.DSN.pos, "the dsn names no directory: use sqlite:./data")
	default:
		out.Directory = l.relative(sqlitePath(rest))
	}
}

// checkPostgres refuses a URL that cannot be one, and a password that stands in
// the file.
func (l *daemonLoader) checkPostgres(written unexpanded, dsn string) {
	u, err := url.Parse(dsn)
	if err != nil {
		l.errorf(written.pos, "the dsn is not a URL such as postgres://user@host:5432/database")
		return
	}
	if _, literal := u.User.Password(); literal && !variable.MatchString(written.node.Value) {
		l.errorf(written.pos, "a password does not belong in a file that is shared: write ${VARIABLE} in its place, or name the dsn's variable in dsn_env, or its file in dsn_file")
	}
}

// sqlitePath takes the slashes of a URL away: "//./data" is "./data" and
// "///var/lib/aof" is "/var/lib/aof".
func sqlitePath(rest string) string { return strings.TrimPrefix(rest, "//") }
