package manifest

import (
	"net"
	"net/url"
	"strings"
	"time"
)

func (l *daemonLoader) runtime(decl runtimeDecl) Runtime {
	atLeast(l.decoder, decl.MaxConcurrentTasks, 1)
	atLeast(l.decoder, decl.TaskTimeoutSecs, 1)
	atLeast(l.decoder, decl.MaxRunsPerIssuePerHour, 0)
	atLeast(l.decoder, decl.MaxRunsPerProject, 0)
	atLeast(l.decoder, decl.MaxConcurrentTotal, 0)
	l.daemon.defaultAgentAt = decl.DefaultAgent.pos
	return Runtime{
		MaxConcurrentTasks:     decl.MaxConcurrentTasks.or(10),
		MaxConcurrentTotal:     decl.MaxConcurrentTotal.or(0),
		MaxRunsPerProject:      decl.MaxRunsPerProject.or(0),
		TaskTimeout:            l.seconds(decl.TaskTimeoutSecs, 300),
		MaxRunsPerIssuePerHour: decl.MaxRunsPerIssuePerHour.or(20),
		DefaultAgent:           decl.DefaultAgent.value,
		Settle:                 decl.Settle.or(30 * time.Second),
		ShutdownGrace:          decl.ShutdownGrace.or(30 * time.Second),
	}
}

func (l *daemonLoader) admin(decl adminDecl) Admin {
	a := Admin{
		Enabled: decl.Enabled.or(true),
		Host:    decl.Host.or("127.0.0.1"),
		Port:    l.port(decl.Port, 3001),
		Token:   Secret{Env: "AOF_ADMIN_TOKEN"},
	}
	forms := secretForms{name: "token", inline: decl.Token, env: decl.TokenEnv, file: decl.TokenFile}
	if !a.Enabled {
		return a
	}
	if given := l.secret(forms); !given.IsZero() {
		a.Token = given
		return a
	}
	if !loopback(a.Host) {
		l.need(a.Token, "admin.token_env, needed since admin.host is reachable from outside", latest(decl.pos, decl.Host.pos))
	}
	return a
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (l *daemonLoader) log(decl telemetryDecl) Log {
	out := Log{
		Level:  l.oneOf(decl.Log.Level, "level", "trace", "debug", "info", "warn", "error"),
		Format: l.oneOf(decl.Log.Format, "format", "console", "json"),
	}
	if !decl.Metrics.or(true) {
		l.errorf(decl.Metrics.pos, "metrics are always served, by the admin listener: leave this out")
	}
	if out.Level == "" {
		out.Level = "info"
	}
	return out
}

// address checks the http(s) URL of a base_url and takes the slashes at its end
// away.
func (l *daemonLoader) address(s str) string {
	if !s.set {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(s.value))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		l.errorf(s.pos, "base_url must be an address such as https://yourcompany.atlassian.net, found %q", shorten(s.value))
		return ""
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.errorf(s.pos, "base_url must have no user, query or fragment")
		return ""
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u.String()
}
