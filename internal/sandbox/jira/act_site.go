package jira

import (
	"fmt"
	"net/http"
)

// CreateSprint adds a future sprint to a board and returns its id.
func (a *Actor) CreateSprint(board int, name, goal string) (int, error) {
	id := 0
	err := a.write(func(t *tx) error {
		s, err := t.addSprint(Sprint{Name: name, Board: board, Goal: goal})
		if err == nil {
			id = s.ID
		}
		return err
	})
	return id, err
}

// DeleteSprint removes a sprint; its issues go to the backlog.
func (a *Actor) DeleteSprint(id int) error {
	return a.write(func(t *tx) error {
		s := t.st.sprint(id)
		if s == nil {
			return refuse(http.StatusNotFound, "Sprint does not exist")
		}
		t.removeSprint(s)
		return nil
	})
}

// MoveToSprint puts an issue into a sprint, or with 0 into the backlog.
func (a *Actor) MoveToSprint(key string, id int) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		s := t.st.sprint(id)
		if s == nil && id != 0 {
			return refuse(http.StatusNotFound, "Sprint does not exist")
		}
		t.moveTo(i, s)
		return nil
	})
}

// CreateBoard adds a board ("scrum" or "kanban") of a project and returns its id.
func (a *Actor) CreateBoard(project, name, kind string) (int, error) {
	id := 0
	err := a.write(func(t *tx) error {
		b, err := t.addBoard(Board{Name: name, Type: kind, Project: project})
		if err == nil {
			id = b.ID
		}
		return err
	})
	return id, err
}

// RenameBoard gives a board another name.
func (a *Actor) RenameBoard(id int, name string) error {
	return a.onBoard(id, func(t *tx, b *Board) { t.renameBoard(b, name) })
}

// DeleteBoard removes a board.
func (a *Actor) DeleteBoard(id int) error {
	return a.onBoard(id, func(t *tx, b *Board) { t.removeBoard(b) })
}

func (a *Actor) onBoard(id int, fn func(*tx, *Board)) error {
	return a.write(func(t *tx) error {
		b := t.st.board(id)
		if b == nil {
			return fmt.Errorf("find board %d: it does not exist", id)
		}
		fn(t, b)
		return nil
	})
}

// CreateProject adds a project that the actor leads.
func (a *Actor) CreateProject(key, name string) error {
	return a.write(func(t *tx) error {
		_, err := t.createProject(Project{Key: key, Name: name, TypeKey: "software"}, t.by)
		return err
	})
}

// DeleteProject removes a project with its issues and boards.
func (a *Actor) DeleteProject(key string) error {
	return a.write(func(t *tx) error {
		p := t.st.project(key)
		if p == nil {
			return noProject(key)
		}
		return t.deleteProject(p)
	})
}

// CreateVersion adds a version to a project and returns its id.
func (a *Actor) CreateVersion(project, name string) (string, error) {
	id := ""
	err := a.write(func(t *tx) error {
		p := t.st.project(project)
		if p == nil {
			return noProject(project)
		}
		v, err := t.addVersion(p, versionInput{Name: &name})
		if err == nil {
			id = v.ID
		}
		return err
	})
	return id, err
}

// ReleaseVersion releases a version, named by its id.
func (a *Actor) ReleaseVersion(id string) error {
	return a.write(func(t *tx) error {
		p, v, err := t.version(id)
		if err != nil {
			return err
		}
		released := true
		t.changeVersion(p, v, versionInput{Released: &released})
		return nil
	})
}

// VersionChange is what becomes of a version; nil leaves it as it is.
type VersionChange struct{ Released, Archived *bool }

// ChangeVersion releases, takes back or archives a version, named by its id.
func (a *Actor) ChangeVersion(id string, change VersionChange) error {
	return a.write(func(t *tx) error {
		p, v, err := t.version(id)
		if err != nil {
			return err
		}
		t.changeVersion(p, v, versionInput{Released: change.Released, Archived: change.Archived})
		return nil
	})
}

// Versions are the versions of a name by the keys of the projects that have one.
func (s *Server) Versions(name string) map[string]Version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]Version{}
	for _, p := range s.st.projects {
		for _, v := range p.versions {
			if v.Name == name {
				out[p.Key] = *v
			}
		}
	}
	return out
}

// RemoteLink makes or changes a link from an issue to something outside Jira: one with
// a global id that the issue has already is changed.
func (a *Actor) RemoteLink(key string, l RemoteLink) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		_, _, err := t.putRemoteLink(i, remoteLinkInput{GlobalID: l.GlobalID, Relationship: l.Relationship, Object: l.Object})
		return err
	})
}

// CreateUser adds a user; it needs an e-mail address and, on Data Center, a name.
func (a *Actor) CreateUser(u User) error {
	return a.write(func(t *tx) error {
		_, err := t.createUser(u)
		return err
	})
}

// UpdateUser gives a user, named as in As, another display name.
func (a *Actor) UpdateUser(who, displayName string) error {
	return a.onUser(who, func(t *tx, u *User) { t.updateUser(u, displayName, "") })
}

// DeleteUser closes a user's account.
func (a *Actor) DeleteUser(who string) error {
	return a.onUser(who, func(t *tx, u *User) { t.deleteUser(u) })
}

func (a *Actor) onUser(who string, fn func(*tx, *User)) error {
	return a.write(func(t *tx) error {
		u := t.st.user(who)
		if u == nil {
			return fmt.Errorf("find user %q: there is none", who)
		}
		fn(t, u)
		return nil
	})
}

// EditWorklog changes the time of a worklog; DeleteWorklog takes it back.
func (a *Actor) EditWorklog(key, id, spent string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		w, err := i.worklog(id)
		if err != nil {
			return err
		}
		return t.updateWorklog(w, worklogInput{TimeSpent: spent})
	})
}

// DeleteWorklog removes a worklog.
func (a *Actor) DeleteWorklog(key, id string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		w, err := i.worklog(id)
		if err == nil {
			t.deleteWorklog(w)
		}
		return err
	})
}

// Unlink removes the links of a type between two issues.
func (a *Actor) Unlink(kind, inward, outward string) error {
	return a.onIssue(inward, func(t *tx, i *issue) error {
		for _, l := range append([]*link(nil), i.links...) {
			if l.kind.Name == kind && l.inward == i && l.outward.key == outward {
				t.removeLink(l)
			}
		}
		return nil
	})
}

// Attach adds a file to an issue and returns its id.
func (a *Actor) Attach(key, name, kind string, content []byte) (string, error) {
	id := ""
	err := a.onIssue(key, func(t *tx, i *issue) error {
		id = itoa(t.attach(i, name, kind, content).id)
		return nil
	})
	return id, err
}

// Detach removes a file from an issue.
func (a *Actor) Detach(key, id string) error {
	return a.onIssue(key, func(t *tx, i *issue) error {
		f := t.st.files[atoi(id)]
		if f == nil || f.issue != i {
			return missing("attachment", id)
		}
		t.detach(f)
		return nil
	})
}
