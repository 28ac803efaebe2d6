package jira

import (
	"net/http"
	"strings"
	"unicode"
)

// adminEndpoints manage projects and users. Everybody may, in a sandbox.
func adminEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/project", status: 201, do: restCreateProject},
		{method: "PUT", path: "/project/{project}", status: 200, do: restUpdateProject},
		{method: "DELETE", path: "/project/{project}", status: 204, do: restDeleteProject},
		{method: "POST", path: "/user", status: 201, do: restCreateUser},
		{method: "PUT", path: "/user", status: 200, only: DataCenter, do: restUpdateUser},
		{method: "DELETE", path: "/user", status: 204, do: restDeleteUser},
	}
}

// projectInput is the body of POST and PUT project; nil leaves it as it is.
type projectInput struct {
	Key            *string `json:"key"`
	Name           *string `json:"name"`
	ProjectTypeKey *string `json:"projectTypeKey"`
	Lead           string  `json:"lead"`
	LeadAccountID  string  `json:"leadAccountId"`
}

// leader is the lead that a request names; nil if it names none.
func (in projectInput) leader(t *tx) (*User, error) {
	name := in.LeadAccountID
	if t.st.dc {
		name = in.Lead
	}
	if name == "" {
		return nil, nil
	}
	u := t.person(name)
	if u == nil {
		return nil, refuseField("projectLead", "You must specify a valid project lead.")
	}
	return u, nil
}

func restCreateProject(t *tx, c *call) (any, error) {
	var in projectInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	lead, err := in.leader(t)
	if err != nil {
		return nil, err
	}
	if lead == nil {
		lead = t.by
	}
	p := Project{TypeKey: "software"}
	set(&p.Key, in.Key)
	set(&p.Name, in.Name)
	set(&p.TypeKey, in.ProjectTypeKey)
	made, err := t.createProject(p, lead)
	if err != nil {
		return nil, err
	}
	return obj{"id": atoi(made.ID), "key": made.Key, "self": t.st.base + "/rest/api/2/project/" + made.ID}, nil
}

func (t *tx) createProject(p Project, lead *User) (*project, error) {
	errs := map[string]string{}
	switch {
	case !validKey(p.Key):
		errs["projectKey"] = "Project keys must start with an uppercase letter, followed by one or more uppercase alphanumeric characters."
	case t.st.project(p.Key) != nil:
		errs["projectKey"] = "Project '" + t.st.project(p.Key).Name + "' uses this project key."
	}
	if strings.TrimSpace(p.Name) == "" {
		errs["projectName"] = "You must specify a valid project name."
	}
	for _, other := range t.st.projects {
		if strings.EqualFold(other.Name, p.Name) {
			errs["projectName"] = "A project with that name already exists."
		}
	}
	if len(errs) > 0 {
		return nil, &Refusal{Status: http.StatusBadRequest, Fields: errs}
	}
	p.ID = itoa(t.st.id("project", 10000))
	made := newProject(p, lead, t.st.dc)
	t.st.addProject(made)
	t.st.counts["project"]++
	t.emitProject("project_created", made)
	return made, nil
}

func validKey(key string) bool {
	for at, r := range key {
		if r > unicode.MaxASCII || !unicode.IsUpper(r) && (at == 0 || !unicode.IsDigit(r) && r != '_') {
			return false
		}
	}
	return len(key) >= 2 && len(key) <= 10
}

func restUpdateProject(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	var in projectInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	lead, err := in.leader(t)
	switch {
	case err != nil:
		return nil, err
	case in.Key != nil && *in.Key != p.Key:
		return nil, refuseField("projectKey", "The key of a project cannot be changed here.")
	case in.Name != nil && *in.Name == "":
		return nil, refuseField("projectName", "You must specify a valid project name.")
	}
	if lead != nil {
		p.lead = lead
	}
	set(&p.Name, in.Name)
	t.st.counts["project_updated"]++
	t.emitProject("project_updated", p)
	return t.renderProject(p), nil
}

func restDeleteProject(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	return nil, t.deleteProject(p)
}

// deleteProject removes a project with its issues and boards.
func (t *tx) deleteProject(p *project) error {
	for len(p.issues) > 0 {
		if err := t.deleteIssue(p.issues[0], true); err != nil {
			return err
		}
	}
	for _, b := range append([]*Board(nil), t.st.boards...) {
		if b.Project == p.Key {
			t.removeBoard(b)
		}
	}
	t.st.removeProject(p)
	t.st.counts["project_deleted"]++
	t.emitProject("project_deleted", p)
	return nil
}

// userInput is the body of POST and PUT user.
type userInput struct {
	Name         string   `json:"name"`
	Key          string   `json:"key"`
	EmailAddress string   `json:"emailAddress"`
	DisplayName  string   `json:"displayName"`
	Password     string   `json:"password"`
	Products     []string `json:"products"`
}

func restCreateUser(t *tx, c *call) (any, error) {
	var in userInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.DisplayName == "" {
		in.DisplayName, _, _ = strings.Cut(in.EmailAddress, "@")
	}
	u, err := t.createUser(User{Name: in.Name, Handle: in.Name, DisplayName: in.DisplayName, Email: in.EmailAddress, Token: in.Password})
	if err != nil {
		return nil, err
	}
	return u.render(t.st.base, true), nil
}

func (t *tx) createUser(u User) (*User, error) {
	switch {
	case !strings.Contains(u.Email, "@"):
		return nil, refuseField("emailAddress", "You must specify a valid email address.")
	case t.st.dc && u.Name == "":
		return nil, refuseField("name", "You must specify a username.")
	case t.st.dc && t.st.named(u.Name, "") != nil:
		return nil, refuseField("username", "A user with that username already exists.")
	case t.st.user(u.Email) != nil:
		return nil, refuseField("emailAddress", "A user with that email address already exists.")
	}
	if u.AccountID == "" {
		u.AccountID = "712020:" + newToken()[:32]
	}
	made := t.st.addUser(u)
	t.st.counts["user"]++
	t.emitUser("user_created", made)
	return made, nil
}

// member is the user that the query names.
func (c *call) member(t *tx) (*User, error) {
	u := t.st.account(c.query("accountId"))
	if t.st.dc {
		u = t.st.named(c.query("username"), c.query("key"))
	}
	if u == nil {
		return nil, refuse(http.StatusNotFound, "The user does not exist.")
	}
	return u, nil
}

func restUpdateUser(t *tx, c *call) (any, error) {
	u, err := c.member(t)
	if err != nil {
		return nil, err
	}
	var in userInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	t.updateUser(u, in.DisplayName, in.EmailAddress)
	return u.render(t.st.base, true), nil
}

// updateUser changes what is not empty.
func (t *tx) updateUser(u *User, display, email string) {
	t.st.removeUser(u)
	next := *u
	if display != "" {
		next.DisplayName = display
	}
	if email != "" {
		next.Email = email
	}
	*u = next
	t.st.keepUser(u)
	t.st.counts["user_updated"]++
	t.emitUser("user_updated", u)
}

func restDeleteUser(t *tx, c *call) (any, error) {
	u, err := c.member(t)
	if err != nil {
		return nil, err
	}
	t.deleteUser(u)
	return nil, nil
}

// deleteUser closes an account. What the user wrote stays.
func (t *tx) deleteUser(u *User) {
	t.st.removeUser(u)
	u.Inactive = true
	t.st.counts["user_deleted"]++
	t.emitUser("user_deleted", u)
}
