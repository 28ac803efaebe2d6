package rovo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// strict reads one answer as its documentation has it, and nothing else. Optional
// members of A2A that Jira's guide leaves out are taken, unknown ones are not.
type strict struct {
	dialect client.Dialect
	method  string
	wrong   []string
	tasks   []told
}

func (c *strict) say(where, format string, args ...any) {
	c.wrong = append(c.wrong, where+" "+fmt.Sprintf(format, args...))
}

// eap says that the dialect is the one of the guide.
func (c *strict) eap() bool { return c.dialect == client.JiraEAP }

func (c *strict) mediaType(h http.Header, want string) {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != want {
		c.say("the answer", "has the content type %q, not %s", h.Get("Content-Type"), want)
	}
}

// object checks which members an object has; false if it is none.
func (c *strict) object(at string, r gjson.Result, required, optional string) bool {
	if !r.IsObject() {
		c.say(at, "is no object")
		return false
	}
	must, may := strings.Fields(required), strings.Fields(optional)
	seen := map[string]bool{}
	r.ForEach(func(name, value gjson.Result) bool {
		switch {
		case seen[name.Str]:
			c.say(at+"."+name.Str, "is there twice")
		case !slices.Contains(must, name.Str) && !slices.Contains(may, name.Str):
			c.say(at+"."+name.Str, "is not documented")
		case value.Type == gjson.Null:
			c.say(at+"."+name.Str, "is null")
		}
		seen[name.Str] = true
		return true
	})
	for _, name := range must {
		if !seen[name] {
			c.say(at+"."+name, "is missing")
		}
	}
	return true
}

// word checks that a member is a string that is not empty.
func (c *strict) word(at string, r gjson.Result) string {
	if r.Exists() && (r.Type != gjson.String || r.Str == "") {
		c.say(at, "is no text: %s", r.Raw)
	}
	return r.Str
}

// exactly checks that a member has a value, if it is there.
func (c *strict) exactly(at string, r gjson.Result, want string) {
	if r.Exists() && (r.Type != gjson.String || r.Str != want) {
		c.say(at, "is %s, not %q", r.Raw, want)
	}
}

// envelope checks the response of JSON-RPC, and returns the result if it has one.
func (c *strict) envelope(body []byte, id string) (gjson.Result, bool) {
	if !json.Valid(body) {
		c.say("the answer", "is no JSON")
		return gjson.Result{}, false
	}
	doc := gjson.ParseBytes(body)
	if !c.object("response", doc, "jsonrpc id", "result error") {
		return doc, false
	}
	c.exactly("response.jsonrpc", doc.Get("jsonrpc"), "2.0")
	c.exactly("response.id", doc.Get("id"), id)
	result, failed := doc.Get("result"), doc.Get("error")
	if result.Exists() == failed.Exists() {
		c.say("response", "has not exactly one of result and error")
		return result, false
	}
	if failed.Exists() {
		c.failure(failed)
		return result, false
	}
	return result, true
}

// failure checks an error: which codes there may be, and what A2A 1.0 wants beside
// them.
func (c *strict) failure(r gjson.Result) {
	if !c.object("error", r, "code message", "data") {
		return
	}
	c.word("error.message", r.Get("message"))
	code := a2a.Code(r.Get("code").Int())
	if r.Get("code").Type != gjson.Number || !c.mayFailWith(code) {
		c.say("error.code", "is %s, which Jira does not know of %s", r.Get("code").Raw, c.method)
	}
	if c.eap() || code > a2a.CodeTaskNotFound || code < a2a.CodeVersion {
		return
	}
	domain := r.Get(`data.#(@type=="type.googleapis.com/google.rpc.ErrorInfo").domain`)
	if !r.Get("data").IsArray() || domain.Str != "a2a-protocol.org" {
		c.say("error.data", "has no google.rpc.ErrorInfo of a2a-protocol.org")
	}
}

// mayFailWith knows the codes of JSON-RPC, and those of the guide or of A2A 1.0.
func (c *strict) mayFailWith(code a2a.Code) bool {
	switch {
	case code == a2a.CodeParse, code <= a2a.CodeInvalidRequest && code >= a2a.CodeInternal:
		return true
	case !c.eap(), c.method == "message/send", c.method == "message/stream", c.method == "tasks/resubscribe":
		return code <= a2a.CodeTaskNotFound && code >= a2a.CodeVersion
	case c.method == "tasks/get":
		return code == a2a.CodeTaskNotFound
	}
	return code == a2a.CodeNotCancelable || code == a2a.CodeUnsupported
}

// reply checks a result that is no event. Sending is answered bare in the early
// dialect, and wrapped in 1.0.
func (c *strict) reply(r gjson.Result) {
	switch c.method {
	case "SendMessage":
		if c.object("result", r, "task", "") {
			c.task("result.task", r.Get("task"))
		}
	case "tasks/get", "GetTask":
		c.task("result", r)
		c.explained("result", r.Get("status"))
	default:
		c.task("result", r)
	}
}

// explained checks that a status says something to the user.
func (c *strict) explained(at string, status gjson.Result) {
	text := status.Get("message.parts.#.text")
	if !slices.ContainsFunc(text.Array(), func(r gjson.Result) bool { return strings.TrimSpace(r.Str) != "" }) {
		c.say(at+".status.message", "says nothing, and the user sees nothing else of the task")
	}
}

// task checks a task, and notes how it stands.
func (c *strict) task(at string, r gjson.Result) {
	required := "id contextId status"
	if c.eap() {
		required += " kind"
	}
	if !c.object(at, r, required, "artifacts history metadata") {
		return
	}
	c.exactly(at+".kind", r.Get("kind"), "task")
	id, context := c.word(at+".id", r.Get("id")), c.word(at+".contextId", r.Get("contextId"))
	state := c.status(at+".status", r.Get("status"), id, context)
	for i, a := range r.Get("artifacts").Array() {
		c.artifact(fmt.Sprintf("%s.artifacts[%d]", at, i), a)
	}
	for i, m := range r.Get("history").Array() {
		c.message(fmt.Sprintf("%s.history[%d]", at, i), m, "", id, context)
	}
	c.tasks = append(c.tasks, told{id: id, state: state})
	if state.Settled() {
		c.explained(at, r.Get("status"))
	}
}

func (c *strict) status(at string, r gjson.Result, task, context string) a2a.State {
	if !c.object(at, r, "state", "message timestamp") {
		return a2a.Unknown
	}
	if m := r.Get("message"); m.Exists() {
		c.message(at+".message", m, "agent", task, context)
	}
	if stamp := c.word(at+".timestamp", r.Get("timestamp")); stamp != "" {
		if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil || !strings.HasSuffix(stamp, "Z") {
			c.say(at+".timestamp", "is %q, no time in UTC", stamp)
		}
	}
	name := r.Get("state").Str
	for _, s := range a2a.States() {
		want := string(s)
		if !c.eap() {
			want = "TASK_STATE_" + strings.ToUpper(strings.ReplaceAll(want, "-", "_"))
		}
		if name == want {
			return s
		}
	}
	c.say(at+".state", "is %s, no state that Jira shows", r.Get("state").Raw)
	return a2a.Unknown
}

// message checks a message; role is "" for either.
func (c *strict) message(at string, r gjson.Result, role, task, context string) {
	var ok bool
	if c.eap() {
		ok = c.object(at, r, "kind role parts messageId taskId contextId", "metadata extensions referenceTaskIds")
		c.exactly(at+".kind", r.Get("kind"), "message")
	} else {
		ok = c.object(at, r, "role parts messageId", "taskId contextId metadata extensions referenceTaskIds")
		if role != "" {
			role = "ROLE_" + strings.ToUpper(role)
		}
	}
	if !ok {
		return
	}
	if role != "" {
		c.exactly(at+".role", r.Get("role"), role)
	}
	c.word(at+".messageId", r.Get("messageId"))
	c.exactly(at+".taskId", r.Get("taskId"), task)
	c.exactly(at+".contextId", r.Get("contextId"), context)
	c.parts(at+".parts", r.Get("parts"))
}

func (c *strict) artifact(at string, r gjson.Result) {
	if c.object(at, r, "artifactId parts", "name description metadata extensions") {
		c.word(at+".artifactId", r.Get("artifactId"))
		c.parts(at+".parts", r.Get("parts"))
	}
}

func (c *strict) parts(at string, r gjson.Result) {
	if !r.IsArray() || len(r.Array()) == 0 {
		c.say(at, "is no list with something in it")
	}
	for i, p := range r.Array() {
		c.part(fmt.Sprintf("%s[%d]", at, i), p)
	}
}

// part checks a part: the guide knows text and data by their kind, 1.0 tells parts
// apart by what they have.
func (c *strict) part(at string, r gjson.Result) {
	switch {
	case c.eap() && r.Get("kind").Str == "text":
		c.object(at, r, "kind text", "metadata")
	case c.eap() && r.Get("kind").Str == "data":
		c.object(at, r, "kind data", "metadata")
	case c.eap():
		c.say(at, "is neither text nor data: %s", r.Raw)
	default:
		n := 0
		for _, name := range []string{"text", "data", "raw", "url"} {
			if r.Get(name).Exists() {
				n++
			}
		}
		c.object(at, r, "", "text data raw url metadata filename mediaType")
		if n != 1 {
			c.say(at, "has not exactly one of text, data, raw and url")
		}
	}
	if text := r.Get("text"); text.Exists() && text.Type != gjson.String {
		c.say(at+".text", "is no text")
	}
}

// sameText tells whether two messages say the same.
func sameText(a, b gjson.Result) bool {
	return bytes.Equal([]byte(a.Get("parts").Raw), []byte(b.Get("parts").Raw))
}
