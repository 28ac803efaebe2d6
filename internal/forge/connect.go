package forge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// Person is somebody on our side.
type Person struct {
	// Subject identifies the person, and never becomes another's.
	Subject string
	// Name is for people; "" if it is not known.
	Name string
}

// People says who a person in a browser is, from the request alone: they have
// signed in with the operator before. It reports false for nobody.
type People interface {
	Person(r *http.Request) (Person, bool)
}

// ProxyPeople are those whom a proxy in front of the daemon signed in, which says
// so in headers. The proxy has to take these headers away from all that others
// send: whoever reaches the daemon past it can be anybody.
type ProxyPeople struct {
	// Subject and Name are the names of the headers, Name may be "".
	Subject, Name string
}

// Person implements People.
func (p ProxyPeople) Person(r *http.Request) (Person, bool) {
	subjects := r.Header.Values(p.Subject)
	if len(subjects) != 1 || strings.TrimSpace(subjects[0]) == "" || len(subjects[0]) > maxWord {
		return Person{}, false
	}
	who := Person{Subject: strings.TrimSpace(subjects[0])}
	if p.Name != "" {
		who.Name = clip(strings.TrimSpace(r.Header.Get(p.Name)))
	}
	return who, true
}

// connectURL is where a browser takes a state; "" if there is nowhere to go.
func (h *Handler) connectURL(state string) string {
	if h.opts.People == nil || h.opts.PublicURL == "" {
		return ""
	}
	return h.opts.PublicURL + "/atlassian/connect?state=" + url.QueryEscape(state)
}

// connect shows who would be connected with whom, and does it once the person
// says so: a link alone changes nothing, for it may come from anybody.
func (h *Handler) connect(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	head.Set("X-Frame-Options", "DENY")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin") // the address has the state
	head.Set("Cache-Control", "no-store")
	var page connectPage
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		page, err = h.askToConnect(r, r.URL.Query().Get("state"))
	case http.MethodPost:
		page, err = h.confirm(w, r)
	default:
		head.Set("Allow", "GET, HEAD, POST")
		err = &a2a.Refusal{Status: http.StatusMethodNotAllowed, Message: "This address takes GET and POST"}
	}
	if err != nil {
		refusal := h.connectRefusal(r.Context(), err)
		page = connectPage{Status: refusal.Status, Problem: refusal.Message}
	}
	head.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(page.Status)
	_, _ = io.WriteString(w, page.html()) // nobody is left to tell
}

func (h *Handler) connectRefusal(ctx context.Context, err error) *a2a.Refusal {
	if errors.Is(err, ErrState) {
		return &a2a.Refusal{Status: http.StatusBadRequest, Message: "This link is not valid, or not any more. Open the page in Jira again and follow its link."}
	}
	refusal := refuse(err)
	zerolog.Ctx(ctx).Warn().Err(err).Int("status", refusal.Status).Msg("refused to connect an account")
	return refusal
}

func (h *Handler) askToConnect(r *http.Request, text string) (connectPage, error) {
	state, who, err := h.both(r, text)
	if err != nil {
		return connectPage{}, err
	}
	return connectPage{
		Status: http.StatusOK, State: text, Person: who, Site: state.SiteURL, Account: state.Account, Tenant: state.Type == TenantState,
	}, nil
}

// both reads both sides of a connection.
func (h *Handler) both(r *http.Request, text string) (State, Person, error) {
	if h.opts.People == nil {
		return State{}, Person{}, &a2a.Refusal{Status: http.StatusNotFound, Message: "There is nothing to connect with here: confirm on the page in Jira instead."}
	}
	state, err := h.signer.Read(text, TenantState, AccountState)
	if err != nil {
		return State{}, Person{}, err
	}
	who, ok := h.opts.People.Person(r)
	if !ok {
		return State{}, Person{}, &a2a.Refusal{Status: http.StatusForbidden, Message: "You are not signed in here."}
	}
	return state, who, nil
}

// confirm connects both sides. A state is used up by it.
func (h *Handler) confirm(w http.ResponseWriter, r *http.Request) (connectPage, error) {
	// Without this, a page of somebody else could have a browser confirm.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return connectPage{}, &a2a.Refusal{Status: http.StatusForbidden, Message: "The form was sent from another page.", Cause: err}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	state, who, err := h.both(r, r.PostFormValue("state"))
	if err != nil {
		return connectPage{}, err
	}
	first, err := h.installations.store.SpendState(r.Context(), state.Nonce, state.Expires)
	if err != nil {
		return connectPage{}, err
	}
	if !first {
		return connectPage{}, ErrState
	}
	if err := h.installations.connect(r.Context(), state, who); err != nil {
		return connectPage{}, err
	}
	return connectPage{Status: http.StatusOK, Done: true, Site: state.SiteURL, Person: who}, nil
}

func (i *Installations) connect(ctx context.Context, s State, who Person) error {
	in, err := i.store.Installation(ctx, s.Installation)
	if err != nil {
		return err
	}
	if in.App != s.App || in.Cloud != s.CloudID {
		return ErrState
	}
	if s.Type == AccountState {
		_, err := i.store.MapAccount(ctx, store.AccountMapping{Installation: s.Installation, Account: s.Account, Subject: who.Subject, Name: who.Name})
		return err
	}
	_, err = i.store.ChangeInstallation(ctx, s.Installation, func(in *store.Installation) bool {
		in.OwnerSubject, in.OwnerName, in.OwnerAt = who.Subject, who.Name, i.opts.Now().UTC().Truncate(time.Millisecond)
		return true
	})
	return err
}
