package rovo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// Agent is an agent of the app, and how Jira talks to it.
type Agent struct {
	// Name is the agent's in its address; "" for the default one.
	Name string
	// Dialect is client.Jira10 if empty, or client.JiraEAP.
	Dialect client.Dialect
	// Streaming has Jira ask for streams. With BySend, early Jira does so with the
	// method of plain answers and the header Accept.
	Streaming, BySend bool
}

func (a Agent) dialect() client.Dialect {
	if a.Dialect == "" {
		return client.Jira10
	}
	return a.Dialect
}

// path is where the agent is on the remote.
func (a Agent) path() string {
	if a.Name == "" {
		return "/a2a/json-rpc"
	}
	return "/a2a/" + url.PathEscape(a.Name) + "/json-rpc"
}

// User is a person of a site who works with agents.
type User struct {
	tenant *Tenant
	jira   jira.User
	err    error
	spoil  Spoil
	// claims is the account that message bodies name.
	claims string
	// mute leaves the token for the API out.
	mute bool
}

// Account is the person's account id.
func (u *User) Account() string { return u.jira.AccountID }

// Spoiled is the person, all of whose requests have an invocation token that is
// spoiled.
func (u *User) Spoiled(by Spoil) *User {
	other := *u
	other.spoil = by
	return &other
}

// Claiming is the person, whose messages say that they are somebody else's. Only the
// body does: the tokens stay the person's.
func (u *User) Claiming(account string) *User {
	other := *u
	other.claims = account
	return &other
}

// Tokenless is the person without a token for the API, as if the app had not asked
// for one in its manifest.
func (u *User) Tokenless() *User {
	other := *u
	other.mute = true
	return &other
}

// Client calls an agent as Jira does for the person, request by request with new
// tokens.
func (u *User) Client(a Agent) *client.Client {
	return &client.Client{
		URL: u.tenant.server.Remote() + a.path(), Dialect: a.dialect(), HTTP: u.tenant.server.opts.Client, StreamBySend: a.BySend,
		Sign: func(r *http.Request) error { return u.sign(r, a) }, Watch: func(x client.Exchange) { u.tenant.server.witness(u, a, x) },
	}
}

func (u *User) sign(r *http.Request, a Agent) error {
	if u.err != nil {
		return u.err
	}
	h, err := u.tenant.Credentials(u.invocation(a))
	if err != nil {
		return err
	}
	if u.mute {
		h.Del("X-Forge-Oauth-User")
	}
	maps.Copy(r.Header, h)
	return nil
}

// invocation is the person's calling an agent.
func (u *User) invocation(a Agent) Invocation {
	module := cmp.Or(a.Name, u.tenant.server.opts.App.Module)
	return Invocation{Endpoint: messagesEndpoint + module, Module: module, Account: u.jira.AccountID, Spoil: u.spoil}
}

// Invoke is what a page of the app does with invokeRemote: a request to a path of
// the remote, with the person as the token's principal.
func (u *User) Invoke(ctx context.Context, endpoint, method, path string, body any) (int, []byte, error) {
	if u.err != nil {
		return 0, nil, u.err
	}
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return 0, nil, fmt.Errorf("write body: %w", err)
		}
	}
	h, err := u.tenant.Credentials(Invocation{Endpoint: endpoint, Account: u.jira.AccountID, Spoil: u.spoil})
	if err != nil {
		return 0, nil, err
	}
	h.Set("Content-Type", "application/json")
	ctx, stop := context.WithTimeout(ctx, u.tenant.server.opts.Limits.Invoke)
	defer stop()
	return u.tenant.server.request(ctx, method, path, h, raw)
}

// Assign assigns an issue to an agent, and begins the conversation about it.
func (u *User) Assign(ctx context.Context, a Agent, issue string) (*Conversation, error) {
	return u.reach(ctx, a, issue, assigned, "")
}

// Mention comments on an issue with a mention of the agent before the text, and
// begins a conversation about that.
func (u *User) Mention(ctx context.Context, a Agent, issue, text string) (*Conversation, error) {
	return u.reach(ctx, a, issue, mentioned, text)
}

func (u *User) reach(ctx context.Context, a Agent, issue string, kind cause, text string) (*Conversation, error) {
	w, err := u.act(issue, kind, text)
	if err != nil {
		return nil, err
	}
	c := u.converse(a, issue)
	c.limit = u.tenant.server.opts.Limits.WorkItem
	return c, c.begin(ctx, w)
}

// act does in Jira what the agent is told of.
func (u *User) act(issue string, kind cause, text string) (what, error) {
	if err := u.sees(issue); err != nil {
		return what{}, err
	}
	as, agent := u.tenant.site.As(u.jira.AccountID), u.tenant.agent()
	switch kind {
	case assigned:
		if err := as.Assign(issue, agent); err != nil {
			return what{}, fmt.Errorf("assign %s: %w", issue, err)
		}
	case mentioned:
		id, err := as.Comment(issue, "[~accountid:"+agent+"] "+text, nil)
		if err != nil {
			return what{}, fmt.Errorf("comment on %s: %w", issue, err)
		}
		return what{kind: kind, comment: id, text: "[@" + u.tenant.server.opts.App.Name + "](~" + agent + ") " + text}, nil
	}
	return what{kind: kind, text: text}, nil
}

// Resume is a conversation that is known by its context and perhaps a task: after a
// restart of Jira's side, or by somebody who should not know them.
func (u *User) Resume(a Agent, issue, contextID, taskID string) *Conversation {
	c := u.converse(a, issue)
	c.limit = u.tenant.server.opts.Limits.Chat
	c.contextID, c.task.ContextID, c.task.ID = contextID, contextID, taskID
	return c
}

func (u *User) sees(issue string) error {
	switch {
	case u.err != nil:
		return u.err
	case !u.tenant.site.Browses(u.jira.AccountID, issue):
		return errors.New("find issue " + issue + ": it does not exist, or the user may not see it")
	}
	return nil
}
