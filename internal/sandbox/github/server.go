// Package github is a small simulated GitHub: repositories with pull requests,
// issues, comments and files, a REST API as far as the daemon uses it, and signed
// webhooks in the shape of the real ones. It can be told to fail.
package github

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Token is what signs the daemon's account in, unless the options say otherwise.
const Token = "ghp_sandbox0token0of0the0bot"

// Options configure a Server. The zero value is right for tests.
type Options struct {
	// BaseURL is where people, and below /api/v3 programs, find the server.
	BaseURL string
	// Token signs the account "aofbot" in; "" for Token.
	Token string
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// User is an account.
type User struct {
	ID    int64
	Login string
	// Type is User or Bot.
	Type string
}

// Comment is a comment on a pull request or an issue.
type Comment struct {
	ID      int64
	Author  string
	Body    string
	Created time.Time
	Updated time.Time
}

// Thread is a pull request or an issue: they share their numbers.
type Thread struct {
	ID       int64
	Number   int
	Title    string
	Body     string
	Author   string
	State    string
	Labels   []string
	Created  time.Time
	Updated  time.Time
	Closed   time.Time
	Comments []Comment
	// Pull is nil for an issue.
	Pull *Pull
}

// Pull is what a pull request has beyond an issue.
type Pull struct {
	Head, Base string
	HeadSHA    string
	Draft      bool
	Merged     time.Time
	MergedBy   string
	Additions  int
	Deletions  int
	Commits    int
	Files      []string
}

// repository is a repository with all that is in it.
type repository struct {
	id      int64
	name    string
	private bool
	created time.Time
	threads []*Thread
	files   map[string]string
}

// Server is the GitHub: an http.Handler with a Go API beside it. It is safe for
// concurrent use. Close it when done.
type Server struct {
	opts   Options
	api    http.Handler
	faults faults
	post   *post

	mu       sync.Mutex
	nextID   int64
	users    []User
	repos    map[string]*repository
	requests []string
}

// New makes a server with the accounts alice, bob, aofbot, which is the daemon's,
// and renovate[bot].
func New(opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.Token = cmp.Or(opts.Token, Token)
	opts.BaseURL = strings.TrimSuffix(cmp.Or(opts.BaseURL, "https://github.example.com"), "/")
	s := &Server{opts: opts, nextID: 1000, repos: map[string]*repository{}, post: newPost()}
	for _, login := range []string{"alice", "bob", "aofbot", "renovate[bot]"} {
		kind := "User"
		if strings.HasSuffix(login, "[bot]") {
			kind = "Bot"
		}
		s.users = append(s.users, User{ID: s.id(), Login: login, Type: kind})
	}
	s.api = s.routes()
	return s
}

// Close ends the sending of webhooks.
func (s *Server) Close() { s.post.close() }

// BaseURL is where a client finds the server.
func (s *Server) BaseURL() string { return s.opts.BaseURL }

func (s *Server) id() int64 { s.nextID++; return s.nextID }

func (s *Server) now() time.Time { return s.opts.Now().UTC().Truncate(time.Second) }

// user finds an account; unknown ones are made.
func (s *Server) user(login string) User {
	for _, u := range s.users {
		if strings.EqualFold(u.Login, login) {
			return u
		}
	}
	u := User{ID: s.id(), Login: login, Type: "User"}
	s.users = append(s.users, u)
	return u
}

// repo finds a repository, given as owner/name in any case; nil if there is none.
func (s *Server) repo(name string) *repository { return s.repos[strings.ToLower(name)] }

// AddRepository makes a repository, given as owner/name, with files by their paths.
func (s *Server) AddRepository(name string, files map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &repository{id: s.id(), name: name, created: s.now(), files: map[string]string{}}
	maps.Copy(r.files, files)
	s.repos[strings.ToLower(name)] = r
}

// Thread returns a pull request or an issue as it is now; false if there is none.
func (s *Server) Thread(repo string, number int) (Thread, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, t := s.find(repo, number)
	if t == nil {
		return Thread{}, false
	}
	return t.copied(), true
}

// copied is a thread that does not change any more.
func (t *Thread) copied() Thread {
	out := *t
	out.Labels, out.Comments = slices.Clone(t.Labels), slices.Clone(t.Comments)
	if t.Pull != nil {
		pull := *t.Pull
		pull.Files = slices.Clone(pull.Files)
		out.Pull = &pull
	}
	return out
}

func (s *Server) find(repo string, number int) (*repository, *Thread) {
	r := s.repo(repo)
	if r == nil || number < 1 || number > len(r.threads) {
		return r, nil
	}
	return r, r.threads[number-1]
}

// Requests are the REST requests so far, as "METHOD path".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// errUnknown says that there is no such thread.
func errUnknown(repo string, number int) error {
	return fmt.Errorf("there is no pull request or issue %s#%d", repo, number)
}
