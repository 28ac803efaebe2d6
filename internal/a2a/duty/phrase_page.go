package duty

// pagePhrases are those of phrases that are about pages of Confluence, and about
// what they have to do with work items.
func pagePhrases() map[string]string {
	return map[string]string{
		"confluence_add_attachment":       "Attaching {filename} to a page",
		"confluence_add_comment":          "Adding a comment to a page",
		"confluence_add_labels":           "Adding labels to a page",
		"confluence_append_to_page":       "Adding text to a page",
		"confluence_create_page":          "Creating the page {title}( in {space_key})",
		"confluence_diff_versions":        "Comparing versions of a page",
		"confluence_get_ancestors":        "Looking up where a page is",
		"confluence_get_attachment":       "Reading the file {filename} at a page",
		"confluence_get_children":         "Looking up the pages below a page",
		"confluence_get_comments":         "Reading the comments on a page",
		"confluence_get_labels":           "Reading the labels of a page",
		"confluence_get_page":             "Reading the page( {title})",
		"confluence_get_page_history":     "Reading the history of a page",
		"confluence_get_property":         "Reading what is kept at a page",
		"confluence_list_attachments":     "Listing the files at a page",
		"confluence_list_spaces":          "Looking up spaces",
		"confluence_remove_label":         "Removing the label {label} from a page",
		"confluence_search":               "Searching pages(: {cql})",
		"confluence_set_property":         "Keeping {key} at a page",
		"confluence_update_comment":       "Changing a comment on a page",
		"confluence_update_page":          "Updating a page(: {reason})",
		"confluence_update_section":       "Updating the section {heading} of a page",
		"atlassian_trace":                 "Comparing requirements with work items",
		"atlassian_check_test_plan":       "Checking what a test plan covers",
		"atlassian_create_issue":          "Making the work item of a requirement( in {project_key})(: {summary})",
		"atlassian_find_requirements":     "Looking up the requirements of {issue_key}",
		"atlassian_get_requirements":      "Reading the requirements of a page",
		"atlassian_link_requirement":      "Linking {issue_key} to a requirement",
		"atlassian_matrix":                "Comparing requirements with work items",
		"atlassian_register_requirements": "Registering the requirements of a page",
		"atlassian_tell_new":              "Looking for what is new since the last time",
		"atlassian_unlink_requirement":    "Taking the link between {issue_key} and a requirement away",
		"atlassian_write_test_plan":       "Writing test cases",
	}
}
