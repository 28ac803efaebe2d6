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
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// maxPayload bounds what send and route read: what a daemon takes at most.
const maxPayload = 25 << 20

func newSend(c *console) *cobra.Command {
	var target, secretEnv, identifier string
	cmd := &cobra.Command{
		Use:   "send <payload.json | ->",
		Short: "Sign a webhook payload and post it to a daemon",
		Example: `  aofctl send issue_created.json
  aofctl send - --url https://aof.example.com/webhook/jira < payload.json
  aofctl send payload.json --identifier 42   # sent twice, the second is a duplicate`,
		Args: takes(1, 1, "a payload file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := c.readPayload(args[0])
			if err != nil {
				return err
			}
			return c.send(cmd.Context(), target, secretEnv, identifier, body)
		},
	}
	cmd.Flags().StringVar(&target, "url", "http://127.0.0.1:3000/webhook/jira", "the daemon's webhook `URL`")
	cmd.Flags().StringVar(&secretEnv, "secret-env", "JIRA_WEBHOOK_SECRET", "environment `variable` with the webhook secret")
	cmd.Flags().StringVar(&identifier, "identifier", "", "X-Atlassian-Webhook-Identifier to send; by default the body identifies the delivery")
	return cmd
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

func (c *console) send(ctx context.Context, target, secretEnv, identifier string, body []byte) error {
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
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	if identifier != "" {
		req.Header.Set("X-Atlassian-Webhook-Identifier", identifier)
	}
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
		return "the path of --url is /webhook/jira, or /webhook/jira/SITE if the daemon has several sites"
	}
	return ""
}
