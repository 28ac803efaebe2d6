package confluence

import (
	"encoding/json"
	"time"
)

// User is an account. Cloud tells AccountID, Data Center Name and Key.
type User struct {
	AccountID   string
	Name        string
	Key         string
	DisplayName string
	Email       string
}

// ID is what API.User takes for this user.
func (u User) ID() string {
	if u.AccountID != "" {
		return u.AccountID
	}
	return u.Key
}

// Same reports whether two descriptions are of one account.
func (u User) Same(other User) bool {
	if u.ID() != "" && other.ID() != "" {
		return u.ID() == other.ID()
	}
	return u.Name != "" && u.Name == other.Name
}

// The states of a page.
const (
	StatusCurrent    = "current"
	StatusDraft      = "draft"
	StatusTrashed    = "trashed"
	StatusArchived   = "archived"
	StatusHistorical = "historical"
)

// The types of what an id may name. On Cloud folders, whiteboards, databases and
// embedded pages stand in the tree of pages, too.
const (
	TypePage     = "page"
	TypeBlogPost = "blogpost"
	TypeFolder   = "folder"
)

// Page is a page, or what else an id names that was asked for: on Data Center a blog
// post, a comment or a file, see Type.
type Page struct {
	ID string
	// Type is "page", unless the id named something else.
	Type   string
	Title  string
	Status string
	// SpaceKey is "" only if a Cloud does not let us see the space.
	SpaceKey string
	// ParentID is what the page is below; "" at the top of a space. Cloud also has
	// folders and the like above pages.
	ParentID string
	Version  Version
	// Body is the storage format, exactly as it is kept, if it was asked for.
	Body    string
	Created time.Time
	// CreatedBy has on Cloud no more than the account id.
	CreatedBy User
	// URL is where people see the page.
	URL string
}

// PageRead says what is read of a page.
type PageRead struct {
	// Body asks for the text.
	Body bool
	// Version asks for an earlier version; 0 for the newest.
	Version int
	// Draft asks for what is not yet published: the draft of the page, or a page
	// that was never published. A page without a draft is told as it is published.
	Draft bool
	// Trashed finds the page in the trash, too.
	Trashed bool
}

// Version is one version of a page, a comment or a file.
type Version struct {
	Number  int
	When    time.Time
	Message string
	// By has on Cloud no more than the account id.
	By    User
	Minor bool
}

// NewPage is a page to be made.
type NewPage struct {
	SpaceKey string
	Title    string
	// Body is in the storage format.
	Body string
	// ParentID is what the page goes below; "" for the space's home page on Cloud,
	// and for the top of the space on Data Center.
	ParentID string
	// Draft makes a page that only those see who may edit it.
	Draft bool
}

// Save is what becomes of the page that is written.
type Save string

// The ways to save.
const (
	// SaveVersion makes a new version of a published page, which everybody sees.
	SaveVersion Save = ""
	// SaveDraft keeps the text as the page's draft and leaves what is published.
	SaveDraft Save = "draft"
	// Publish makes a page that was never published current.
	Publish Save = "publish"
)

// PageUpdate replaces a page.
type PageUpdate struct {
	ID    string
	Title string
	// Body is in the storage format.
	Body string
	// Version is the number of the version that was read and is replaced. Only
	// SaveVersion looks at it: drafts have no versions.
	Version int
	// Message is told with the version: why the page was changed.
	Message string
	// Minor spares those who watch the page the news. Cloud's API has no such thing.
	Minor bool
	// ParentID moves the page below another; "" leaves it where it is.
	ParentID string
	Save     Save
}

// Deletion says what is deleted.
type Deletion struct {
	// Draft ends a page that was never published, or the draft of one.
	Draft bool
	// Purge ends a page that is in the trash.
	Purge bool
}

// Part asks for a part of a list.
type Part struct {
	// Limit is how many items are wanted at most; 0 for 25.
	Limit int
	// From is the token of the part before; "" for the beginning.
	From string
}

// List is a part of a list.
type List[T any] struct {
	Items []T
	// Next is the token of the next part; "" if this is the last. It is good for
	// the same question only.
	Next string
}

// Node is a place in the tree of pages.
type Node struct {
	ID    string
	Title string
	// Type is page, and on Cloud also folder, whiteboard, database or embed.
	Type   string
	Status string
	// ParentID and Depth are told of descendants; children have Depth 1.
	ParentID string
	Depth    int
}

// Query is a question in CQL.
type Query struct {
	CQL string
	Part
	// Excerpts asks for some words of each text.
	Excerpts bool
	// Drafts searches what was never published, in place of what is; Cloud only.
	Drafts bool
}

// Hit is something that a search found.
type Hit struct {
	ID string
	// Type is page, blogpost, comment, attachment, or space or user, which have no
	// id.
	Type     string
	Title    string
	Status   string
	SpaceKey string
	Excerpt  string
	Modified time.Time
	URL      string
}

// Label is a word at a page. Those that people give have the prefix "global";
// "my" are personal.
type Label struct {
	Name   string
	Prefix string
}

// Property is a named JSON value that apps keep at a page.
type Property struct {
	Key     string
	Value   json.RawMessage
	Version int

	id string
}

// CommentQuery asks for comments of one sort.
type CommentQuery struct {
	// Inline asks for comments on a piece of the text, else those below the page.
	Inline bool
	Part
}

// The states of an inline comment.
const (
	ResolutionOpen     = "open"
	ResolutionResolved = "resolved"
	ResolutionReopened = "reopened"
	// ResolutionDangling is a comment whose piece of text is gone.
	ResolutionDangling = "dangling"
)

// Comment is a comment on a page.
type Comment struct {
	ID     string
	PageID string
	// ParentID is the comment that this one answers; "" if none.
	ParentID string
	Body     string
	Version  Version
	// Inline tells a comment on a piece of text; Selection is the piece, Resolution
	// whether it is dealt with.
	Inline     bool
	Selection  string
	Resolution string
	URL        string
}

// NewComment is a comment to be written: below the page, on a piece of its text,
// or an answer.
type NewComment struct {
	PageID string
	// ParentID is the comment that is answered; PageID may be left out then.
	ParentID string
	// Body is in the storage format.
	Body string
	// Inline, if given, is the piece of text.
	Inline *Selection
}

// Selection is a piece of a page's text as people see it.
type Selection struct {
	Text string
	// Index is which of the Count places with that text is meant, from 0.
	Index, Count int
}

// File is a file to be attached.
type File struct {
	Name string
	// Type is its media type; "" for application/octet-stream.
	Type    string
	Content []byte
	// Comment is told with the version of the file.
	Comment string
	// Minor spares those who watch the page the news.
	Minor bool
}

// Attachment is a file at a page.
type Attachment struct {
	ID        string
	PageID    string
	Filename  string
	MediaType string
	// Size is in bytes.
	Size    int64
	Comment string
	Version Version

	download string
}

// SpaceQuery asks for spaces.
type SpaceQuery struct {
	// Keys are those wanted; none means all.
	Keys []string
	// Type is global or personal; "" for all.
	Type string
	Part
}

// Space is a space.
type Space struct {
	ID   string
	Key  string
	Name string
	Type string
	// HomepageID is the page at the top of its tree; "" if it has none.
	HomepageID string
	URL        string
}

// Restrictions are who alone may do something; empty means everybody whom the
// space admits.
type Restrictions struct {
	Read   Subjects
	Update Subjects
}

// Subjects are people and groups.
type Subjects struct {
	Users  []User
	Groups []string
}

// Empty reports whether there is nobody.
func (s Subjects) Empty() bool { return len(s.Users) == 0 && len(s.Groups) == 0 }

const defaultLimit = 25

func (p Part) limit(most int) int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, most)
}

// readTime reads a moment. What cannot be read is the zero time: one odd date
// must not make a page unreadable.
func readTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	return time.Time{}
}
