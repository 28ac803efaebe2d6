// Package trace holds the tools that keep specifications in Confluence and issues in
// Jira together. A model reads pages and decides what a requirement is; which of them
// is the same as before, which issue is its own, and what a test plan covers is found
// out here, by code, so that doing something again does nothing twice.
package trace

import (
	"time"

	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

// Toolset is the name of the set.
const Toolset = "atlassian"

// Tools are the tools.
type Tools struct {
	jira   *tooljira.Tools
	wiki   *toolconfluence.Tools
	writer tool.Writer
	now    func() time.Time
}

// New makes the tools, which reach Jira and Confluence as the tools of these do. The
// clock tells how old the claim of another run is.
func New(jira *tooljira.Tools, wiki *toolconfluence.Tools, writer tool.Writer, now func() time.Time) *Tools {
	return &Tools{jira: jira, wiki: wiki, writer: writer, now: now}
}

// All returns every tool, for a registry.
func (t *Tools) All() []tool.Tool {
	return []tool.Tool{
		t.getRequirements(), t.registerRequirements(), t.createIssue(), t.linkRequirement(), t.unlinkRequirement(),
		t.trace(), t.checkTestPlan(), t.writeTestPlan(), t.findRequirements(), t.matrix(), t.whatIsNew(),
	}
}
