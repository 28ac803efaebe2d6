package cli

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/store"
)

func (c *console) tasksTable(list []store.TaskOverview) {
	now := time.Now()
	rows := make([][]string, len(list))
	for i, t := range list {
		rows[i] = []string{t.ID, age(now, t.Created), string(t.State), cmp.Or(t.Agent, "(default)"), caller(t), dash(t.Run), oneLine(t.Note, 60)}
	}
	c.table([]string{"ID", "AGE", "STATE", "AGENT", "CALLER", "RUN", "STATUS"}, rows)
}

// caller names whose task it is.
func caller(t store.TaskOverview) string {
	if t.Account == "" {
		return t.Installation
	}
	return t.Account + " in " + t.Installation
}

func (c *console) showTask(t store.TaskOverview) {
	dialect := "A2A " + t.Version
	if t.Jira {
		dialect = "Jira, " + dialect
	}
	c.printf("Task:       %s\nContext:    %s\nState:      %s\nAgent:      %s\nCaller:     %s\nDialect:    %s\nRun:        %s\n",
		t.ID, t.Context, t.State, cmp.Or(t.Agent, "(default)"), caller(t), dialect, dash(t.Run))
	c.printf("Created:    %s\nChanged:    %s\n", t.Created.Format(time.RFC3339), t.Changed.Format(time.RFC3339))
	switch {
	case !t.Ended.IsZero():
		c.printf("Ended:      %s\n", t.Ended.Format(time.RFC3339))
	case !t.Deadline.IsZero():
		c.printf("Ends by:    %s\n", t.Deadline.Format(time.RFC3339))
	}
	c.printf("Messages:   %d, events %d\n", t.Messages, t.Events)
	if t.Note != "" {
		c.printf("Status:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(t.Note), "\n", "\n  "))
	}
}

func (c *console) installationsTable(list []admin.Installation) {
	now := time.Now()
	rows := make([][]string, len(list))
	for i, one := range list {
		rows[i] = []string{one.ID, age(now, one.Created), one.State, dash(one.Site), dash(one.Environment), dash(one.Version)}
	}
	c.table([]string{"ID", "AGE", "STATE", "SITE", "ENVIRONMENT", "VERSION"}, rows)
}

func (c *console) showInstallation(one admin.Installation) {
	c.printf("Installation: %s\nSite:         %s\nCloud id:     %s\nEnvironment:  %s\nVersion:      %s\nState:        %s\n",
		one.ID, dash(one.Site), one.Cloud, dash(one.Environment), dash(one.Version), one.State)
	c.printf("Installed by: %s\nConfigured:   %s\nScopes:       %s\n", dash(one.InstalledBy), dash(one.ConfiguredBy), dash(strings.Join(one.Scopes, ", ")))
	c.printf("Created:      %s\nUpdated:      %s\n", one.Created.Format(time.RFC3339), one.Updated.Format(time.RFC3339))
	if one.Settings != nil {
		text, err := json.MarshalIndent(one.Settings, "  ", "  ")
		if err == nil {
			c.printf("Settings:\n  %s\n", text)
		}
	}
}
