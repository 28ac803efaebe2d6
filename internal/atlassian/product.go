package atlassian

import "strings"

// ConfluenceURL is where Confluence's REST API is reached by the same
// credentials, without a slash at the end: the site, or the gateway's address of
// its Confluence if there is a cloud id. The path "/wiki", below which Cloud has
// Confluence, is not part of it unless base_url ends with it.
func (t *Transport) ConfluenceURL() string {
	if !t.cloud {
		return t.api
	}
	at := strings.LastIndex(t.api, "/ex/jira/")
	return t.api[:at] + "/ex/confluence/" + t.api[at+len("/ex/jira/"):]
}
