package confluence

import (
	"slices"
	"strings"
)

// The granular scopes of OAuth 2.0 that the REST APIs of Confluence Cloud ask for,
// https://developer.atlassian.com/cloud/confluence/scopes-for-oauth-2-3LO-and-forge-apps/.
// Version 2 knows no others. Version 1 takes these and classic ones.
const (
	// ScopeReadDetails is also what telling who we are needs.
	ScopeReadDetails = "read:content-details:confluence"
	ScopeReadPage    = "read:page:confluence"
	ScopeReadSpace   = "read:space:confluence"

	scopeWritePage   = "write:page:confluence"
	scopeReadComment = "read:comment:confluence"
	scopeComment     = "write:comment:confluence"
	scopeReadLabel   = "read:label:confluence"
	scopeLabel       = "write:label:confluence"
	scopeReadFile    = "read:attachment:confluence"
	scopeFile        = "write:attachment:confluence"
	scopeTree        = "read:hierarchical-content:confluence"
	scopeMetadata    = "read:content.metadata:confluence"
)

// Scopes are the scopes that a token needs for which the tool of this name is to work
// on Confluence Cloud, sorted; none for a tool that has nothing to do with it. A tool
// that is not listed asks for what reads and writes pages.
func Scopes(tool string) []string {
	if !strings.HasPrefix(tool, "confluence_") && !strings.HasPrefix(tool, "atlassian_") {
		return nil
	}
	// A page tells the number of its space, and who we are tells what of it is ours.
	scopes := []string{ScopeReadDetails, ScopeReadPage, ScopeReadSpace}
	switch tool {
	case "atlassian_trace", "atlassian_matrix", "atlassian_get_requirements", "atlassian_find_requirements", "atlassian_check_test_plan",
		"confluence_get_page", "confluence_get_page_history", "confluence_diff_versions", "confluence_get_labels", "confluence_get_property":
	case "confluence_search":
		scopes = []string{ScopeReadDetails}
	case "confluence_list_spaces":
		scopes = []string{ScopeReadDetails, ScopeReadSpace}
	case "confluence_get_ancestors":
		scopes = append(scopes, scopeMetadata)
	case "confluence_get_children":
		scopes = append(scopes, scopeTree)
	case "confluence_get_comments":
		scopes = append(scopes, scopeReadComment)
	case "confluence_add_comment", "confluence_update_comment":
		scopes = append(scopes, scopeReadComment, scopeComment)
	case "confluence_list_attachments", "confluence_get_attachment":
		scopes = append(scopes, scopeReadFile)
	case "confluence_add_attachment":
		scopes = append(scopes, scopeReadFile, scopeFile)
	case "confluence_remove_label":
		scopes = append(scopes, scopeLabel)
	case "confluence_add_labels":
		scopes = append(scopes, scopeReadLabel, scopeLabel)
	case "confluence_create_page", "atlassian_write_test_plan":
		scopes = append(scopes, scopeWritePage, scopeReadLabel, scopeLabel)
	default:
		scopes = append(scopes, scopeWritePage)
	}
	slices.Sort(scopes)
	return scopes
}
