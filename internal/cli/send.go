package cli

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
	eventgithub "github.com/aofctl/aofctl/internal/event/github"
)

// maxPayload bounds what send and route read: what a daemon takes at most.
const maxPayload = 25 << 20

// parcel is what send sends, and how.
type parcel struct {
	url, secretEnv, tokenEnv, identifier, event string
}

func newSend(c *console) *cobra.Command {
	var p parcel
	cmd := &cobra.Command{
		Use:   "send <payload.json | ->",
		Short: "Sign a webhook payload and post it to a daemon",
		Long: `send signs a payload as Jira, Confluence, GitHub or a program that posts to an HTTP trigger
would, and posts it. What GitHub and Confluence send is known by its content, or by --event.`,
		Example: `  aofctl send issue_created.json
  aofctl send - --url https://aof.example.com/webhook/jira < payload.json
  aofctl send payload.json --identifier 42   # sent twice, the second is a duplicate
  aofctl send pull_request.json              # signed with GITHUB_WEBHOOK_SECRET
  aofctl send page_updated.json              # signed with CONFLUENCE_WEBHOOK_SECRET
  aofctl send page.json --event page_updated --token-env CONFLUENCE_WEBHOOK_TOKEN   # as a rule of Cloud's Automation
  aofctl send body.json --url http://127.0.0.1:3000/webhook/http/deployed --secret-env DEPLOY_SECRET`,
		Args: takes(1, 1, "a payload file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := c.readPayload(args[0])
			if err != nil {
				return err
			}
			return c.send(cmd.Context(), p.completed(body), body)
		},
	}
	cmd.Flags().StringVar(&p.url, "url", "", "the daemon's webhook `URL` (default http://127.0.0.1:3000/webhook/jira, or confluence, or github)")
	cmd.Flags().StringVar(&p.secretEnv, "secret-env", "", "environment `variable` with the webhook secret (default JIRA_WEBHOOK_SECRET, or that of CONFLUENCE or GITHUB)")
	cmd.Flags().StringVar(&p.tokenEnv, "token-env", "", "environment `variable` with a token to send in place of a signature")
	cmd.Flags().StringVar(&p.event, "event", "", "`name` of an event of GitHub's or of Confluence Cloud's; by default it is guessed")
	cmd.Flags().StringVar(&p.identifier, "identifier", "", "the delivery's identifier; by default the body identifies it")
	return cmd
}

// completed fills in what follows from the payload and from the URL.
func (p parcel) completed(body []byte) parcel {
	platform := event.SourceJira
	switch {
	case strings.Contains(p.url, "/webhook/http/"):
	case p.ofConfluence(body):
		platform = event.SourceConfluence
		if p.event != "" && p.url == "" { // there the path names it
			p.url = "http://127.0.0.1:3000/webhook/confluence/" + p.event
		}
		p.event = ""
	case p.event == "":
		p.event = eventgithub.Guess(body)
	}
	if p.event != "" {
		platform = event.SourceGitHub
	}
	if p.url == "" {
		p.url = "http://127.0.0.1:3000/webhook/" + platform
	}
	if p.secretEnv == "" {
		p.secretEnv = strings.ToUpper(platform) + "_WEBHOOK_SECRET"
	}
	return p
}

// ofConfluence reports whether the payload is one of Confluence's: by where it goes, by
// the name of its event, or by what it looks like.
func (p parcel) ofConfluence(body []byte) bool {
	for _, other := range []string{event.SourceJira, event.SourceGitHub} {
		if strings.Contains(p.url, "/webhook/"+other) {
			return false
		}
	}
	return strings.Contains(p.url, "/webhook/"+event.SourceConfluence) || eventconfluence.OfConfluence(p.event, body)
}

// seal sets the headers by which the daemon knows who sends what.
func (p parcel) seal(h http.Header, secret string, body []byte) {
	h.Set("Content-Type", "application/json")
	signature, identifier := "X-Hub-Signature", "X-Atlassian-Webhook-Identifier"
	switch {
	case p.event != "":
		signature, identifier = "X-Hub-Signature-256", "X-GitHub-Delivery"
		h.Set("X-GitHub-Event", p.event)
	case strings.Contains(p.url, "/webhook/http/"):
		signature, identifier = "X-Hub-Signature-256", "Idempotency-Key"
	}
	if p.identifier != "" {
		h.Set(identifier, p.identifier)
	}
	if p.tokenEnv != "" {
		h.Set("Authorization", "Bearer "+secret)
		return
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	h.Set(signature, "sha256="+hex.EncodeToString(mac.Sum(nil)))
}

func (c *console) readPayload(path string) ([]byte, error) {
	in := c.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read payload: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("read payload: %w", err)
	}
	if len(body) > maxPayload {
		return nil, fmt.Errorf("payload %s is larger than 25 MB, which no daemon takes", path)
	}
	return body, nil
}

func (c *console) send(ctx context.Context, p parcel, body []byte) error {
	target, secretEnv := p.url, p.secretEnv
	if p.tokenEnv != "" {
		secretEnv = p.tokenEnv
	}
	secret := c.getenv(secretEnv)
	if secret == "" {
		return fmt.Errorf("the webhook secret is needed to sign: set %s, or name another variable with --secret-env", secretEnv)
	}
	if u, err := url.Parse(target); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return &usageError{fmt.Errorf("--url %q is no address such as http://127.0.0.1:3000/webhook/jira", target)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return &usageError{fmt.Errorf("--url: %w", err)}
	}
	p.seal(req.Header, secret, body)
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no daemon answers at %s: is `aofctl serve` running, and is --url right?", target)
	}
	if err != nil {
		return fmt.Errorf("send webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	c.printf("%s %s\n", resp.Status, bytes.TrimSpace(answer))
	if hint := sendHint(resp.StatusCode, secretEnv); hint != "" {
		c.complain(errors.New(hint))
	}
	if resp.StatusCode != http.StatusOK {
		return &failure{exitFailure}
	}
	return nil
}

// sendHint says what to do about an answer that alone does not tell.
func sendHint(status int, secretEnv string) string {
	switch status {
	case http.StatusUnauthorized:
		return "the daemon does not know this signature: " + secretEnv + " must hold the secret that its configuration names"
	case http.StatusNotFound:
		return "the path of --url is /webhook/jira, or /webhook/jira/SITE if the daemon has several sites; /webhook/confluence, with the name of the event behind it for bodies that have none; /webhook/github; or /webhook/http/TRIGGER"
	}
	return ""
}
