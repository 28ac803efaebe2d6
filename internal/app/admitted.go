package app

import (
	"cmp"
	"fmt"

	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/tool"
)

// outsideError says that a user gave work on an issue of a project in which agents may
// not work for them. Tools would not reach the issue; but what stands in it would go
// to a model.
type outsideError struct {
	// project is "" if nobody could tell it.
	project string
	within  []string
}

// Error is for operators.
func (e *outsideError) Error() string {
	if e.project == "" {
		return fmt.Sprintf("the project of the issue could not be found out, and agents may work in %s alone", e.within)
	}
	return fmt.Sprintf("agents may work for users of this site in %s alone, and not in %s", e.within, e.project)
}

// Tell is what the user is told.
func (e *outsideError) Tell() string {
	if e.project == "" {
		return "I could not find out to which project this work item belongs, and agents may not work in all projects here."
	}
	return "Agents may not work in the project " + e.project + " here. The administrators of this site choose the projects on the app's settings page."
}

// admitted refuses a task on an issue outside of the projects that the site's
// administrators, or the operator, let agents work in. A chat about no issue is
// about no project; what its tools reach is bounded all the same.
func admitted(task run.Task) error {
	ref, ev := task.Work.Task, &task.Work.Event
	if ref == nil || ref.Within == nil {
		return nil
	}
	project := cmp.Or(ev.Project, ev.String("project_key"))
	about := project != "" || ev.IssueID != "" || ev.IssueKey != ""
	if !about || project != "" && tool.InProjects(ref.Within, project) {
		return nil
	}
	return &outsideError{project, ref.Within}
}
