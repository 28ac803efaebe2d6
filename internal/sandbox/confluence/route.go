package confluence

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// endpoint is one operation of the API. Its function runs under the state's lock
// and gives the answer's body; nil means none.
type endpoint struct {
	method string
	path   string
	status int
	do     func(*tx, *call) (any, error)
	// admin is for administrators.
	admin bool
}

// blob is the content of a file as an answer.
type blob struct {
	mediaType string
	content   []byte
}

// redirect is an answer that sends the client elsewhere.
type redirect string

// routes is the whole API of the site's kind.
func (s *Server) routes() http.Handler {
	mux := chi.NewRouter()
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, version(r), missing("null for uri: "+r.URL.Path))
	})
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, version(r), refuse(http.StatusMethodNotAllowed, "Method Not Allowed"))
	})
	if s.opts.Kind == DataCenter {
		s.mount(mux, "/rest/api", 1, slices.Concat(sharedEndpoints(DataCenter), dcContentEndpoints(), dcEntryEndpoints(), s.webhookEndpoints()))
		mux.Post("/rest/api/webhooks/test", s.serveWebhookTest)
		s.mount(mux, "", 1, []endpoint{{method: "GET", path: "/download/attachments/{id}/{name}", status: 200, do: download}})
		return mux
	}
	s.mount(mux, "/wiki/rest/api", 1, slices.Concat(sharedEndpoints(Cloud), cloudV1Endpoints()))
	s.mount(mux, "/wiki/api/v2", 2, slices.Concat(pageEndpoints(), treeEndpoints(), commentEndpoints(), entryEndpoints()))
	s.mount(mux, "", 1, []endpoint{{method: "GET", path: "/wiki/download/attachments/{id}/{name}", status: 200, do: download}})
	return mux
}

func (s *Server) mount(mux chi.Router, at string, api int, endpoints []endpoint) {
	for _, e := range endpoints {
		mux.Method(e.method, at+e.path, s.handler(e, api))
	}
}

// handler makes an endpoint serve HTTP under a version of the API.
func (s *Server) handler(e endpoint, api int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		by, err := s.authenticate(w, r)
		if err == nil && e.admin && (by == nil || !by.Admin) {
			err = refuse(http.StatusUnauthorized, "The authenticated user is not an administrator")
		}
		if err != nil {
			writeError(w, api, err)
			return
		}
		c := &call{r: r, status: e.status, header: w.Header(), api: api}
		if c.raw, err = io.ReadAll(r.Body); err != nil {
			writeError(w, api, refuse(http.StatusBadRequest, "The request body could not be read."))
			return
		}
		body, err := s.run(e, by, c)
		if err != nil {
			writeError(w, api, err)
			return
		}
		answer(w, r, c.status, body)
	}
}

func answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	switch body := body.(type) {
	case nil:
		w.WriteHeader(status)
	case blob:
		w.Header().Set("Content-Type", body.mediaType)
		w.WriteHeader(status)
		_, _ = w.Write(body.content)
	case redirect:
		http.Redirect(w, r, string(body), http.StatusFound)
	default:
		writeJSON(w, status, body)
	}
}

func (s *Server) run(e endpoint, by *User, c *call) (any, error) {
	var body any
	fn := func(t *tx) error {
		var err error
		body, err = e.do(t, c)
		return err
	}
	within := s.read
	if e.method != http.MethodGet {
		within = s.write
	}
	err := within(by, fn)
	return body, err
}

// authenticate finds the user of a request. Cloud takes Basic with e-mail address
// and API token, and at the gateway a bearer; Data Center Basic with name and
// password and Bearer with a personal access token.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (*User, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var by *User
	name, token, basic := r.BasicAuth()
	if !basic {
		token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	for _, u := range s.st.users {
		login := u.Email
		if s.opts.Kind == DataCenter {
			login = u.Handle
		}
		if token != "" && u.Token == token && (!basic || strings.EqualFold(name, login)) {
			by = u
		}
	}
	if by != nil {
		if s.opts.Kind == DataCenter {
			w.Header().Set("X-AUSERNAME", by.Handle)
		}
		return by, nil
	}
	w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	if s.opts.Anonymous {
		return nil, nil
	}
	return nil, refuse(http.StatusUnauthorized, "Unauthorized; scope does not match or the user is not authenticated")
}
