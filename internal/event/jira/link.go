package jira

// readLink reads an issue link. It has ids only, and no keys; the source issue is
// the one that the event counts for.
func (n *normalizer) readLink(r raw) {
	vars := n.ev.Vars
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.linkID = str(value)
			setIf(vars, "link_id", n.linkID)
		case "sourceIssueId":
			n.linkSource = str(value)
			setIf(vars, "link_source_issue_id", n.linkSource)
		case "destinationIssueId":
			setIf(vars, "link_destination_issue_id", str(value))
		case "systemLink":
			n.setBool("link_system", value)
		case "issueLinkType":
			n.readLinkType(value)
		}
	})
}

func (n *normalizer) readLinkType(r raw) {
	fields(r, func(name string, value raw) {
		switch name {
		case "name":
			n.setKnown("link_type", value)
		case "outwardName":
			n.set("link_outward", value)
		case "inwardName":
			n.set("link_inward", value)
		}
	})
}

// readVersion reads a version. It names its project only by id. Of two that are
// merged, Jira deletes one and names the other as mergedTo.
func (n *normalizer) readVersion(r raw) {
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.versionID = str(value)
			setIf(n.ev.Vars, "version_id", n.versionID)
		case "name":
			n.setKnown("version_name", value)
		case "description":
			n.set("version_description", value)
		case "released":
			n.setBool("version_released", value)
		case "archived":
			n.setBool("version_archived", value)
		case "releaseDate":
			n.set("version_release_date", value)
		case "startDate":
			n.set("version_start_date", value)
		case "projectId":
			n.projectID = str(value)
		case "project":
			n.ev.Project = str(value)
		case "mergedTo":
			n.in.mergedTo = value
		}
	})
}

// settleMerge lets triggers ask for merged versions by the name that Jira's own
// documentation uses.
func (n *normalizer) settleMerge() {
	if n.ev.Type == "version_deleted" && present(n.in.mergedTo) {
		n.ev.Also = []string{"version_merged"}
		setIf(n.ev.Vars, "version_merged_to", firstOf(str(member(n.in.mergedTo, "name")), str(n.in.mergedTo)))
	}
}
