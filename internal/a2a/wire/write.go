package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Result writes the response to the request with this id. The value is one that
// the other functions of this package made.
func Result(id json.RawMessage, value any) ([]byte, error) {
	body, err := marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write result: %w", err)
	}
	return envelope(id, `,"result":`, body), nil
}

// envelope puts the id into the response as it came: a number must not lose
// digits, nor a string change its escapes.
func envelope(id json.RawMessage, member string, body []byte) []byte {
	out := make([]byte, 0, len(id)+len(body)+len(member)+32)
	out = append(out, `{"jsonrpc":"2.0","id":`...)
	out = append(out, id...)
	out = append(out, member...)
	out = append(out, body...)
	return append(out, '}')
}

// marshal writes JSON without the escapes that are meant for HTML pages.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// Reply is the result of a message that was sent: wrapped in 1.0, bare before.
func (d Dialect) Reply(r a2a.Reply) any {
	switch {
	case d.v10() && r.Task != nil:
		return payload10{Task: task10Of(*r.Task)}
	case d.v10():
		return payload10{Message: message10Of(r.Message)}
	case r.Task != nil:
		return task03Of(*r.Task, d)
	}
	return message03Of(r.Message)
}

// Task is the result of reading or canceling a task.
func (d Dialect) Task(t a2a.Task) any {
	if d.v10() {
		return task10Of(t)
	}
	return task03Of(t, d)
}

// Event is the result that tells of an event in a stream.
func (d Dialect) Event(e a2a.Event) any {
	switch d {
	case Plain10, Jira10:
		return event10(e)
	case JiraEAP:
		return eventEAP(e)
	}
	return event03(e)
}

// Page is the result of listing tasks. Artifacts are left out altogether unless
// they were asked for: A2A 1.0, section 3.1.4.
func (d Dialect) Page(p a2a.Page, req a2a.ListRequest) any {
	list := page10{
		Tasks: make([]*task10, 0, len(p.Tasks)), NextPageToken: p.Next.String(), PageSize: req.PageSize, TotalSize: p.Total,
	}
	for _, t := range p.Tasks {
		task := task10Of(t)
		if !req.Artifacts {
			task.Artifacts = nil
		} else if task.Artifacts == nil {
			task.Artifacts = &[]artifact10{}
		}
		list.Tasks = append(list.Tasks, task)
	}
	return list
}

// Push is the result of setting or reading a configuration.
func (d Dialect) Push(c a2a.PushConfig) any {
	if d.v10() {
		return push10Of(c)
	}
	return push03Of(c)
}

// PushList is the result of listing configurations: an array in 0.3.
func (d Dialect) PushList(configs []a2a.PushConfig) any {
	if d.v10() {
		list := pushList10{Configs: make([]push10, 0, len(configs))}
		for _, c := range configs {
			list.Configs = append(list.Configs, push10Of(c))
		}
		return list
	}
	list := make([]push03, 0, len(configs))
	for _, c := range configs {
		list = append(list, push03Of(c))
	}
	return list
}

// PushDeleted is the result of deleting a configuration: null in 0.3, where a
// response without a result is none, and an empty message in 1.0.
func (d Dialect) PushDeleted() any {
	if d.v10() {
		return struct{}{}
	}
	return nil
}
