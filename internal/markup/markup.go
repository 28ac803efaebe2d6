package markup

import (
	"github.com/aofctl/aofctl/internal/markup/adf"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/markup/wiki"
)

// CommentLimit is the greatest length of a comment or description that Jira
// takes by default, in UTF-16 code units (jira.text.field.character.limit).
const CommentLimit = wiki.CommentLimit

// SplitComment splits wiki markup into parts of at most limit UTF-16 code units,
// see [wiki.Split].
func SplitComment(text string, limit int) []string { return wiki.Split(text, limit) }

// MarkdownToWiki converts Markdown (CommonMark with GitHub's tables, task lists,
// strikethrough, alerts and links) to Jira's wiki markup. Characters that Jira
// would read as markup are escaped where they would be. Mentions in wiki form
// ([~accountid:…], [~name]) or as [WikiToMarkdown] writes them (@[accountid:…])
// become mentions. Wiki markup that is clearly meant as such passes as it is:
// lines such as "h3. Title" and "||a||b||", {code}, {noformat}, {panel}, {quote}
// and {color}.
func MarkdownToWiki(md string) string { return wiki.FromMarkdown(md) }

// WikiToMarkdown converts Jira's wiki markup to Markdown for a model to read.
// Panels become alerts (> [!NOTE] title), mentions @[accountid:…] or @[name].
// Colours and anchors are left out, their text stays. Macros that are not known
// stay as text.
func WikiToMarkdown(text string) string { return markdown.Write(wiki.Parse(text)) }

// MarkdownToADF converts Markdown to a document in ADF, as JSON, that is valid by
// Atlassian's schema. Wiki markup that is clearly meant as such is read as what
// it means. The error is that of the JSON encoder, to which no text leads.
func MarkdownToADF(md string) ([]byte, error) { return adf.Write(wiki.Document(md)) }

// ADFToMarkdown converts a document in ADF to Markdown. Nodes that it does not
// know give the text that they hold, or their type in ⟦brackets⟧. What is no
// JSON, or no document, is the text that it is.
func ADFToMarkdown(raw []byte) string { return markdown.Write(adf.Parse(raw)) }

// MarkdownToStorage converts Markdown to Confluence's storage format:
// well-formed XML with Confluence's elements. What [StorageToMarkdown] kept is
// put back where its key stands. Wiki markup that is clearly meant as such is
// read as what it means.
func MarkdownToStorage(md string, o storage.Options) string {
	return storage.Write(wiki.Document(md), o)
}

// StorageToMarkdown converts a Confluence page, or a part of one, to Markdown.
// Macros without a meaning in Markdown, and layouts, become ⟦keys⟧; what they
// stand for is in Kept, for [MarkdownToStorage] to put back. The same page gives
// the same keys.
func StorageToMarkdown(page string) (string, storage.Kept) {
	d, kept := storage.Parse(page)
	return markdown.Write(d), kept
}

// StoragePartToMarkdown converts a part of a Confluence page. Its keys are those that
// the whole page has, so that they are good for changes of the page.
func StoragePartToMarkdown(page, part string) string {
	_, kept := storage.Parse(page)
	return markdown.Write(storage.ParsePart(part, kept))
}

// RewriteStorage is the Confluence page that Markdown makes of a page: blocks that
// say the same as before stay as they are, byte for byte, the others are written
// anew. Options.Kept is what [StorageToMarkdown] kept of the whole page.
func RewriteStorage(page, md string, o storage.Options) string {
	return storage.Rewrite(page, wiki.Document(md), o)
}

// EditStorage changes one section of a Confluence page, see [storage.Apply].
func EditStorage(page string, e storage.Edit, md string, o storage.Options) (string, error) {
	return storage.Apply(page, e, wiki.Document(md), o)
}
