package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// playground is a running sandbox, which acts for a person in its Jira.
type playground struct {
	url               string
	tenant, as, agent string
	issue, dialect    string
}

func (f *chatFlags) box() *playground {
	return &playground{
		url: strings.TrimSuffix(f.sandbox, "/"), tenant: f.tenant, as: f.as, agent: f.agent, issue: f.issue, dialect: f.dialect.value,
	}
}

// sign adds what Jira sends along: an invocation token and the tokens for the API,
// new for each request.
func (p *playground) sign(r *http.Request) error {
	var minted struct {
		Headers http.Header `json:"headers"`
	}
	err := p.ask(r.Context(), "credentials", map[string]string{"tenant": p.tenant, "as": p.as, "module": p.agent}, &minted)
	maps.Copy(r.Header, minted.Headers)
	return err
}

// install installs and configures the app on the site, with the daemon as its remote.
func (p *playground) install(ctx context.Context, remote string) error {
	return p.ask(ctx, "setup", map[string]string{"tenant": p.tenant, "remote": remote}, &struct{}{})
}

// message does something in Jira and returns what Jira tells the agent.
func (p *playground) message(ctx context.Context, kind, text string) (client.Message, error) {
	var m struct {
		Text string          `json:"text"`
		Data json.RawMessage `json:"data"`
	}
	err := p.ask(ctx, "messages", map[string]string{
		"tenant": p.tenant, "as": p.as, "issue": p.issue, "dialect": p.dialect, "kind": kind, "text": text,
	}, &m)
	return client.Message{Text: m.Text, Data: m.Data}, err
}

// ask calls a control of the sandbox.
func (p *playground) ask(ctx context.Context, what string, in, out any) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("ask sandbox: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/__sandbox/rovo/"+what, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("ask sandbox: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no sandbox answers at %s: is `aofctl sandbox` running, and is --sandbox right?", p.url)
	}
	if err != nil {
		return fmt.Errorf("ask sandbox: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("ask sandbox: %w", err)
	}
	if resp.Header.Get(rovo.ControlHeader) == "" {
		return fmt.Errorf("the server at %s is no sandbox with Jira Cloud: it answers %s", p.url, resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		var refused struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(body, &refused) // without it, the status is told
		return errors.New("the sandbox refuses: " + cmp.Or(refused.Error, resp.Status))
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("read answer of sandbox: %w", err)
	}
	return nil
}
