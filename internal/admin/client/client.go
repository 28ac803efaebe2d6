// Package client speaks to the admin API of a running daemon.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// Client is a client of one daemon.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// AwayError says that nothing listens where the daemon should.
type AwayError struct{ Base string }

// Error says what to look at.
func (e *AwayError) Error() string {
	return fmt.Sprintf("no daemon answers at %s: is `aofctl serve` running, and is --server right?", e.Base)
}

// Unwrap returns the system's error.
func (e *AwayError) Unwrap() error { return syscall.ECONNREFUSED }

// New makes a Client for the daemon whose admin listener is at base, such as
// http://127.0.0.1:3001.
func New(base, token string, httpClient *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), token: token, http: httpClient}
}

// Status returns the daemon at a glance.
func (c *Client) Status(ctx context.Context) (admin.Status, error) {
	return get[admin.Status](ctx, c, "/api/v1/status", nil)
}

// Deliveries lists deliveries; the query has the names of the API: state,
// source, issue, limit, before.
func (c *Client) Deliveries(ctx context.Context, query url.Values) ([]admin.Delivery, error) {
	return get[[]admin.Delivery](ctx, c, "/api/v1/deliveries", query)
}

// Delivery returns one delivery.
func (c *Client) Delivery(ctx context.Context, id string) (admin.DeliveryDetail, error) {
	return get[admin.DeliveryDetail](ctx, c, "/api/v1/deliveries/"+url.PathEscape(id), nil)
}

// Runs lists runs; the query has the names of the API: state, target, issue,
// project, delivery, limit, before.
func (c *Client) Runs(ctx context.Context, query url.Values) ([]store.Run, error) {
	return get[[]store.Run](ctx, c, "/api/v1/runs", query)
}

// Run returns one run with its steps.
func (c *Client) Run(ctx context.Context, id string) (admin.RunDetail, error) {
	return get[admin.RunDetail](ctx, c, "/api/v1/runs/"+url.PathEscape(id), nil)
}

// Cancel ends a run; Retry puts one that failed or was canceled back into the
// queue. Both return the state that the run has then.
func (c *Client) Cancel(ctx context.Context, id string) (admin.Changed, error) {
	return post[admin.Changed](ctx, c, "/api/v1/runs/"+url.PathEscape(id)+"/cancel")
}

// Retry is described with Cancel.
func (c *Client) Retry(ctx context.Context, id string) (admin.Changed, error) {
	return post[admin.Changed](ctx, c, "/api/v1/runs/"+url.PathEscape(id)+"/retry")
}

// Manifests lists the manifests of a kind: triggers, agents, fleets or flows.
func (c *Client) Manifests(ctx context.Context, kind string) ([]admin.Manifest, error) {
	return get[[]admin.Manifest](ctx, c, "/api/v1/"+url.PathEscape(kind), nil)
}

// Manifest returns one manifest of a kind.
func (c *Client) Manifest(ctx context.Context, kind, name string) (admin.Manifest, error) {
	return get[admin.Manifest](ctx, c, "/api/v1/"+url.PathEscape(kind)+"/"+url.PathEscape(name), nil)
}

// Events calls each for every run event that the query asks for: run, after,
// follow. It ends when the stream does, ctx ends or each returns an error.
func (c *Client) Events(ctx context.Context, query url.Values, each func(store.Event) error) error {
	resp, err := c.request(ctx, http.MethodGet, "/api/v1/events", query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e store.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("decode event: %w", err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}

// Order asks for a run and returns its delivery.
func (c *Client) Order(ctx context.Context, o run.Order) (admin.Ordered, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return admin.Ordered{}, fmt.Errorf("encode order: %w", err)
	}
	return send[admin.Ordered](ctx, c, http.MethodPost, "/api/v1/runs", nil, body)
}

// Tasks lists the tasks of A2A; the query has the names of the API: state,
// installation, limit.
func (c *Client) Tasks(ctx context.Context, query url.Values) ([]store.TaskOverview, error) {
	return get[[]store.TaskOverview](ctx, c, "/api/v1/tasks", query)
}

// Task returns one task of A2A.
func (c *Client) Task(ctx context.Context, id string) (store.TaskOverview, error) {
	return get[store.TaskOverview](ctx, c, "/api/v1/tasks/"+url.PathEscape(id), nil)
}

// Installations lists the sites that the Forge app is installed into.
func (c *Client) Installations(ctx context.Context) ([]admin.Installation, error) {
	return get[[]admin.Installation](ctx, c, "/api/v1/installations", nil)
}

// Installation returns one of them.
func (c *Client) Installation(ctx context.Context, id string) (admin.Installation, error) {
	return get[admin.Installation](ctx, c, "/api/v1/installations/"+url.PathEscape(id), nil)
}

// Approvals lists questions to people; the query has the names of the API: state,
// limit.
func (c *Client) Approvals(ctx context.Context, query url.Values) ([]store.Approval, error) {
	return get[[]store.Approval](ctx, c, "/api/v1/approvals", query)
}

// Approval returns the question of that code.
func (c *Client) Approval(ctx context.Context, code string) (store.Approval, error) {
	return get[store.Approval](ctx, c, "/api/v1/approvals/"+url.PathEscape(code), nil)
}

// Decide approves or rejects a question; the query has by, reason and items.
func (c *Client) Decide(ctx context.Context, code string, approve bool, query url.Values) (store.Approval, error) {
	verb := "reject"
	if approve {
		verb = "approve"
	}
	return ask[store.Approval](ctx, c, http.MethodPost, "/api/v1/approvals/"+url.PathEscape(code)+"/"+verb, query)
}

// Audit lists rows of the audit log; the query has the names of the API: after,
// run, kind, since, newest, limit.
func (c *Client) Audit(ctx context.Context, query url.Values) ([]store.AuditRecord, error) {
	return get[[]store.AuditRecord](ctx, c, "/api/v1/audit", query)
}

// VerifyAudit has the daemon check the whole audit log.
func (c *Client) VerifyAudit(ctx context.Context) (store.AuditCheck, error) {
	return get[store.AuditCheck](ctx, c, "/api/v1/audit/verify", nil)
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	return ask[T](ctx, c, http.MethodGet, path, query)
}

func post[T any](ctx context.Context, c *Client, path string) (T, error) {
	return ask[T](ctx, c, http.MethodPost, path, nil)
}

func ask[T any](ctx context.Context, c *Client, method, path string, query url.Values) (T, error) {
	return send[T](ctx, c, method, path, query, nil)
}

func send[T any](ctx context.Context, c *Client, method, path string, query url.Values, body []byte) (T, error) {
	var answer T
	resp, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return answer, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("decode answer of %s: %w", path, err)
	}
	return answer, nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address of the daemon: %w", err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, &AwayError{Base: c.base}
	}
	if err != nil {
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp)
	}
	return resp, nil
}

func refusal(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer); err != nil || answer.Error == "" {
		return fmt.Errorf("the daemon answered %s", resp.Status)
	}
	return errors.New(answer.Error)
}
