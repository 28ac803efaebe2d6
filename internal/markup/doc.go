// Package markup converts between the text forms that models and Atlassian's
// products use: Markdown as models read and write it, Jira's wiki markup, the
// Atlassian Document Format (ADF) of the clouds, and Confluence's storage format.
//
// Each format has a package below with a reader and a writer; all of them speak
// of the tree in package doc. All conversions are pure and total: every input,
// however long, deep or broken, gives valid output in time about linear in its
// length, and its words are kept in their order. Form that the target does not
// have is replaced by the nearest that it has.
package markup
