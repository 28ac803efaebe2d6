package app

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// Banner says what the daemon serves: endpoints, triggers, agents, storage, and
// what the operator should know. Listen must have been called.
func (a *App) Banner(out io.Writer) {
	d, cat := a.opts.Daemon, a.live.catalog()
	say := func(label, format string, args ...any) {
		_, _ = fmt.Fprintf(out, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintf(out, "aofctl %s\n", a.opts.Version)
	scheme := "http"
	if d.Server.CertFile != "" {
		scheme = "https"
	}
	for _, src := range a.sites.sources(a.live.secrets) {
		say("webhooks", "%s://%s/webhook/%s", scheme, a.Addr(), strings.TrimSuffix(src.Name+"/"+src.Site, "/"))
	}
	for _, s := range a.sites.list {
		say("jira", "%s (%s)", s.config.BaseURL, s.config.AuthType)
	}
	if a.admin != nil {
		say("admin", "http://%s", a.AdminAddr())
	}
	say("triggers", "%s", counted(len(cat.Triggers), triggerNames(cat)))
	say("agents", "%s", counted(len(cat.Agents), slices.Sorted(maps.Keys(cat.Agents))))
	if n := len(cat.Fleets) + len(cat.Flows); n > 0 {
		say("not run", "%d fleets and flows are checked but cannot be run by this version", n)
	}
	say("storage", "%s", d.Storage.DSN)
	say("limits", "%d runs at a time, %s each, %d per issue and hour", d.Runtime.MaxConcurrentTasks, d.Runtime.TaskTimeout, d.Runtime.MaxRunsPerIssuePerHour)
	for _, w := range a.Warnings() {
		say("warning", "%s", w)
	}
}

// Warnings are what was found in the configuration and the manifests that does
// not keep the daemon from working.
func (a *App) Warnings() []string {
	var list []string
	for _, p := range append(slices.Clone(a.opts.Daemon.Warnings), a.live.catalog().Warnings...) {
		list = append(list, p.String())
	}
	for _, p := range a.opts.Daemon.Check(a.live.catalog()) {
		list = append(list, p.String())
	}
	for _, s := range a.sites.list {
		list = append(list, s.warnings...)
	}
	return list
}

// shown bounds the names in a line.
const shown = 8

func counted(n int, names []string) string {
	if n == 0 {
		return "none"
	}
	more := ""
	if len(names) > shown {
		names, more = names[:shown], ", …"
	}
	return fmt.Sprintf("%d: %s%s", n, strings.Join(names, ", "), more)
}

func triggerNames(cat *manifest.Catalog) []string {
	var names []string
	for _, t := range cat.Triggers {
		names = append(names, t.Name)
	}
	return names
}
