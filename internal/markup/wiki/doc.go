// Package wiki reads and writes Jira's wiki markup, described at
// https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all, and
// finds it in Markdown where an author meant it.
package wiki
