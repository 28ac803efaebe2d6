// Package web holds the tool with which a model reads and calls addresses of the
// hosts that the operator allows.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/tool"
)

// Name is the tool's.
const Name = "http_request"

// page is how much of an answer the model is told at a time, in bytes.
const page = 24000

const parameters = `{"type":"object","properties":{
"url":{"type":"string"},
"method":{"type":"string","enum":["GET","POST","PUT","PATCH","DELETE"],"description":"default GET"},
"body":{"type":"string"},
"content_type":{"type":"string","description":"default application/json if body is JSON"},
"accept":{"type":"string"},
"page_token":{"type":"string"}},
"required":["url"]}`

// Request is the tool http_request.
type Request struct {
	client *outbound.Client
	writer tool.Writer
}

var (
	_ tool.Tool    = Request{}
	_ tool.Varying = Request{}
)

// New makes the tool.
func New(client *outbound.Client, writer tool.Writer) Request {
	return Request{client: client, writer: writer}
}

type args struct {
	URL         string `json:"url"`
	Method      string `json:"method"`
	Body        string `json:"body"`
	ContentType string `json:"content_type"`
	Accept      string `json:"accept"`
	Page        string `json:"page_token"`
}

// Spec implements tool.Tool.
func (Request) Spec() tool.Spec {
	return tool.Spec{Name: Name, Aliases: []string{"http"}, Access: tool.Write,
		Description: "Send an HTTP request to one of the allowed hosts; GET reads, the other methods write.",
		Parameters:  json.RawMessage(strings.ReplaceAll(parameters, "\n", ""))}
}

// AccessOf implements tool.Varying.
func (Request) AccessOf(raw json.RawMessage) tool.Access {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil || (a.Method != "" && a.Method != http.MethodGet) {
		return tool.Write
	}
	return tool.Read
}

// Targets implements tool.Tool. An address outside belongs to no project.
func (r Request) Targets(raw json.RawMessage) (tool.Targets, error) {
	a, req, err := read(raw)
	if err != nil {
		return tool.Targets{}, err
	}
	if _, err := r.client.Check(req); err != nil {
		return tool.Targets{}, err
	}
	_, err = a.offset()
	return tool.Targets{}, err
}

func read(raw json.RawMessage) (args, outbound.Request, error) {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, outbound.Request{}, fmt.Errorf("read arguments: %w", err)
	}
	req := outbound.Request{Method: a.Method, URL: strings.TrimSpace(a.URL), Header: http.Header{}, Body: []byte(a.Body)}
	if a.Accept != "" {
		req.Header.Set("Accept", a.Accept)
	}
	switch {
	case a.ContentType != "":
		req.Header.Set("Content-Type", a.ContentType)
	case a.Body != "" && json.Valid(req.Body):
		req.Header.Set("Content-Type", "application/json")
	case a.Body != "":
		req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	return a, req, nil
}

func (a args) offset() (int, error) {
	if a.Page == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(a.Page)
	if err != nil || n < 0 || (a.Method != "" && a.Method != http.MethodGet) {
		return 0, errors.New("page_token is one that was given, for the same GET")
	}
	return n, nil
}

// Call implements tool.Tool.
func (r Request) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	a, req, err := read(call.Args)
	if err != nil {
		return failed("", err), nil
	}
	u, err := r.client.Check(req)
	if err != nil {
		return failed("", err), nil
	}
	from, err := a.offset()
	target := prompt.Cap(u.Host+u.Path, 300)
	if err != nil {
		return failed(target, err), nil
	}
	if r.AccessOf(call.Args) == tool.Write {
		return r.write(ctx, call, req, target)
	}
	answer, err := r.client.Do(ctx, req)
	if err != nil {
		return unanswered(ctx, target, err)
	}
	result := describe(answer, from)
	result.Target = target
	return result, nil
}

// write sends what changes something. What became of an interrupted POST or PATCH
// cannot be known; a PUT or DELETE does no more when it is repeated: RFC 9110,
// section 9.2.2.
func (r Request) write(ctx context.Context, call tool.Call, req outbound.Request, target string) (tool.Result, error) {
	// Hosts that know the header take a request that comes twice for one.
	req.Header.Set("Idempotency-Key", call.ID)
	var answer *outbound.Response
	action := tool.Action{Kind: "http " + req.Method, Target: target, NotSent: outbound.NotSent,
		Send: func(ctx context.Context) (string, error) {
			got, err := r.client.Do(ctx, req)
			if err != nil {
				return "", err
			}
			answer = &got
			return strconv.Itoa(got.Status), nil
		}}
	if req.Method == http.MethodPut || req.Method == http.MethodDelete {
		action.Repeatable = true
		action.Find = func(context.Context, time.Time) (string, bool, error) { return "", false, nil }
	}
	status, err := r.writer.Once(ctx, call.ID, action)
	var send *outbound.SendError
	switch {
	case errors.As(err, &send) && send.Sent && ctx.Err() == nil && !action.Repeatable:
		return tool.Result{Target: target}, fmt.Errorf("%w: %w", err, tool.ErrInDoubt)
	case err != nil:
		return unanswered(ctx, target, err)
	case answer == nil:
		return tool.Result{Target: target, Text: "This was sent before the daemon was restarted, and answered with status " + status + "; the text of the answer is lost."}, nil
	}
	result := describe(*answer, 0)
	result.Target = target
	return result, nil
}

// unanswered is for the model to act on: a host outside may be away for long.
// What is the matter with this daemon is not.
func unanswered(ctx context.Context, target string, err error) (tool.Result, error) {
	var temporary interface{ Temporary() bool }
	var send *outbound.SendError
	if ctx.Err() != nil || errors.Is(err, tool.ErrInDoubt) {
		return tool.Result{Target: target}, err
	}
	if !errors.As(err, &send) && errors.As(err, &temporary) && temporary.Temporary() {
		return tool.Result{Target: target}, err
	}
	return failed(target, err), nil
}

func failed(target string, err error) tool.Result {
	return tool.Result{Text: prompt.Clean(prompt.Cap(err.Error(), 2000)) + ".", Failed: true, Target: target}
}
