package confluence

import (
	"cmp"
	"context"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// v1 is the API, version 1, as far as both kinds serve it.
type v1 struct {
	*Client

	// root is where Confluence is below the base: "/wiki" on Cloud.
	root string
	kind Kind
}

// Kind implements API.
func (a *v1) Kind() Kind { return a.kind }

// WebURL implements API.
func (a *v1) WebURL(path string) string {
	if path == "" {
		return ""
	}
	return a.site + a.root + path
}

// at makes a path of parts, which it escapes.
func (a *v1) at(parts ...string) string {
	return a.root + "/rest/api" + below(parts)
}

func below(parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String()
}

func (a *v1) get(ctx context.Context, path string, query url.Values, out any) error {
	return a.do(ctx, request{method: http.MethodGet, path: path, query: query}, out)
}

// rawUser is an account as version 1 tells it.
type rawUser struct {
	Type        string `json:"type"`
	AccountID   string `json:"accountId"`
	Username    string `json:"username"`
	UserKey     string `json:"userKey"`
	DisplayName string `json:"displayName"`
	PublicName  string `json:"publicName"`
	Email       string `json:"email"`
}

func (u rawUser) user() User {
	return User{
		AccountID: u.AccountID, Name: u.Username, Key: u.UserKey, Email: u.Email,
		DisplayName: cmp.Or(u.DisplayName, u.PublicName),
	}
}

// links are where parts and things are.
type links struct {
	Next     string `json:"next"`
	WebUI    string `json:"webui"`
	Download string `json:"download"`
}

// token takes one parameter out of the address of the next part.
func (l links) token(name string) string {
	u, err := url.Parse(l.Next)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// rawVersion is a version as version 1 tells it.
type rawVersion struct {
	By        rawUser `json:"by"`
	When      string  `json:"when"`
	Message   string  `json:"message"`
	Number    int     `json:"number"`
	MinorEdit bool    `json:"minorEdit"`
}

func (v rawVersion) version() Version {
	return Version{Number: v.Number, When: readTime(v.When), Message: v.Message, By: v.By.user(), Minor: v.MinorEdit}
}

// Me implements API.
func (a *v1) Me(ctx context.Context) (User, error) {
	var raw rawUser
	path := a.at("user", "current")
	if err := a.get(ctx, path, nil, &raw); err != nil {
		return User{}, err
	}
	if raw.Type == "anonymous" || (raw.AccountID == "" && raw.Username == "" && raw.UserKey == "") {
		return User{}, &atlassian.Error{Method: http.MethodGet, Path: path, Status: http.StatusOK, Anonymous: true}
	}
	return raw.user(), nil
}

// User implements API.
func (a *v1) User(ctx context.Context, id string) (User, error) {
	name := "accountId"
	if a.kind == DataCenter {
		name = "key"
	}
	var raw rawUser
	err := a.get(ctx, a.at("user"), url.Values{name: {id}}, &raw)
	return raw.user(), err
}

// FindUsers implements API.
func (a *v1) FindUsers(ctx context.Context, text string, limit int) ([]User, error) {
	path := a.at("search", "user")
	cql := "user.fullname ~ " + Quote(text)
	if a.kind == DataCenter {
		path, cql = a.at("search"), "type = user and user.fullname ~ "+Quote(text)
	}
	var page struct {
		Results []struct {
			User rawUser `json:"user"`
		} `json:"results"`
	}
	query := url.Values{"cql": {cql}, "limit": {strconv.Itoa(Part{Limit: limit}.limit(50))}}
	if err := a.get(ctx, path, query, &page); err != nil {
		return nil, err
	}
	users := make([]User, 0, len(page.Results))
	for _, r := range page.Results {
		users = append(users, r.User.user())
	}
	return users, nil
}

// Quote makes a text of CQL.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// rawHit is a result of a search.
type rawHit struct {
	Content struct {
		ID     string   `json:"id"`
		Type   string   `json:"type"`
		Title  string   `json:"title"`
		Status string   `json:"status"`
		Space  rawSpace `json:"space"`
	} `json:"content"`
	Space        rawSpace `json:"space"`
	Title        string   `json:"title"`
	Excerpt      string   `json:"excerpt"`
	URL          string   `json:"url"`
	EntityType   string   `json:"entityType"`
	LastModified string   `json:"lastModified"`
	Container    struct {
		DisplayURL string `json:"displayUrl"`
	} `json:"resultGlobalContainer"`
}

// searchPage is the largest part of a search that is asked for.
const searchPage = 100

// Search implements API.
func (a *v1) Search(ctx context.Context, q Query) (List[Hit], error) {
	token := "cursor"
	if a.kind == DataCenter {
		token = "start"
		if _, err := position(q.From); err != nil {
			return List[Hit]{}, err
		}
	}
	query := url.Values{"cql": {q.CQL}, "limit": {strconv.Itoa(q.limit(searchPage))}, "excerpt": {"none"}, "expand": {"content.space"}}
	if q.Excerpts {
		query.Set("excerpt", "indexed")
	}
	if q.Drafts {
		query.Set("cqlcontext", `{"contentStatuses":["draft"]}`)
	}
	if q.From != "" {
		query.Set(token, q.From)
		if a.kind == Cloud {
			query.Set("next", "true") // as Cloud's own links have it
		}
	}
	var page struct {
		Results []rawHit `json:"results"`
		Links   links    `json:"_links"`
	}
	if err := a.get(ctx, a.at("search"), query, &page); err != nil {
		return List[Hit]{}, err
	}
	found := List[Hit]{Next: page.Links.token(token)}
	for _, r := range page.Results {
		found.Items = append(found.Items, a.hit(r))
	}
	return found, nil
}

func (a *v1) hit(r rawHit) Hit {
	space := cmp.Or(r.Content.Space.Key, r.Space.Key)
	if at := strings.LastIndex(r.Container.DisplayURL, "/"); space == "" && at >= 0 {
		space, _ = url.PathUnescape(r.Container.DisplayURL[at+1:])
	}
	return Hit{
		ID: r.Content.ID, Type: cmp.Or(r.Content.Type, r.EntityType), Status: r.Content.Status, SpaceKey: space,
		Title: cmp.Or(r.Content.Title, plain(r.Title)), Excerpt: plain(r.Excerpt), Modified: readTime(r.LastModified), URL: a.WebURL(r.URL),
	}
}

// plain takes marks of what was searched for and entities out of a text.
func plain(s string) string {
	s = strings.NewReplacer("@@@hl@@@", "", "@@@endhl@@@", "").Replace(s)
	return strings.Join(strings.Fields(html.UnescapeString(s)), " ")
}

// AddLabels implements API.
func (a *v1) AddLabels(ctx context.Context, id string, names []string) error {
	body := make([]map[string]string, 0, len(names))
	for _, name := range names {
		body = append(body, map[string]string{"prefix": "global", "name": name})
	}
	return a.do(ctx, request{method: http.MethodPost, path: a.at("content", id, "label"), body: body}, nil)
}

// RemoveLabel implements API. The name is in the query because one with a slash
// is not taken in the path.
func (a *v1) RemoveLabel(ctx context.Context, id, name string) error {
	return a.do(ctx, request{method: http.MethodDelete, path: a.at("content", id, "label"), query: url.Values{"name": {name}}}, nil)
}

// rawRestriction is who may do one thing.
type rawRestriction struct {
	Restrictions struct {
		User struct {
			Results []rawUser `json:"results"`
		} `json:"user"`
		Group struct {
			Results []struct {
				Name string `json:"name"`
			} `json:"results"`
		} `json:"group"`
	} `json:"restrictions"`
}

func (r rawRestriction) subjects() Subjects {
	var s Subjects
	for _, u := range r.Restrictions.User.Results {
		s.Users = append(s.Users, u.user())
	}
	for _, g := range r.Restrictions.Group.Results {
		s.Groups = append(s.Groups, g.Name)
	}
	return s
}

// Restrictions implements API.
func (a *v1) Restrictions(ctx context.Context, id string) (Restrictions, error) {
	query := url.Values{"expand": {"restrictions.user,restrictions.group"}}
	if a.kind == DataCenter {
		query = url.Values{"expand": {"read.restrictions.user,read.restrictions.group,update.restrictions.user,update.restrictions.group"}}
	}
	var raw struct {
		Read   rawRestriction `json:"read"`
		Update rawRestriction `json:"update"`
	}
	err := a.get(ctx, a.at("content", id, "restriction", "byOperation"), query, &raw)
	return Restrictions{Read: raw.Read.subjects(), Update: raw.Update.subjects()}, err
}

// position reads a token that is a position; "" is the beginning.
func position(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	at, err := strconv.Atoi(token)
	if err != nil || at < 0 {
		return 0, &TokenError{Token: token}
	}
	return at, nil
}

// cacheFor is how long names of spaces are kept.
const cacheFor = 10 * time.Minute
