package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// maxName bounds what users call themselves, in characters.
const maxName = 100

// accountAnswer is what a user's page shows.
type accountAnswer struct {
	Mapped bool `json:"mapped"`
	// Required says that agents work only for users who are mapped.
	Required bool          `json:"required"`
	Person   *personAnswer `json:"person,omitempty"`
	// HasToken says that there is a token of the user, by which agents act once the
	// user is mapped, if that is required.
	HasToken bool `json:"hasToken"`
	// Confirms says how a mapping is made: "here", by a PUT, or "connect", by the
	// link.
	Confirms   string `json:"confirms"`
	State      string `json:"state"`
	ConnectURL string `json:"connectUrl,omitempty"`
}

// Account reads who a user is on our side; store.ErrNotFound if nobody knows.
func (i *Installations) Account(ctx context.Context, installation, account string) (store.AccountMapping, error) {
	return i.store.AccountMapping(ctx, installation, account)
}

func (h *Handler) getAccount(ctx context.Context, c call) (any, error) {
	if err := h.user(ctx, &c); err != nil {
		return nil, err
	}
	return h.account(ctx, c)
}

// putAccount confirms that agents may work for the user. Who the user is says the
// token: nobody names another by this.
func (h *Handler) putAccount(ctx context.Context, c call) (any, error) {
	if err := h.user(ctx, &c); err != nil {
		return nil, err
	}
	if h.opts.People != nil {
		return nil, &a2a.Refusal{Status: http.StatusConflict, Message: "Accounts are connected by the link on this page"}
	}
	name, wrong := readName(c.body)
	if len(wrong) > 0 {
		return nil, wrong
	}
	_, err := h.installations.store.MapAccount(ctx, store.AccountMapping{
		Installation: c.claims.Installation, Account: c.claims.Account, Subject: "atlassian:" + c.claims.Account, Name: name,
	})
	if err != nil {
		return nil, err
	}
	return h.account(ctx, c)
}

// deleteAccount takes the mapping back, and the user's token with it.
func (h *Handler) deleteAccount(ctx context.Context, c call) (any, error) {
	if err := h.user(ctx, &c); err != nil {
		return nil, err
	}
	if err := h.installations.store.UnmapAccount(ctx, c.claims.Installation, c.claims.Account); err != nil {
		return nil, err
	}
	return h.account(ctx, c)
}

// readName reads {"name": "…"}, where all may be missing.
func readName(body []byte) (string, problems) {
	var in struct {
		Name string `json:"name"`
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(body, &in); err != nil || !utf8.Valid(body) {
		return "", problems{{Field: "name", Message: "This is not a JSON object with a name"}}
	}
	name := strings.TrimSpace(in.Name)
	if utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", problems{{Field: "name", Message: fmt.Sprintf("A name has %d characters at most, in one line", maxName)}}
	}
	return name, nil
}

func (h *Handler) account(ctx context.Context, c call) (any, error) {
	a := accountAnswer{Confirms: "here"}
	settings, _, err := settingsOf(c.in)
	if err != nil {
		return nil, err
	}
	a.Required = settings.RequireMapping || h.installations.opts.RequireMapping
	m, err := h.installations.Account(ctx, c.claims.Installation, c.claims.Account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if a.Mapped = err == nil; a.Mapped {
		a.Person = &personAnswer{Subject: m.Subject, Name: m.Name, At: m.At}
	}
	_, err = h.installations.kept(ctx, c.claims.Installation, c.claims.Account)
	if err != nil && !errors.Is(err, ErrNoToken) {
		return nil, err
	}
	a.HasToken = err == nil
	if a.State, err = h.signer.Sign(AccountState, c.claims, c.in.SiteURL); err != nil {
		return nil, err
	}
	if a.ConnectURL = h.connectURL(a.State); a.ConnectURL != "" {
		a.Confirms = "connect"
	}
	return a, nil
}
