// Package markup converts between the text forms that models and Atlassian's
// products use: Markdown as models read and write it, Jira's wiki markup, and
// the Atlassian Document Format (ADF) of Jira Cloud.
//
// All conversions are pure and total: every input, however long, deep or broken,
// gives valid output in time about linear in its length, and its words are kept
// in their order. Form that the target does not have is replaced by the nearest
// that it has.
//
// Jira's wiki markup is described at
// https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all, ADF
// at https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/.
package markup
