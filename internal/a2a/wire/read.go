package wire

import (
	"math"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Send reads the parameters of a message that is sent.
func (r Request) Send(d Dialect) (a2a.SendRequest, *a2a.Error) {
	o, f := r.reader()
	req := a2a.SendRequest{Metadata: o.metadata(), Wait: d.WaitsFor(), History: d.defaultHistory()}
	if message, ok := o.object("message"); ok {
		req.Message = readMessage(message)
	} else if !o.has("message") {
		f.add("message", "is required")
	}
	if config, ok := o.object("configuration"); ok {
		readConfiguration(config, d, &req)
	}
	return req, f.err()
}

// readConfiguration reads how a sender wants to be answered. Jira is answered at
// once even if it asked to wait: it gives up after 55 s.
func readConfiguration(o object, d Dialect, req *a2a.SendRequest) {
	req.OutputModes = o.words("acceptedOutputModes")
	req.History = o.count("historyLength", 0, math.MaxInt32, req.History)
	if blocking := o.flag("blocking"); blocking != nil {
		req.Wait = *blocking
	}
	if at := o.flag("returnImmediately"); at != nil {
		req.Wait = !*at
	}
	if d.Jira() {
		req.Wait = false
	}
	if push, ok := o.object("taskPushNotificationConfig", "pushNotificationConfig"); ok {
		config := readPush(push, d)
		req.Push = &config
	}
}

// Get reads which task is asked for.
func (r Request) Get(d Dialect) (a2a.GetRequest, *a2a.Error) {
	o, f := r.reader()
	req := a2a.GetRequest{
		ID:      taskID(o, d),
		History: o.count("historyLength", 0, math.MaxInt32, d.defaultHistory()),
	}
	return req, f.err()
}

// Cancel reads which task is to stop.
func (r Request) Cancel(d Dialect) (a2a.CancelRequest, *a2a.Error) {
	o, f := r.reader()
	req := a2a.CancelRequest{ID: taskID(o, d), Metadata: o.metadata()}
	return req, f.err()
}

// Subscribe reads which task is to be followed.
func (r Request) Subscribe(d Dialect) (string, *a2a.Error) {
	o, f := r.reader()
	id := taskID(o, d)
	return id, f.err()
}

// taskID reads a task's id by whichever of its names it comes. Jira's guide says
// taskId in one place and id in another, and Jira has sent both.
func taskID(o object, d Dialect) string {
	names := []string{"id", "taskId"}
	if d == JiraEAP {
		names = []string{"taskId", "id"}
	}
	if a, b := o.members["id"], o.members["taskId"]; a.Exists() && b.Exists() && a.Str != b.Str {
		o.faults.add(names[0], "id and taskId differ")
	}
	return o.needed(names...)
}

// List reads which tasks are asked for.
func (r Request) List() (a2a.ListRequest, *a2a.Error) {
	o, f := r.reader()
	req := a2a.ListRequest{
		ContextID:    o.id("contextId"),
		State:        readState(o, "status"),
		PageSize:     o.count("pageSize", 1, 100, 50),
		History:      o.count("historyLength", 0, math.MaxInt32, a2a.AllHistory),
		ChangedAfter: o.instant("statusTimestampAfter"),
	}
	if artifacts := o.flag("includeArtifacts"); artifacts != nil {
		req.Artifacts = *artifacts
	}
	after, err := a2a.ParseCursor(o.text("pageToken"))
	if err != nil {
		f.add("pageToken", "is none that this server gave")
	}
	req.After = after
	return req, f.err()
}

// readState reads a state in the spelling of any version; "" if there is none.
// ProtoJSON takes the numbers of enumerations as well.
func readState(o object, name string) a2a.State {
	_, v, ok := o.pick(name)
	if !ok {
		return ""
	}
	word := strings.TrimPrefix(strings.ToLower(v.String()), "task_state_")
	word = strings.ReplaceAll(word, "_", "-")
	if number := v.Int(); v.Type == gjson.Number && number >= 0 && int(number) < len(states()) {
		word = string(states()[number])
	}
	switch word {
	case "", "unspecified":
		return ""
	case "cancelled":
		return a2a.Canceled
	}
	for _, s := range states()[1:] {
		if word == string(s) {
			return s
		}
	}
	o.faults.add(o.at(name), "%q is no state of a task", shorten(v.String()))
	return ""
}

// states are the states by their numbers in A2A 1.0; 0 is none.
func states() []a2a.State {
	return []a2a.State{
		"", a2a.Submitted, a2a.Working, a2a.Completed, a2a.Failed, a2a.Canceled,
		a2a.InputRequired, a2a.Rejected, a2a.AuthRequired,
	}
}

// SetPush reads a configuration that is to be stored: beside the task's id in 1.0,
// an object of its own in 0.3.
func (r Request) SetPush(d Dialect) (a2a.PushConfig, *a2a.Error) {
	o, f := r.reader()
	inner, nested := o.object("pushNotificationConfig", "config")
	if !nested {
		inner = o
	}
	config := readPush(inner, d)
	config.TaskID = o.needed("taskId")
	return config, f.err()
}

func readPush(o object, d Dialect) a2a.PushConfig {
	config := a2a.PushConfig{
		ID: o.id("id"), TaskID: o.id("taskId"), URL: o.needed("url"), Token: header(o, "token"), Version: d.Version(),
	}
	at, err := url.Parse(config.URL)
	if config.URL != "" && (err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "") {
		o.faults.add(o.at("url"), "must be an address that begins with https:// or http://")
	}
	auth, ok := o.object("authentication")
	if !ok {
		return config
	}
	config.Schemes, config.Credentials = auth.words("schemes"), header(auth, "credentials")
	if scheme := header(auth, "scheme"); scheme != "" {
		config.Schemes = []string{scheme}
	}
	for _, s := range config.Schemes {
		if strings.Trim(s, tokenBytes) != "" || s == "" {
			auth.faults.add(auth.at("schemes"), "%q is no name of a scheme", shorten(s))
		}
	}
	return config
}

// tokenBytes are what names of schemes are made of: RFC 9110, section 5.6.2.
const tokenBytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// header reads a string that becomes part of a header.
func header(o object, name string) string {
	s := o.text(name)
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			o.faults.add(o.at(name), "must not have control characters")
			break
		}
	}
	return s
}

// PushID reads which configuration of which task is meant. In 0.3 id is the
// task's, in 1.0 the configuration's; who gives neither name that is clear means
// the task.
func (r Request) PushID(d Dialect) (task, config string, err *a2a.Error) {
	o, f := r.reader()
	switch {
	case o.has("pushNotificationConfigId"):
		config = o.id("pushNotificationConfigId")
		task = taskID(o, d)
	case o.has("taskId"):
		task, config = o.needed("taskId"), o.id("id")
	default:
		task = o.needed("id")
	}
	if d.v10() && config == "" && (r.Operation == GetPush || r.Operation == DeletePush) {
		f.add("id", "is required beside taskId")
	}
	if !d.v10() && config == "" && r.Operation == DeletePush {
		f.add("pushNotificationConfigId", "is required")
	}
	return task, config, f.err()
}

func (r Request) reader() (object, *faults) {
	f := &faults{}
	return newObject("", r.params, f), f
}
