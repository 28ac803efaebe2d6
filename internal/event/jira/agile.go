package jira

// readSprint reads the sprint object. It names its board only by id.
func (n *normalizer) readSprint(r raw) {
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.setInt("sprint_id", value)
		case "name":
			n.setKnown("sprint_name", value)
		case "state":
			n.setKnown("sprint_state", value)
		case "startDate":
			n.set("sprint_start_date", value)
		case "endDate":
			n.set("sprint_end_date", value)
		case "completeDate":
			n.set("sprint_complete_date", value)
		case "goal":
			n.set("sprint_goal", value)
		case "originBoardId":
			n.setInt("board_id", value)
		}
	})
}

// readBoard reads a board, or the configuration that stands in its place in
// board_configuration_changed.
func (n *normalizer) readBoard(r raw) {
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.setInt("board_id", value)
		case "name":
			n.setKnown("board_name", value)
		case "type":
			n.setKnown("board_type", value)
		case "location":
			n.readLocation(value)
		}
	})
}

// readLocation reads where a board belongs, which need not be a project.
func (n *normalizer) readLocation(r raw) {
	kind := str(member(r, "type"))
	if kind == "" || kind == "project" {
		n.readProject(r)
	}
	fields(r, func(name string, value raw) {
		switch name {
		case "projectKey":
			n.ev.Project = firstOf(str(value), n.ev.Project)
		case "projectId":
			n.projectID = firstOf(str(value), n.projectID)
		case "projectName":
			n.setKnown("project_name", value)
		}
	})
}

// readCounts reads the numbers of issues that some senders add to sprint events.
func (n *normalizer) readCounts() {
	n.setInt("issues_completed", n.in.issuesCompleted)
	n.setInt("issues_incomplete", n.in.issuesIncomplete)
}
