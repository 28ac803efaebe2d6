// Package confluence holds the tools with which a model works on pages of
// Confluence. Pages come to it as Markdown, in which what Markdown cannot say
// stands as keys; it changes sections, and every other byte of a page stays as it
// was. Each thing is written once, and each version of a page says why it was made.
package confluence

import (
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// Sites gives the client with which the tools of a run work.
type Sites func(o tool.Origin) (*confluence.Client, error)

// Tools are the Confluence tools.
type Tools struct {
	sites  Sites
	writer tool.Writer
}

// New makes the tools.
func New(sites Sites, writer tool.Writer) *Tools { return &Tools{sites: sites, writer: writer} }

// All returns every tool, for a registry.
func (t *Tools) All() []tool.Tool {
	return []tool.Tool{
		t.getPage(), t.search(), t.createPage(), t.updatePage(), t.updateSection(), t.appendToPage(),
		t.getLabels(), t.addLabels(), t.removeLabel(), t.getProperty(), t.setProperty(),
		t.getComments(), t.addComment(), t.updateComment(), t.getChildren(), t.getAncestors(),
		t.getPageHistory(), t.diffVersions(), t.listSpaces(),
		t.listAttachments(), t.getAttachment(), t.addAttachment(),
	}
}
