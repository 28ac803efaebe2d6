package app

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/schedule"
	"github.com/aofctl/aofctl/internal/telemetry"
)

// Announce says what the daemon serves: as a banner to people, as lines of the
// log where the log is for machines. Listen must have been called.
func (a *App) Announce(out io.Writer) {
	if !a.machineLog() {
		a.Banner(out)
		return
	}
	cat := a.live.catalog()
	a.log.Info().Str("version", a.opts.Version).Strs("webhooks", a.webhookURLs()).Strs("a2a", a.agents.urls()).Str("admin", a.AdminAddr()).
		Int("triggers", len(cat.Triggers)).Int("agents", len(cat.Agents)).Int("fleets", len(cat.Fleets)).Int("flows", len(cat.Flows)).
		Str("revision", cat.Revision).
		Str("storage", a.storagePlace()).Msg("serving")
	for _, w := range a.Warnings() {
		a.log.Warn().Msg(w)
	}
}

// machineLog reports whether the log is JSON.
func (a *App) machineLog() bool {
	switch cmp.Or(a.opts.LogFormat, a.opts.Daemon.Log.Format) {
	case telemetry.FormatJSON:
		return true
	case telemetry.FormatConsole:
		return false
	}
	f, ok := a.opts.LogOut.(*os.File)
	return !ok || !isatty.IsTerminal(f.Fd())
}

// webhookURLs are where webhooks are taken.
func (a *App) webhookURLs() []string {
	scheme := "http"
	if a.opts.Daemon.Server.CertFile != "" {
		scheme = "https"
	}
	var list []string
	for _, src := range a.sites.sources(a.live.secrets) {
		list = append(list, fmt.Sprintf("%s://%s/webhook/%s", scheme, a.Addr(), strings.TrimSuffix(src.Name+"/"+src.Site, "/")))
	}
	for _, path := range slices.Sorted(maps.Keys(a.live.state.Load().posts)) {
		list = append(list, fmt.Sprintf("%s://%s%s", scheme, a.Addr(), path))
	}
	return list
}

func jobNames(list []schedule.Job) []string {
	var names []string
	for _, j := range list {
		names = append(names, fmt.Sprintf("%s (%s, %s)", j.Trigger, j.Spec.Text, j.Spec.Zone))
	}
	return names
}

// Banner says what the daemon serves: endpoints, triggers, agents, storage, and
// what the operator should know. Listen must have been called.
func (a *App) Banner(out io.Writer) {
	d, cat := a.opts.Daemon, a.live.catalog()
	say := func(label, format string, args ...any) {
		_, _ = fmt.Fprintf(out, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintf(out, "aofctl %s\n", a.opts.Version)
	for _, u := range a.webhookURLs() {
		say("webhooks", "%s", u)
	}
	for _, s := range a.sites.list {
		say("jira", "%s (%s)", s.config.BaseURL, s.config.AuthType)
	}
	if w := a.sites.wiki; w != nil {
		say("confluence", "%s%s", w.config.Site.BaseURL, map[bool]string{true: " (as its Jira)", false: ""}[w.config.Shared])
	}
	if h := a.sites.hub; h != nil {
		say("github", "%s%s", h.client.Host(), map[bool]string{true: "", false: " (without a token: events only)"}[h.acts()])
	}
	if urls := a.agents.urls(); len(urls) > 0 {
		say("a2a", "%s", counted(len(urls), urls))
	}
	if f := d.Forge; f != nil {
		say("forge", "%s", f.AppID)
	}
	if n := len(a.live.jobs()); n > 0 {
		say("schedules", "%s", counted(n, jobNames(a.live.jobs())))
	}
	if a.admin != nil {
		say("admin", "http://%s", a.AdminAddr())
	}
	say("triggers", "%s", counted(len(cat.Triggers), triggerNames(cat)))
	say("agents", "%s", counted(len(cat.Agents), slices.Sorted(maps.Keys(cat.Agents))))
	if n := len(cat.Fleets); n > 0 {
		say("fleets", "%s", counted(n, slices.Sorted(maps.Keys(cat.Fleets))))
	}
	if n := len(cat.Flows); n > 0 {
		say("flows", "%s", counted(n, slices.Sorted(maps.Keys(cat.Flows))))
	}
	say("storage", "%s", a.storagePlace())
	say("limits", "%s", limits(d.Runtime))
	for _, w := range a.Warnings() {
		say("warning", "%s", w)
	}
}

func limits(r manifest.Runtime) string {
	perIssue := fmt.Sprintf("%d per issue and hour", r.MaxRunsPerIssuePerHour)
	if r.MaxRunsPerIssuePerHour == 0 {
		perIssue = "any number per issue"
	}
	return fmt.Sprintf("%d runs at a time, %s each, %s", r.MaxConcurrentTasks, r.TaskTimeout, perIssue)
}

// Warnings are what was found in the configuration and the manifests that does
// not keep the daemon from working.
func (a *App) Warnings() []string {
	var list []string
	found := slices.Concat(a.opts.Daemon.Warnings, a.opts.Daemon.MissingSecrets(a.opts.Env).Warnings(), a.live.catalog().Warnings)
	for _, p := range found {
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
