package jira

import "fmt"

// make carries out the actions that make something beside issues: create_sprint,
// create_board, create_version and attach. It answers false for all others.
func (in action) make(a *Actor) (obj, bool, error) {
	var id any
	var err error
	switch in.Action {
	case "create_sprint":
		id, err = a.CreateSprint(in.Board, in.Name, in.Description)
	case "create_board":
		id, err = a.CreateBoard(in.Project, in.Name, in.Type)
	case "create_version":
		id, err = a.CreateVersion(in.Project, in.Name)
	case "attach":
		id, err = a.Attach(in.Issue, in.Name, in.Type, []byte(in.Body))
	default:
		return nil, false, nil
	}
	return obj{"id": id}, true, err
}

// changeSite carries out the actions that concern no fields of an issue.
func (in action) changeSite(a *Actor) error {
	switch in.Action {
	case "move_to_sprint":
		return a.MoveToSprint(in.Issue, in.Sprint)
	case "delete_sprint":
		return a.DeleteSprint(in.Sprint)
	case "rename_board":
		return a.RenameBoard(in.Board, in.Name)
	case "delete_board":
		return a.DeleteBoard(in.Board)
	case "release_version":
		return a.ReleaseVersion(in.ID)
	case "create_project":
		return a.CreateProject(in.Project, in.Name)
	case "delete_project":
		return a.DeleteProject(in.Project)
	case "create_user":
		return a.CreateUser(User{Handle: in.Name, Name: in.Name, DisplayName: in.Summary, Email: in.Email})
	case "update_user":
		return a.UpdateUser(in.To, in.Name)
	case "delete_user":
		return a.DeleteUser(in.To)
	case "edit_worklog":
		return a.EditWorklog(in.Issue, in.ID, in.TimeSpent)
	case "delete_worklog":
		return a.DeleteWorklog(in.Issue, in.ID)
	case "unlink":
		return a.Unlink(in.Type, in.Issue, in.To)
	case "detach":
		return a.Detach(in.Issue, in.ID)
	}
	return fmt.Errorf("carry out action %q: it is not known", in.Action)
}
