package github

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request that the server reads.
const maxBody = 1 << 20

// ServeHTTP answers REST requests below /api/v3, and /__sandbox/ controls the
// server. What stands before them in BaseURL has to be taken off.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/__sandbox/") {
		s.control(w, r)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	fault := s.faults.strike(r)
	if fault != nil && fault.Effect == CutBefore {
		panic(http.ErrAbortHandler)
	}
	if fault != nil && fault.Effect == Answer {
		for name, value := range fault.Headers {
			w.Header().Set(name, value)
		}
		refuse(w, fault.Status, fault.Message)
		return
	}
	if fault != nil {
		s.api.ServeHTTP(&nobody{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	}
	s.api.ServeHTTP(w, r)
}

// nobody takes an answer that is lost on its way.
type nobody struct{ header http.Header }

// Header implements http.ResponseWriter.
func (n *nobody) Header() http.Header { return n.header }

// WriteHeader implements http.ResponseWriter.
func (*nobody) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (*nobody) Write(p []byte) (int, error) { return len(p), nil }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(w http.ResponseWriter, r *http.Request)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v3"+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+s.opts.Token {
				refuse(w, http.StatusUnauthorized, "Bad credentials")
				return
			}
			w.Header().Set("X-RateLimit-Limit", "5000")
			w.Header().Set("X-RateLimit-Remaining", "4990")
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.now().Add(time.Hour).Unix(), 10))
			fn(w, r)
		})
	}
	handle("GET /user", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, func() any { return s.userDoc("aofbot") }) })
	handle("GET /repos/{owner}/{name}/pulls", s.listPulls)
	handle("GET /repos/{owner}/{name}/pulls/{number}", s.onThread(true, func(r *repository, t *Thread) any { return s.pullDoc(r, t, true) }))
	handle("GET /repos/{owner}/{name}/pulls/{number}/files", s.onThread(true, func(_ *repository, t *Thread) any { return fileDocs(t) }))
	handle("GET /repos/{owner}/{name}/issues/{number}/comments", s.listComments)
	handle("POST /repos/{owner}/{name}/issues/{number}/comments", s.addComment)
	handle("GET /repos/{owner}/{name}/contents/{path...}", s.contents)
	handle("GET /search/issues", s.search)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	return mux
}

func refuse(w http.ResponseWriter, status int, message string) {
	write(w, status, doc{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte(`{"message":"Server Error"}`)
	}
	_, _ = w.Write(text)
}

// answer answers with what a function tells of the state.
func (s *Server) answer(w http.ResponseWriter, tell func() any) {
	s.mu.Lock()
	value := tell()
	s.mu.Unlock()
	if value == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	write(w, http.StatusOK, value)
}

func repoOf(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("name") }

func numberOf(r *http.Request) int {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return 0
	}
	return n
}

// onThread answers about one thread; with pull only if it is a pull request.
func (s *Server) onThread(pull bool, tell func(r *repository, t *Thread) any) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, req *http.Request) {
		s.answer(w, func() any {
			r, t := s.find(repoOf(req), numberOf(req))
			if t == nil || pull && t.Pull == nil {
				return nil
			}
			return tell(r, t)
		})
	}
}

func fileDocs(t *Thread) any {
	out := []any{}
	for i, name := range t.Pull.Files {
		n := len(t.Pull.Files)
		out = append(out, doc{"sha": sha(name), "filename": name, "status": "modified", "additions": part(t.Pull.Additions, n, i),
			"deletions": part(t.Pull.Deletions, n, i), "changes": 0, "patch": "@@ -1 +1 @@\n-old\n+new"})
	}
	return out
}

// part shares a number among n, the rest to the first.
func part(total, n, i int) int {
	if i == 0 {
		return total/n + total%n
	}
	return total / n
}

func (s *Server) listPulls(w http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	state := q.Get("state")
	if state == "" {
		state = "open"
	}
	s.paged(w, req, func() ([]any, bool) {
		r := s.repo(repoOf(req))
		if r == nil {
			return nil, false
		}
		owner, _, _ := strings.Cut(r.name, "/")
		out := []any{}
		for _, t := range slices.Backward(r.threads) {
			if t.Pull == nil || state != "all" && t.State != state || q.Get("base") != "" && q.Get("base") != t.Pull.Base ||
				q.Get("head") != "" && q.Get("head") != owner+":"+t.Pull.Head {
				continue
			}
			out = append(out, s.pullDoc(r, t, false))
		}
		return out, true
	})
}

// paged answers with a part of a list, and links to the next one.
func (s *Server) paged(w http.ResponseWriter, req *http.Request, tell func() ([]any, bool)) {
	s.mu.Lock()
	all, found := tell()
	s.mu.Unlock()
	if !found {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	write(w, http.StatusOK, s.page(w, req, all))
}

func (s *Server) page(w http.ResponseWriter, req *http.Request, all []any) []any {
	q := req.URL.Query()
	number, size := atoi(q.Get("page"), 1), min(atoi(q.Get("per_page"), 30), 100)
	from := min((number-1)*size, len(all))
	until := min(from+size, len(all))
	if until < len(all) {
		q.Set("page", strconv.Itoa(number+1))
		next := url.URL{Path: req.URL.Path, RawQuery: q.Encode()}
		w.Header().Set("Link", fmt.Sprintf(`<%s%s>; rel="next"`, s.opts.BaseURL, next.String()))
	}
	return all[from:until]
}

func atoi(text string, other int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return other
	}
	return n
}

func (s *Server) listComments(w http.ResponseWriter, req *http.Request) {
	since, _ := time.Parse(time.RFC3339, req.URL.Query().Get("since"))
	s.paged(w, req, func() ([]any, bool) {
		r, t := s.find(repoOf(req), numberOf(req))
		if t == nil {
			return nil, false
		}
		out := []any{}
		for _, c := range t.Comments {
			if !c.Updated.Before(since) {
				out = append(out, s.commentDoc(r, t, c))
			}
		}
		return out, true
	})
}

func (s *Server) addComment(w http.ResponseWriter, req *http.Request) {
	var in struct {
		Body string `json:"body"`
	}
	content, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil || json.Unmarshal(content, &in) != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if len([]rune(in.Body)) > 65536 {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed: body is too long (maximum is 65536 characters)")
		return
	}
	repo, number := repoOf(req), numberOf(req)
	if _, found := s.Thread(repo, number); !found {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	id, err := s.As("aofbot").Comment(repo, number, in.Body)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed: "+err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, t := s.find(repo, number)
	for _, c := range t.Comments {
		if c.ID == id {
			write(w, http.StatusCreated, s.commentDoc(r, t, c))
		}
	}
}

func (s *Server) contents(w http.ResponseWriter, req *http.Request) {
	path := strings.Trim(req.PathValue("path"), "/")
	s.answer(w, func() any {
		r := s.repo(repoOf(req))
		if r == nil {
			return nil
		}
		if content, ok := r.files[path]; ok {
			return doc{"type": "file", "name": path[strings.LastIndexByte(path, '/')+1:], "path": path, "size": len(content), "sha": sha(content),
				"encoding": "base64", "content": base64.StdEncoding.EncodeToString([]byte(content))}
		}
		entries := directory(r, path)
		if len(entries) == 0 {
			return nil
		}
		return entries
	})
}

// directory lists what is right below a path.
func directory(r *repository, path string) []any {
	prefix := ""
	if path != "" {
		prefix = path + "/"
	}
	seen := map[string]bool{}
	var out []any
	for _, name := range sorted(r.files) {
		rest, below := strings.CutPrefix(name, prefix)
		if !below {
			continue
		}
		entry, _, deeper := strings.Cut(rest, "/")
		if seen[entry] {
			continue
		}
		seen[entry] = true
		kind := map[bool]string{true: "dir", false: "file"}[deeper]
		out = append(out, doc{"type": kind, "name": entry, "path": prefix + entry, "size": len(r.files[name]), "sha": sha(name)})
	}
	return out
}

func sorted(files map[string]string) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// search knows words and the qualifiers repo, user, is, state, label and author.
func (s *Server) search(w http.ResponseWriter, req *http.Request) {
	terms := strings.Fields(req.URL.Query().Get("q"))
	if len(terms) == 0 {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	s.mu.Lock()
	all := []any{}
	for _, r := range s.repos {
		for _, t := range r.threads {
			if slices.ContainsFunc(terms, func(term string) bool { return !meets(r, t, terms, term) }) {
				continue
			}
			all = append(all, s.issueDoc(r, t))
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b any) int { return strings.Compare(a.(doc)["url"].(string), b.(doc)["url"].(string)) }) //nolint:forcetypeassert // made above
	write(w, http.StatusOK, doc{"total_count": len(all), "incomplete_results": false, "items": s.page(w, req, all)})
}

func meets(r *repository, t *Thread, terms []string, term string) bool {
	name, value, qualified := strings.Cut(term, ":")
	owner, _, _ := strings.Cut(r.name, "/")
	switch {
	case !qualified:
		return strings.Contains(strings.ToLower(t.Title+" "+t.Body), strings.ToLower(term))
	case name == "repo" || name == "user": // several are alternatives
		return slices.ContainsFunc(terms, func(other string) bool {
			return strings.EqualFold(other, "repo:"+r.name) || strings.EqualFold(other, "user:"+owner)
		})
	case name == "is":
		return (value == "pull-request") == (t.Pull != nil)
	case name == "state":
		return t.State == value
	case name == "label":
		return slices.Contains(t.Labels, value)
	case name == "author":
		return strings.EqualFold(t.Author, value)
	}
	return true
}
