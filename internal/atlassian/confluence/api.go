package confluence

import (
	"context"
	"encoding/json"
)

// Kind is the kind of a Confluence.
type Kind string

// The kinds.
const (
	Cloud      Kind = "cloud"
	DataCenter Kind = "dc"
)

// API is what can be asked of a Confluence of either kind. Errors are
// *atlassian.Error with what Confluence said; NotFound, Conflict and TitleTaken
// tell those apart on which callers decide. What one kind cannot do at all is an
// *UnsupportedError, and nothing was sent.
type API interface { //nolint:interfacebloat // it is what a Confluence does; who needs less declares less
	// Kind is the kind of this Confluence.
	Kind() Kind
	// WebURL is where people find a path such as the webui link of a page.
	WebURL(path string) string

	// Me is who we are. A Confluence that takes us for nobody gives an error that is
	// Unauthorized.
	Me(ctx context.Context) (User, error)
	// User reads an account by its account id (Cloud) or user key (Data Center).
	User(ctx context.Context, id string) (User, error)
	// FindUsers finds people by parts of their names.
	FindUsers(ctx context.Context, text string, limit int) ([]User, error)

	// Page reads a page.
	Page(ctx context.Context, id string, r PageRead) (Page, error)
	// Other reads what an id names that is no page: on Cloud a blog post, or a folder,
	// which has no text. On Data Center Page does so.
	Other(ctx context.Context, id string, body bool) (Page, error)
	// PageByTitle reads the current page of a title, which is unique in a space. With
	// PageRead.Draft it is a page that was never published. Drafts may share a title, and
	// Cloud finds them by its search alone, to which a new one is known after a while:
	// that none is found does not prove that there is none.
	PageByTitle(ctx context.Context, spaceKey, title string, r PageRead) (Page, error)
	// CreatePage makes a page or a draft. TitleTaken tells that the space has a page
	// of that title.
	CreatePage(ctx context.Context, n NewPage) (Page, error)
	// UpdatePage replaces title and body of a page. A page that was changed since it
	// was read is a Conflict, and nothing is written.
	UpdatePage(ctx context.Context, u PageUpdate) (Page, error)
	// DeletePage moves a page to the trash, or ends what is there or is a draft.
	DeletePage(ctx context.Context, id string, d Deletion) error

	// Children lists what is directly below a page, or a folder of Cloud's, in its
	// order.
	Children(ctx context.Context, id string, p Part) (List[Node], error)
	// Descendants lists what is below a page, to a depth of 1 to 10.
	Descendants(ctx context.Context, id string, depth int, p Part) (List[Node], error)
	// Ancestors lists what is above a page, the highest first.
	Ancestors(ctx context.Context, id string) ([]Node, error)

	// Search finds what meets a question in CQL.
	Search(ctx context.Context, q Query) (List[Hit], error)

	// Labels lists the labels of a page.
	Labels(ctx context.Context, id string) ([]Label, error)
	// AddLabels adds global labels. Those that the page has already stay.
	AddLabels(ctx context.Context, id string, names []string) error
	// RemoveLabel takes a label away.
	RemoveLabel(ctx context.Context, id, name string) error

	// Properties lists the properties of a page.
	Properties(ctx context.Context, id string) ([]Property, error)
	// Property reads one property of a page. None of that key is NotFound.
	Property(ctx context.Context, id, key string) (Property, error)
	// SetProperty writes a property. version is that of the value which is replaced,
	// 0 if there is none; anything else is a Conflict, and nothing is written.
	SetProperty(ctx context.Context, id, key string, value json.RawMessage, version int) (Property, error)
	// DeleteProperty removes a property.
	DeleteProperty(ctx context.Context, id, key string) error

	// Comments lists the comments of a page that answer no other comment, the newest
	// first.
	Comments(ctx context.Context, pageID string, q CommentQuery) (List[Comment], error)
	// Replies lists the direct answers to a comment, the oldest first.
	Replies(ctx context.Context, to Comment, p Part) (List[Comment], error)
	// Comment reads one comment.
	Comment(ctx context.Context, id string) (Comment, error)
	// AddComment writes a comment, or an answer to one. Comments on a piece of the
	// text are taken by Data Center from about version 8.5; earlier ones refuse them.
	AddComment(ctx context.Context, n NewComment) (Comment, error)
	// UpdateComment replaces the text of a comment as it was read.
	UpdateComment(ctx context.Context, read Comment, body string) (Comment, error)
	// ResolveComment closes or opens an inline comment as it was read.
	ResolveComment(ctx context.Context, read Comment, resolved bool) (Comment, error)
	// DeleteComment removes a comment for good.
	DeleteComment(ctx context.Context, read Comment) error

	// Attachments lists the files of a page; with a name only the one of that name.
	Attachments(ctx context.Context, pageID, filename string, p Part) (List[Attachment], error)
	// Attachment reads what is known of one file.
	Attachment(ctx context.Context, id string) (Attachment, error)
	// Download reads the content of a file.
	Download(ctx context.Context, a Attachment) ([]byte, error)
	// Attach puts a file at a page, as a new version if there is one of its name.
	Attach(ctx context.Context, pageID string, f File) (Attachment, error)

	// Versions lists the versions of a page, the newest first.
	Versions(ctx context.Context, id string, p Part) (List[Version], error)

	// Spaces lists spaces.
	Spaces(ctx context.Context, q SpaceQuery) (List[Space], error)
	// Space reads a space by its key.
	Space(ctx context.Context, key string) (Space, error)

	// Writable reports whether we may write pages in a space. Data Center tells of the
	// space's home page; a space without one is an *UnsupportedError.
	Writable(ctx context.Context, s Space) (bool, error)

	// Webhooks lists the webhooks of a Data Center, which only administrators may. Cloud
	// has none.
	Webhooks(ctx context.Context) ([]Webhook, error)

	// Restrictions tells to whom a page is restricted. Those of the pages above it
	// count, too, and are not told.
	Restrictions(ctx context.Context, id string) (Restrictions, error)
}
