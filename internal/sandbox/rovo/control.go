package rovo

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// controlPath is below which people and tests of other processes control the
// platform.
const controlPath = "/__sandbox/rovo/"

// ControlHeader is in all answers of the controls, and tells them from those of
// other servers.
const ControlHeader = "X-Sandbox-Rovo"

// maxControl bounds a request to the controls.
const maxControl = 1 << 20

// controls are the HTTP side of the Go API. They have no authentication: a sandbox
// listens on loopback only.
func (s *Server) controls() {
	on := func(method, path string, serve func(w http.ResponseWriter, r *http.Request) error) {
		s.mux.HandleFunc(method+" "+controlPath+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(ControlHeader, "1")
			if err := serve(w, r); err != nil {
				controlError(w, err)
			}
		})
	}
	list := func(path string, items func() any) {
		on("GET", path, func(w http.ResponseWriter, _ *http.Request) error {
			writeJSON(w, http.StatusOK, items())
			return nil
		})
	}
	list("{$}", func() any { return s.describe() })
	list("requests", func() any { return some(s.Requests()) })
	list("violations", func() any { return some(s.Violations()) })
	list("exchanges", func() any { return some(s.Exchanges()) })
	list("conversations", func() any { return s.listTalks() })
	on("PUT", "remote", s.controlRemote)
	on("POST", "install", s.controlLife)
	on("POST", "upgrade", s.controlLife)
	on("POST", "uninstall", s.controlLife)
	on("POST", "setup", s.controlSetup)
	on("POST", "configure", s.controlConfigure)
	on("POST", "connect", s.controlConnect)
	on("POST", "consent", s.controlConsent)
	on("POST", "credentials", s.controlCredentials)
	on("POST", "messages", s.controlMessage)
	on("POST", "keys", s.controlKeys)
	on("POST", "tokens/expire", s.controlExpire)
	on("POST", "conversations", s.controlBegin)
	on("GET", "conversations/{id}", s.controlTalk)
	for _, verb := range []string{"say", "cancel", "retry", "drop"} {
		on("POST", "conversations/{id}/"+verb, s.controlGoOn(verb))
	}
}

// some is a list that is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// wrongError is a mistake of who controls the platform.
type wrongError struct {
	status int
	why    string
}

// Error implements error.
func (e *wrongError) Error() string { return e.why }

func controlError(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	var wrong *wrongError
	if errors.As(err, &wrong) {
		status = wrong.status
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

// body decodes strictly, so that a misspelt name does not pass. An empty body is
// the zero value.
func body(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return &wrongError{http.StatusBadRequest, "read request: " + err.Error()}
	}
	return nil
}

// tenantOf finds the tenant that a request names.
func (s *Server) tenantOf(name string) (*Tenant, error) {
	if t := s.Tenant(name); t != nil {
		return t, nil
	}
	return nil, &wrongError{http.StatusNotFound, "find tenant " + name + ": there is none"}
}

// description is what a person or a script has to know to begin.
type description struct {
	App     App      `json:"app"`
	AppID   string   `json:"app_id"`
	JWKSURL string   `json:"jwks_url"`
	Gateway string   `json:"gateway_url"`
	Remote  string   `json:"remote"`
	Tenants []tenant `json:"tenants"`
}

type tenant struct {
	Name         string `json:"name"`
	CloudID      string `json:"cloud_id"`
	Site         string `json:"site"`
	API          string `json:"api"`
	Installation string `json:"installation"`
	Version      string `json:"version"`
}

func (s *Server) describe() description {
	d := description{App: s.opts.App, AppID: appARI + s.opts.App.ID, JWKSURL: s.JWKSURL(), Gateway: s.opts.BaseURL, Remote: s.Remote(), Tenants: []tenant{}}
	for _, t := range s.Tenants() {
		installation, version := t.identity()
		d.Tenants = append(d.Tenants, tenant{
			Name: t.name, CloudID: t.CloudID(), Site: t.site.BaseURL(), API: t.APIBase(), Installation: installation, Version: version,
		})
	}
	return d
}

func (s *Server) controlRemote(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		URL string `json:"url"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	s.SetRemote(in.URL)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// who is a person of a tenant.
type who struct {
	Tenant string `json:"tenant"`
	As     string `json:"as"`
}

func (s *Server) userOf(in who) (*User, error) {
	t, err := s.tenantOf(in.Tenant)
	if err != nil {
		return nil, err
	}
	if in.As == "" {
		in.As = "alice"
	}
	u := t.User(in.As)
	if u.err != nil {
		return nil, &wrongError{http.StatusNotFound, u.err.Error()}
	}
	return u, nil
}

// controlCredentials mints the headers of one request for somebody.
func (s *Server) controlCredentials(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		who

		Endpoint string `json:"endpoint"`
		Module   string `json:"module"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	u, err := s.userOf(in.who)
	if err != nil {
		return err
	}
	why := u.invocation(Agent{Name: in.Module})
	if in.Endpoint != "" {
		why.Endpoint = in.Endpoint
	}
	h, err := u.tenant.Credentials(why)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"account": u.Account(), "headers": h})
	return nil
}

// controlMessage does something in Jira, and answers what Jira would tell the agent.
func (s *Server) controlMessage(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		who

		Issue   string         `json:"issue"`
		Dialect client.Dialect `json:"dialect"`
		// Kind is assign, mention or chat.
		Kind string `json:"kind"`
		Text string `json:"text"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	u, err := s.userOf(in.who)
	if err != nil {
		return err
	}
	kind, known := map[string]cause{"assign": assigned, "mention": mentioned, "chat": chatted}[in.Kind]
	if !known {
		return &wrongError{http.StatusBadRequest, "make message: kind is assign, mention or chat"}
	}
	did, err := u.act(in.Issue, kind, in.Text)
	if err != nil {
		return &wrongError{http.StatusBadRequest, err.Error()}
	}
	m, err := u.message(in.Dialect, in.Issue, did)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"text": m.Text, "data": m.Data})
	return nil
}

func (s *Server) controlKeys(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Rotate   bool `json:"rotate"`
		Withdraw bool `json:"withdraw"`
		// Fail is a status for requests for the keys; 0 ends that, nil leaves it.
		Fail   *int `json:"fail"`
		MaxAge *int `json:"max_age_seconds"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	if in.Fail != nil && *in.Fail != 0 && (*in.Fail < 400 || *in.Fail > 599) {
		return &wrongError{http.StatusBadRequest, "fail keys: the status is between 400 and 599"}
	}
	if in.Rotate {
		if err := s.RotateKeys(in.Withdraw); err != nil {
			return err
		}
	}
	if in.Fail != nil {
		s.FailKeys(*in.Fail)
	}
	if in.MaxAge != nil {
		s.KeysMaxAge(time.Duration(*in.MaxAge) * time.Second)
	}
	writeJSON(w, http.StatusOK, map[string]any{"fetches": s.KeyFetches()})
	return nil
}

func (s *Server) controlExpire(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Account string `json:"account"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	s.ExpireTokens(in.Account)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
