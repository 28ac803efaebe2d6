package jira

// Seed is what a site has at its start. The lists of a Seed given in Options are
// added to those of DefaultSeed; an item with a known id, key or account id
// replaces the default one.
type Seed struct {
	Users       []User
	Projects    []Project
	Types       []IssueType
	Priorities  []Priority
	Statuses    []Status
	Transitions []Transition
	Resolutions []Resolution
	LinkTypes   []LinkType
	Fields      []Field
	Boards      []Board
	Sprints     []Sprint
	// Issues are created by their Reporter before any webhook is registered.
	Issues []NewIssue
}

// The credentials of the account that a daemon uses in the sandbox.
const (
	BotEmail = "bot@example.com"
	BotToken = "sandbox-token"
)

// DefaultSeed is a small site: the people Alice and Bob, the daemon's account
// (handle "bot"), another app (handle "app"), four projects, a workflow from To
// Do to Done, and a board with an active sprint. It has no issues.
func DefaultSeed() Seed {
	return Seed{
		Users: []User{
			{Handle: "alice", AccountID: "5b10a2844c20165700ede21a", DisplayName: "Alice Developer", Email: "alice@example.com", Token: "alice-token", TimeZone: "Europe/Berlin"},
			{Handle: "bob", AccountID: "712020:8b6b268b-17b3-407b-8974-bed4042fa709", DisplayName: "Bob Manager", Email: "bob@example.com", Token: "bob-token", TimeZone: "America/New_York"},
			{Handle: "bot", AccountID: "712020:b07b07b0-7b07-4b07-8b07-b07b07b07b07", DisplayName: "AOF Bot", Email: BotEmail, Token: BotToken},
			{Handle: "app", AccountID: "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077", DisplayName: "Automation for Jira", Email: "automation@example.com", Token: "app-token", AccountType: AccountApp},
		},
		Projects:    defaultProjects(),
		Types:       defaultTypes(),
		Priorities:  []Priority{{"1", "Highest"}, {"2", "High"}, {"3", "Medium"}, {"4", "Low"}, {"5", "Lowest"}},
		Statuses:    defaultStatuses(),
		Transitions: defaultTransitions(),
		Resolutions: []Resolution{{"10000", "Done"}, {"10001", "Won't Do"}, {"10002", "Duplicate"}},
		LinkTypes: []LinkType{
			{"10000", "Blocks", "is blocked by", "blocks"}, {"10001", "Cloners", "is cloned by", "clones"},
			{"10002", "Duplicate", "is duplicated by", "duplicates"}, {"10003", "Relates", "relates to", "relates to"},
		},
		Fields:  defaultFields(),
		Boards:  []Board{{ID: 1, Name: "PROJ board", Type: "scrum", Project: "PROJ"}},
		Sprints: []Sprint{{ID: 1, Name: "PROJ Sprint 1", Board: 1, State: SprintActive, Goal: "Ship the login page"}, {ID: 2, Name: "PROJ Sprint 2", Board: 1, State: SprintFuture}},
	}
}

func defaultProjects() []Project {
	return []Project{
		{
			ID: "10000", Key: "PROJ", Name: "Project", Lead: "bob", TypeKey: "software",
			Components: []Component{{"10000", "backend"}, {"10001", "frontend"}},
			Versions:   []Version{{ID: "10000", Name: "1.0", Released: true, ReleaseDate: "2026-01-31"}, {ID: "10001", Name: "1.1"}},
		},
		{ID: "10001", Key: "FEAT", Name: "Features", Lead: "bob", TypeKey: "software"},
		{ID: "10002", Key: "SUP", Name: "Support", Lead: "alice", TypeKey: "service_desk"},
		{ID: "10003", Key: "OTHER", Name: "Other", Lead: "alice", TypeKey: "business"},
	}
}

func defaultTypes() []IssueType {
	return []IssueType{
		{"10001", "Story", "Functionality or a feature expressed as a user goal.", false},
		{"10002", "Task", "A small, distinct piece of work.", false},
		{"10003", "Sub-task", "A small piece of work that is part of a larger task.", true},
		{"10004", "Bug", "A problem or error.", false},
		{"10000", "Epic", "A collection of related work.", false},
	}
}

func defaultStatuses() []Status {
	return []Status{
		{"10000", "To Do", "", "new"},
		{"3", "In Progress", "This issue is being actively worked on at the moment by the assignee.", "indeterminate"},
		{"10001", "In Review", "", "indeterminate"},
		{"10002", "Done", "", "done"},
	}
}

func defaultTransitions() []Transition {
	return []Transition{
		{ID: "11", Name: "Start work", From: []string{"To Do"}, To: "In Progress"},
		{ID: "21", Name: "Request review", From: []string{"In Progress"}, To: "In Review"},
		{ID: "31", Name: "Finish", From: []string{"In Progress", "In Review"}, To: "Done", Screen: []string{"resolution", "assignee", "fixVersions"}},
		{ID: "41", Name: "Back to To Do", From: []string{"In Progress", "In Review"}, To: "To Do"},
		{ID: "51", Name: "Reopen", From: []string{"Done"}, To: "To Do"},
	}
}

func defaultFields() []Field {
	fields := []Field{
		{ID: "summary", Name: "Summary", Kind: Text}, {ID: "description", Name: "Description", Kind: Rich},
		{ID: "environment", Name: "Environment", Kind: Rich}, {ID: "issuetype", Name: "Issue Type", Kind: kindType},
		{ID: "project", Name: "Project", Kind: kindProject}, {ID: "status", Name: "Status", Kind: kindStatus},
		{ID: "priority", Name: "Priority", Kind: kindPriority}, {ID: "resolution", Name: "Resolution", Kind: kindResolution},
		{ID: "assignee", Name: "Assignee", Kind: Person}, {ID: "reporter", Name: "Reporter", Kind: Person},
		{ID: "labels", Name: "Labels", Kind: Labels}, {ID: "components", Name: "Components", Kind: Components},
		{ID: "fixVersions", Name: "Fix versions", Kind: Versions}, {ID: "versions", Name: "Affects versions", Kind: Versions},
		{ID: "duedate", Name: "Due date", Kind: Date}, {ID: "parent", Name: "Parent", Kind: kindParent},
		{ID: "timetracking", Name: "Time tracking", Kind: kindTime},
	}
	for _, c := range [][2]string{
		{"creator", "Creator"}, {"created", "Created"}, {"updated", "Updated"}, {"resolutiondate", "Resolved"},
		{"statuscategorychangedate", "Status Category Changed"}, {"lastViewed", "Last Viewed"}, {"comment", "Comment"},
		{"worklog", "Log Work"}, {"issuelinks", "Linked Issues"}, {"subtasks", "Sub-tasks"}, {"attachment", "Attachment"},
		{"progress", "Progress"}, {"aggregateprogress", "Σ Progress"}, {"votes", "Votes"}, {"watches", "Watchers"},
		{"timespent", "Time Spent"}, {"timeestimate", "Remaining Estimate"}, {"timeoriginalestimate", "Original estimate"},
		{"aggregatetimespent", "Σ Time Spent"}, {"aggregatetimeestimate", "Σ Remaining Estimate"},
		{"aggregatetimeoriginalestimate", "Σ Original Estimate"}, {"workratio", "Work Ratio"}, {"security", "Security Level"},
	} {
		fields = append(fields, Field{ID: c[0], Name: c[1], Kind: kindComputed})
	}
	return append(fields,
		Field{ID: "customfield_10016", Name: "Story Points", Kind: Number},
		Field{ID: "customfield_10020", Name: "Sprint", Kind: Sprints},
		Field{ID: "customfield_10030", Name: "Team", Kind: Select, Options: []Option{{"10100", "Backend"}, {"10101", "Frontend"}, {"10102", "Platform"}}},
		Field{ID: "customfield_10031", Name: "Severity", Kind: Select, Options: []Option{{"10110", "S1"}, {"10111", "S2"}, {"10112", "S3"}}},
		Field{ID: "customfield_10032", Name: "Platforms", Kind: MultiPick, Options: []Option{{"10120", "Linux"}, {"10121", "macOS"}, {"10122", "Windows"}}},
		Field{ID: "customfield_10033", Name: "Acceptance Criteria", Kind: Rich},
		Field{ID: "customfield_10034", Name: "Reviewer", Kind: Person},
		Field{ID: "customfield_10035", Name: "Target date", Kind: Date},
	)
}

// merged adds the items of extra to base; same key replaces.
func merged[T any](base, extra []T, key func(T) string) []T {
	out := append([]T(nil), base...)
	for _, item := range extra {
		at := -1
		for i := range out {
			if key(out[i]) == key(item) {
				at = i
			}
		}
		if at >= 0 {
			out[at] = item
			continue
		}
		out = append(out, item)
	}
	return out
}
