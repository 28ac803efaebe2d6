package jira

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// state is everything that the site knows. Its owner guards it with one lock.
type state struct {
	base string
	// dc tells that the site is a Data Center, of that version.
	dc             bool
	version        string
	versionNumbers []int

	users       []*User
	logins      map[string]*User
	tokens      map[string]*User
	accounts    map[string]*User
	projects    []*project
	projectBy   map[string]*project
	types       []*IssueType
	priorities  []*Priority
	statuses    []*Status
	transitions []*Transition
	resolutions []*Resolution
	linkTypes   []*LinkType
	fields      []*Field
	fieldByID   map[string]*Field
	boards      []*Board
	sprints     []*Sprint

	issues   []*issue
	byID     map[int]*issue
	byKey    map[string]*issue
	comments map[int]*comment
	links    map[int]*link
	files    map[int]*attachment
	worklogs map[int]*worklog
	index    index
	// hidden are, by account, the keys of issues and projects that it may not browse.
	hidden map[string]map[string]bool

	// lag is how long a new issue is missing from searches.
	lag    time.Duration
	next   map[string]int
	seq    int64
	counts map[string]int
}

// newState builds the site of a seed, without the seed's issues.
func newState(opts Options, seed Seed) (*state, error) {
	numbers, err := versionNumbers(opts.Version)
	if err != nil {
		return nil, err
	}
	st := &state{
		base: opts.BaseURL + opts.ContextPath, dc: opts.Deployment == DataCenter, lag: opts.IndexLag,
		version: opts.Version, versionNumbers: numbers,
		logins: map[string]*User{}, tokens: map[string]*User{}, accounts: map[string]*User{},
		projectBy: map[string]*project{}, fieldByID: map[string]*Field{},
		byID: map[int]*issue{}, byKey: map[string]*issue{}, comments: map[int]*comment{},
		links: map[int]*link{}, files: map[int]*attachment{}, worklogs: map[int]*worklog{},
		index: newIndex(), hidden: map[string]map[string]bool{},
		next: map[string]int{}, counts: map[string]int{},
	}
	for _, u := range seed.Users {
		st.addUser(u)
	}
	if len(st.users) == 0 {
		return nil, errors.New("seed site: it needs at least one user")
	}
	st.types, st.priorities = pointers(seed.Types), pointers(seed.Priorities)
	st.statuses, st.transitions = pointers(seed.Statuses), pointers(seed.Transitions)
	st.resolutions, st.linkTypes = pointers(seed.Resolutions), pointers(seed.LinkTypes)
	st.fields = pointers(seed.Fields)
	for _, f := range st.fields {
		st.fieldByID[f.ID] = f
	}
	for _, p := range seed.Projects {
		lead := st.user(p.Lead)
		if lead == nil {
			lead = st.users[0]
		}
		st.addProject(newProject(p, lead, st.dc))
	}
	return st, st.seedAgile(seed)
}

func (st *state) seedAgile(seed Seed) error {
	st.boards, st.sprints = pointers(seed.Boards), pointers(seed.Sprints)
	for _, b := range st.boards {
		if st.project(b.Project) == nil {
			return fmt.Errorf("seed board %q: no project %q", b.Name, b.Project)
		}
	}
	for _, b := range st.boards {
		st.next["board"] = max(st.next["board"], b.ID)
	}
	for _, s := range st.sprints {
		if st.board(s.Board) == nil {
			return fmt.Errorf("seed sprint %q: no board %d", s.Name, s.Board)
		}
		st.next["sprint"] = max(st.next["sprint"], s.ID)
	}
	return nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		item := items[i]
		out[i] = &item
	}
	return out
}

func login(name, token string) string { return strings.ToLower(name) + "\x00" + token }

// addUser makes a user known.
func (st *state) addUser(u User) *User {
	u = u.completed(st.dc, st.id("user", 1))
	st.keepUser(&u)
	return &u
}

// keepUser lets a user be found and log in.
func (st *state) keepUser(u *User) {
	st.users = append(st.users, u)
	st.logins[login(u.Login(), u.Token)] = u
	st.accounts[u.AccountID] = u
	if u.Token != "" {
		st.tokens[u.Token] = u
	}
}

func (st *state) removeUser(u *User) {
	st.users = without(st.users, u)
	delete(st.logins, login(u.Login(), u.Token))
	delete(st.accounts, u.AccountID)
	delete(st.tokens, u.Token)
}

func (st *state) addProject(p *project) {
	st.projects = append(st.projects, p)
	st.projectBy[strings.ToUpper(p.Key)], st.projectBy[p.ID] = p, p
	if n := atoi(p.ID); n > st.next["project"] {
		st.next["project"] = n
	}
}

func (st *state) removeProject(p *project) {
	st.projects = without(st.projects, p)
	delete(st.projectBy, strings.ToUpper(p.Key))
	delete(st.projectBy, p.ID)
}

// id counts up; each kind of object has its own numbers, as in Jira.
func (st *state) id(kind string, first int) int {
	if st.next[kind] == 0 {
		st.next[kind] = first - 1
	}
	st.next[kind]++
	return st.next[kind]
}

// user finds a user by handle, account id, e-mail or display name.
func (st *state) user(who string) *User {
	for _, u := range st.users {
		if who != "" && u.is(who) {
			return u
		}
	}
	return nil
}

func (st *state) account(id string) *User { return st.accounts[id] }

// named finds a user of a Data Center by name or key.
func (st *state) named(name, key string) *User {
	for _, u := range st.users {
		if name != "" && strings.EqualFold(u.Name, name) || key != "" && u.Key == key {
			return u
		}
	}
	return nil
}

// project finds a project by key or id.
func (st *state) project(keyOrID string) *project {
	return st.projectBy[strings.ToUpper(keyOrID)]
}

func (st *state) status(name string) *Status {
	for _, s := range st.statuses {
		if strings.EqualFold(s.Name, name) || s.ID == name {
			return s
		}
	}
	return nil
}

// issue finds an issue by key or id.
func (st *state) issue(keyOrID string) *issue {
	if i := st.byKey[strings.ToUpper(keyOrID)]; i != nil {
		return i
	}
	if n, err := strconv.Atoi(keyOrID); err == nil {
		return st.byID[n]
	}
	return nil
}

// tx is one look at the state or one change of it, by one user at one moment.
type tx struct {
	st  *state
	by  *User
	now time.Time
	// api is the version of REST, 2 or 3; it decides how rich text looks.
	api    int
	events []event
	// heard tells whether anybody listens to an event; nil while seeding.
	heard func(event string) bool
}

// issue finds an issue that the user may see; anonymous users see none.
func (t *tx) issue(keyOrID string) (*issue, error) {
	if i := t.st.issue(keyOrID); i != nil && t.sees(i) {
		return i, nil
	}
	return nil, noIssue()
}

// Write is one change of an issue. Seq counts all changes of the site, so the
// order of changes can be compared across issues.
type Write struct {
	Seq  int64     `json:"seq"`
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	// Ref is the id of the comment, worklog, link and so on, or "".
	Ref string `json:"ref,omitempty"`
}

// wrote records a change of an issue.
func (t *tx) wrote(i *issue, kind, ref string) {
	t.st.seq++
	t.st.counts[kind]++
	i.writes = append(i.writes, Write{Seq: t.st.seq, Kind: kind, By: t.by.AccountID, At: t.now, Ref: ref})
}

// touch moves the issue's updated forward, by a millisecond at least: Jira's
// clock has no finer grain, and two changes must not look like one.
func (t *tx) touch(i *issue) {
	t.now = t.now.Truncate(time.Millisecond)
	if !t.now.After(i.updated) {
		t.now = i.updated.Add(time.Millisecond)
	}
	i.updated = t.now
	t.st.moved(i)
}
