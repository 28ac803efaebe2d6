package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestIdsAreEchoedByteForByte(t *testing.T) {
	for sent, want := range map[string]string{
		`"abc"`: `"abc"`, `"\u00e4\/\""`: `"\u00e4\/\""`, `"ä"`: `"ä"`, `""`: `""`, `"\ud800"`: `"\ud800"`, `"<&>"`: `"<&>"`,
		`1`: `1`, `0`: `0`, `-0`: `-0`, `1.50`: `1.50`, `1e400`: `1e400`, `9007199254740993`: `9007199254740993`,
		`123456789012345678901234567890`: `123456789012345678901234567890`, `null`: `null`,
		// No ids: what cannot be one is answered with null.
		`true`: `null`, `false`: `null`, `{}`: `null`, `[]`: `null`, `{"id":1}`: `null`, `["a"]`: `null`,
	} {
		req, wrong := Parse([]byte(`{"jsonrpc":"2.0","method":"tasks/get","params":{"id":"t"},"id": ` + sent + ` }`))
		if string(req.ID) != want {
			t.Errorf("%s came back as %s", sent, req.ID)
		}
		if isNull := want == "null" && sent != "null"; isNull != (wrong != nil) || isNull && wrong.Code != a2a.CodeInvalidRequest {
			t.Errorf("%s: %v", sent, wrong)
		}
		body, err := Result(req.ID, Plain03.PushDeleted())
		if err != nil || string(body) != `{"jsonrpc":"2.0","id":`+want+`,"result":null}` {
			t.Errorf("%s: %s %v", sent, body, err)
		}
	}
}

func TestARequestWithoutAnIdIsAnsweredWithNull(t *testing.T) {
	req, wrong := Parse([]byte(`{"jsonrpc":"2.0","method":"tasks/get","params":{"id":"t"}}`))
	if wrong != nil || string(req.ID) != "null" || req.Operation != Get {
		t.Errorf("got %s %s %v", req.ID, req.Operation, wrong)
	}
}

func TestWhatIsNoRequestIsRefusedWithTheCodeOfItsFault(t *testing.T) {
	deep := func(open, closing string, n int) string { return strings.Repeat(open, n) + strings.Repeat(closing, n) }
	data := func(s string) string {
		return `{"jsonrpc":"2.0","id":"r","method":"message/send","params":{"metadata":` + s + `}}`
	}
	for name, c := range map[string]struct {
		body string
		code a2a.Code
		id   string
	}{
		"nothing":               {"", a2a.CodeParse, "null"},
		"spaces":                {" \n", a2a.CodeParse, "null"},
		"cut off":               {`{"jsonrpc":"2.0","id":1`, a2a.CodeParse, "null"},
		"two requests":          {`{} {}`, a2a.CodeParse, "null"},
		"a byte order mark":     {"\ufeff{}", a2a.CodeParse, "null"},
		"invalid UTF-8":         {"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\"}", a2a.CodeParse, "null"},
		"NaN":                   {`{"id":NaN}`, a2a.CodeParse, "null"},
		"a comment":             {`{} // x`, a2a.CodeParse, "null"},
		"a batch":               {`[{"jsonrpc":"2.0","id":1,"method":"tasks/get"}]`, a2a.CodeInvalidRequest, "null"},
		"an empty batch":        {` []`, a2a.CodeInvalidRequest, "null"},
		"a string":              {`"x"`, a2a.CodeInvalidRequest, "null"},
		"null":                  {`null`, a2a.CodeInvalidRequest, "null"},
		"deep beyond Go's eyes": {deep("[", "]", 100_000), a2a.CodeInvalidRequest, "null"},
		"deep objects":          {deep(`{"a":`, "}", 100_000), a2a.CodeInvalidRequest, "null"},
		"deep and cut off":      {strings.Repeat(`{"a":[`, 100_000), a2a.CodeInvalidRequest, "null"},
		"deep metadata":         {data(deep("[", "]", 99)), a2a.CodeInvalidRequest, "null"},
		"a method twice":        {`{"jsonrpc":"2.0","id":1,"method":"tasks/get","method":"tasks/cancel"}`, a2a.CodeInvalidRequest, "null"},
		"an escaped id twice":   {`{"jsonrpc":"2.0","id":1,"\u0069d":2}`, a2a.CodeInvalidRequest, "null"},
		"metadata twice":        {data(`{"a":{"b":1,"b":1}}`), a2a.CodeInvalidRequest, "null"},
		"no version":            {`{"id":"r","method":"tasks/get"}`, a2a.CodeInvalidRequest, `"r"`},
		"another version":       {`{"jsonrpc":"1.0","id":"r","method":"tasks/get"}`, a2a.CodeInvalidRequest, `"r"`},
		"a number as version":   {`{"jsonrpc":2.0,"id":"r","method":"tasks/get"}`, a2a.CodeInvalidRequest, `"r"`},
		"no method":             {`{"jsonrpc":"2.0","id":"r","params":{}}`, a2a.CodeInvalidRequest, `"r"`},
		"a null method":         {`{"jsonrpc":"2.0","id":"r","method":null}`, a2a.CodeInvalidRequest, `"r"`},
		"an object as method":   {`{"jsonrpc":"2.0","id":"r","method":{}}`, a2a.CodeMethodNotFound, `"r"`},
		"an unknown method":     {`{"jsonrpc":"2.0","id":"r","method":"tasks/list"}`, a2a.CodeMethodNotFound, `"r"`},
		"another case":          {`{"jsonrpc":"2.0","id":"r","method":"sendMessage"}`, a2a.CodeMethodNotFound, `"r"`},
		"names in capitals":     {`{"JSONRPC":"2.0","id":"r","METHOD":"tasks/get"}`, a2a.CodeInvalidRequest, `"r"`},
		"params by position":    {`{"jsonrpc":"2.0","id":"r","method":"tasks/get","params":["t"]}`, a2a.CodeInvalidParams, `"r"`},
		"a string as params":    {`{"jsonrpc":"2.0","id":"r","method":"tasks/get","params":"t"}`, a2a.CodeInvalidParams, `"r"`},
	} {
		req, wrong := Parse([]byte(c.body))
		if wrong == nil || wrong.Code != c.code || string(req.ID) != c.id {
			t.Errorf("%s: id %s, %+v", name, req.ID, wrong)
		}
	}
}

func TestDepthIsBoundedAndNotForbidden(t *testing.T) {
	body := `{"jsonrpc":"2.0","id":1,"method":"tasks/cancel","params":{"id":"t","metadata":{"a":` +
		strings.Repeat("[", maxDepth-3) + strings.Repeat("]", maxDepth-3) + `}}}`
	req, wrong := Parse([]byte(body))
	if wrong != nil {
		t.Fatal(wrong)
	}
	if _, wrong := req.Cancel(Plain03); wrong != nil {
		t.Error(wrong)
	}
}

func read(t *testing.T, d Dialect, method, params string) (any, *a2a.Error) {
	t.Helper()
	req, wrong := Parse([]byte(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`))
	if wrong != nil {
		t.Fatalf("%s: %v", params, wrong)
	}
	return readAny(req, d)
}

func TestWrongParametersAreNamed(t *testing.T) {
	message := func(parts string) string { return `{"message":{"messageId":"m","role":"user","parts":` + parts + `}}` }
	config := func(c string) string {
		return `{"message":{"messageId":"m","role":"user","parts":[{"text":"x"}]},"configuration":` + c + `}`
	}
	for _, c := range []struct{ method, params, field, why string }{
		{"message/send", `{}`, "message", "is required"},
		{"message/send", `{"message":null}`, "message", "is required"},
		{"message/send", `{"message":"x"}`, "message", "must be an object"},
		{"message/send", `{"message":{"role":"user","parts":[{"text":"x"}]}}`, "message.messageId", "is required"},
		{"message/send", `{"message":{"messageId":"","role":"user","parts":[{"text":"x"}]}}`, "message.messageId", "is required"},
		{"message/send", `{"message":{"messageId":5,"role":"user","parts":[{"text":"x"}]}}`, "message.messageId", "must be a string"},
		{"message/send", `{"message":{"messageId":"m\u0000","role":"user","parts":[{"text":"x"}]}}`, "message.messageId", "must not have control characters"},
		{"message/send", `{"message":{"messageId":"` + strings.Repeat("m", maxID+1) + `","role":"user","parts":[{"text":"x"}]}}`, "message.messageId", "must not be longer than 512 bytes"},
		{"message/send", `{"message":{"messageId":"m","parts":[{"text":"x"}]}}`, "message.role", "is required"},
		{"message/send", `{"message":{"messageId":"m","role":"agent","parts":[{"text":"x"}]}}`, "message.role", "must be that of the user in messages to an agent"},
		{"message/send", `{"message":{"messageId":"m","role":"user"}}`, "message.parts", "must be an array of parts"},
		{"message/send", message(`"invalid"`), "message.parts", "must be an array of parts"},
		{"message/send", message(`[]`), "message.parts", "at least one part is required"},
		{"message/send", message(`["x"]`), "message.parts[0]", "must be an object"},
		{"message/send", message(`[{"text":"x"},{}]`), "message.parts[1]", "must have exactly one of text, data, raw, url and, in A2A 0.3, file"},
		{"message/send", message(`[{"text":"x","url":"y"}]`), "message.parts[0]", "must have exactly one of text, data, raw, url and, in A2A 0.3, file"},
		{"message/send", message(`[{"kind":"video","video":"x"}]`), "message.parts[0].kind", `"video" is no kind of part: text, data and file are`},
		{"message/send", message(`[{"kind":"text"}]`), "message.parts[0].text", "is required"},
		{"message/send", message(`[{"kind":"text","text":{}}]`), "message.parts[0].text", "must be a string"},
		{"message/send", message(`[{"kind":"data"}]`), "message.parts[0].data", "is required"},
		{"message/send", message(`[{"kind":"file"}]`), "message.parts[0].file", "is required"},
		{"message/send", message(`[{"kind":"file","file":"x"}]`), "message.parts[0].file", "must be an object"},
		{"message/send", message(`[{"kind":"file","file":{"name":"x"}}]`), "message.parts[0].file", "must have exactly one of bytes and uri"},
		{"message/send", message(`[{"kind":"file","file":{"bytes":"a$"}}]`), "message.parts[0].file.bytes", "must be base64"},
		{"message/send", message(`[{"raw":"a"}]`), "message.parts[0].raw", "must be base64"},
		{"message/send", message(`[{"text":"x","metadata":[]}]`), "message.parts[0].metadata", "must be an object"},
		{"message/send", config(`"x"`), "configuration", "must be an object"},
		{"message/send", config(`{"blocking":"yes"}`), "configuration.blocking", "must be true or false"},
		{"message/send", config(`{"historyLength":-1}`), "configuration.historyLength", "must be between 0 and 2147483647"},
		{"message/send", config(`{"acceptedOutputModes":"text/plain"}`), "configuration.acceptedOutputModes", "must be an array of strings"},
		{"message/send", config(`{"acceptedOutputModes":[1]}`), "configuration.acceptedOutputModes", "must be an array of strings"},
		{"message/send", config(`{"pushNotificationConfig":{}}`), "configuration.pushNotificationConfig.url", "is required"},
		{"message/send", config(`{"pushNotificationConfig":{"url":"ftp://x"}}`), "configuration.pushNotificationConfig.url", "must be an address that begins with https:// or http://"},
		{"message/send", config(`{"pushNotificationConfig":{"url":"http://x","token":"a\r\nX: y"}}`), "configuration.pushNotificationConfig.token", "must not have control characters"},
		{"message/send", config(`{"pushNotificationConfig":{"url":"http://x","authentication":{"schemes":["a b"]}}}`), "configuration.pushNotificationConfig.authentication.schemes", `"a b" is no name of a scheme`},
		{"tasks/get", `{}`, "id", "is required"},
		{"tasks/get", `{"id":""}`, "id", "is required"},
		{"tasks/get", `{"id":5}`, "id", "must be a string"},
		{"tasks/get", `{"id":"a","taskId":"b"}`, "id", "id and taskId differ"},
		{"tasks/get", `{"taskId":"a","task_id":"b"}`, "taskId", "is spelled in two ways with different values"},
		{"tasks/get", `{"id":"a","historyLength":1.5}`, "historyLength", "must be a whole number"},
		{"tasks/get", `{"id":"a","historyLength":1e400}`, "historyLength", "must be between 0 and 2147483647"},
		{"tasks/get", `{"id":"a","historyLength":"NaN"}`, "historyLength", "must be a whole number"},
		{"tasks/get", `{"id":"a","historyLength":true}`, "historyLength", "must be a whole number"},
		{"tasks/get", `{"id":"a","historyLength":2147483648}`, "historyLength", "must be between 0 and 2147483647"},
		{"ListTasks", `{"pageSize":0}`, "pageSize", "must be between 1 and 100"},
		{"ListTasks", `{"pageSize":101}`, "pageSize", "must be between 1 and 100"},
		{"ListTasks", `{"status":"TASK_STATE_RUNNING"}`, "status", `"TASK_STATE_RUNNING" is no state of a task`},
		{"ListTasks", `{"pageToken":"!"}`, "pageToken", "is none that this server gave"},
		{"ListTasks", `{"statusTimestampAfter":"yesterday"}`, "statusTimestampAfter", "must be a time such as 2025-10-28T10:30:00.000Z"},
		{"tasks/pushNotificationConfig/set", `{"pushNotificationConfig":{"url":"https://x"}}`, "taskId", "is required"},
		{"tasks/pushNotificationConfig/delete", `{"id":"t"}`, "pushNotificationConfigId", "is required"},
		{"tasks/pushNotificationConfig/get", `{"id":"a","taskId":"b","pushNotificationConfigId":"p"}`, "id", "id and taskId differ"},
		{"GetTaskPushNotificationConfig", `{"taskId":"t"}`, "id", "is required beside taskId"},
		{"ListTaskPushNotificationConfigs", `{}`, "id", "is required"},
	} {
		d, _ := Detect(false, c.method, "")
		_, wrong := read(t, d, c.method, c.params)
		if wrong == nil || wrong.Code != a2a.CodeInvalidParams || len(wrong.Violations) != 1 ||
			wrong.Violations[0] != (a2a.Violation{Field: c.field, Why: c.why}) {
			t.Errorf("%s %s: %+v", c.method, c.params, wrong)
		}
	}
}

func TestAllMistakesAreToldButNotWithoutEnd(t *testing.T) {
	_, wrong := read(t, Plain10, "SendMessage", `{"message":{"parts":[{"raw":"$"}]},"metadata":5}`)
	if wrong == nil || len(wrong.Violations) != 4 {
		t.Errorf("got %+v", wrong)
	}
	_, wrong = read(t, Plain10, "SendMessage", `{"message":{"parts":[`+strings.Repeat("5,", 100_000)+`5]}}`)
	if wrong == nil || len(wrong.Violations) != maxFaults {
		t.Errorf("got %+v", wrong)
	}
}

func TestEqualRequestsAreReadAlikeHoweverTheyAreSpelled(t *testing.T) {
	for _, c := range []struct {
		method string
		same   []string
	}{
		{"tasks/get", []string{`{"id":"t"}`, `{"taskId":"t"}`, `{"task_id":"t"}`, `{"id":"t","taskId":"t"}`, `{"id":"t","historyLength":null,"extra":[{}]}`}},
		{"GetTask", []string{`{"id":"t","historyLength":2}`, `{"task_id":"t","history_length":"2"}`, `{"id":"t","historyLength":2.0,"tenant":"x"}`, `{"id":"t","historyLength":0.2e1}`}},
		{"ListTasks", []string{`{"status":"TASK_STATE_INPUT_REQUIRED"}`, `{"status":"input-required"}`, `{"status":"INPUT_REQUIRED"}`, `{"status":6}`, `{"status":"task_state_input_required","pageToken":null}`}},
		{"ListTasks", []string{`{}`, `{"status":0}`, `{"status":"TASK_STATE_UNSPECIFIED"}`, `{"status":""}`, `{"page_token":"","pageSize":50}`}},
		{"ListTasks", []string{`{"status":"cancelled"}`, `{"status":"TASK_STATE_CANCELED"}`, `{"status":5}`}},
		{"SendMessage", []string{
			`{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}}`,
			`{"message":{"message_id":"m","role":"user","parts":[{"kind":"text","text":"x"}],"kind":"message"}}`,
			`{"message":{"messageId":"m","role":1,"parts":[{"type":"text","text":"x"}]},"configuration":{"blocking":true}}`,
			`{"message":{"messageId":"m","role":"USER","contextId":null,"taskId":"","parts":[{"text":"x","data":null,"url":null}]},"configuration":{"return_immediately":false}}`,
		}},
		{"message/send", []string{
			`{"message":{"messageId":"m","role":"user","parts":[{"kind":"file","file":{"bytes":"/+8=","name":"a","mimeType":"x/y"}}]}}`,
			`{"message":{"messageId":"m","role":"user","parts":[{"raw":"_-8","filename":"a","mediaType":"x/y"}]}}`,
			`{"message":{"messageId":"m","role":"user","parts":[{"file":{"fileWithBytes":"_-8=","name":"a","media_type":"x/y"}}]}}`,
		}},
		{"CreateTaskPushNotificationConfig", []string{
			`{"taskId":"t","id":"p","url":"https://x","authentication":{"scheme":"Bearer"}}`,
			`{"task_id":"t","pushNotificationConfig":{"id":"p","url":"https://x","authentication":{"schemes":["Bearer"]}}}`,
		}},
		{"DeleteTaskPushNotificationConfig", []string{`{"taskId":"t","id":"p"}`, `{"id":"t","pushNotificationConfigId":"p"}`, `{"taskId":"t","push_notification_config_id":"p"}`}},
	} {
		d, _ := Detect(false, c.method, "")
		first, wrong := read(t, d, c.method, c.same[0])
		if wrong != nil {
			t.Fatal(wrong)
		}
		for _, params := range c.same[1:] {
			got, wrong := read(t, d, c.method, params)
			if wrong != nil || !reflect.DeepEqual(first, got) {
				t.Errorf("%s\n%s is %+v\n%s is %+v (%v)", c.method, c.same[0], first, params, got, wrong)
			}
		}
	}
}

func TestWhatOnlyLooksLikeAMemberMayComeTwice(t *testing.T) {
	for _, data := range []string{
		`{"l":["a","a","a","l"],"m":["a","a"]}`, `{"a":{"a":{"a":"a"}},"b":"a"}`, `["a",{"a":"b"},"a",{"a":"b"},"b"]`,
		`{"":"","a":""}`, `{"a":"{\"a\":1,\"a\":2}","b":",\"a\":"}`, `{"a":1,"A":2,"a ":3}`,
	} {
		if _, wrong := read(t, Plain10, "SendMessage", `{"message":{"messageId":"m","role":"user","parts":[{"data":`+data+`}]}}`); wrong != nil {
			t.Errorf("%s: %v", data, wrong)
		}
	}
}

func TestDataKeepsItsDigits(t *testing.T) {
	const data = `{ "n": 9007199254740993, "f": 1.50, "e": 1E400, "s": "\u00e4\/" }`
	value, wrong := read(t, Plain10, "SendMessage", `{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":`+data+`}]}}`)
	if wrong != nil {
		t.Fatal(wrong)
	}
	m := value.(a2a.SendRequest).Message
	if string(m.Parts[0].Data) != data {
		t.Errorf("read %s", m.Parts[0].Data)
	}
	body, err := Result([]byte("1"), Plain10.Reply(a2a.Reply{Message: &m}))
	if err != nil || !strings.Contains(string(body), `"data":{"n":9007199254740993,"f":1.50,"e":1E400,"s":"\u00e4\/"}`) {
		t.Errorf("wrote %s %v", body, err)
	}
}

// reference says whether some object of the text has a member twice, by the
// tokens of the standard library.
func reference(body []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	var value func() bool
	value = func() bool {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		twice := false
		switch token {
		case json.Delim('{'):
			seen := map[string]bool{}
			for dec.More() {
				key, _ := dec.Token()
				name := fmt.Sprint(key)
				twice = seen[name] || twice
				seen[name] = true
				twice = value() || twice
			}
			_, _ = dec.Token()
		case json.Delim('['):
			for dec.More() {
				twice = value() || twice
			}
			_, _ = dec.Token()
		}
		return twice
	}
	return value()
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"a":2}`, `{"a":{"a":1},"b":["a","a",{"a":1}]}`, `{"a":"\"","\u0061":1}`, `["a","a"]`, `{"":{},"":1}`, `"\\"`, `{"x":"},{\"x\":"}`, `{"ä":1,"\u00e4":2}`, "{\"\xff\":1}", strings.Repeat("[", 101) + strings.Repeat("]", 101),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := check(body)
		if err == nil && (!json.Valid(body) || reference(body)) {
			t.Errorf("%q was taken", body)
		}
		if err != nil && json.Valid(body) && len(body) < 100 && bytes.Equal(bytes.ToValidUTF8(body, nil), body) && !reference(body) {
			t.Errorf("%q was refused: %v", body, err)
		}
	})
}

func FuzzRequest(f *testing.F) {
	for _, d := range dialects() {
		for _, body := range requestsOf(f, d) {
			f.Add(body)
		}
	}
	f.Add([]byte(`{"jsonrpc":"2.0","id":1e999,"method":"SendMessage","params":{"message":{"parts":[{"file":{"bytes":""}}]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, wrong := Parse(body)
		if !json.Valid(req.ID) {
			t.Fatalf("the id became %q", req.ID)
		}
		for _, d := range dialects() {
			if wrong == nil {
				value, wrong := readAny(req, d)
				checkAnswer(t, req.ID, d.Error(req.ID, req.Operation, orNone(wrong)))
				if send, ok := value.(a2a.SendRequest); ok && wrong == nil {
					checkAgain(t, d, send.Message)
				}
				continue
			}
			checkAnswer(t, req.ID, d.Error(req.ID, NoOperation, wrong))
		}
	})
}

func orNone(e *a2a.Error) *a2a.Error {
	if e == nil {
		return &a2a.Error{Code: a2a.CodeInternal}
	}
	return e
}

func checkAnswer(t *testing.T, id json.RawMessage, body []byte) {
	t.Helper()
	var answer struct {
		ID    json.RawMessage
		Error struct{ Code int }
	}
	if err := json.Unmarshal(body, &answer); err != nil || !bytes.Equal(answer.ID, id) || answer.Error.Code == 0 {
		t.Fatalf("answered %q to the id %q: %v", body, id, err)
	}
}

// checkAgain writes a message that was read, and reads it again.
func checkAgain(t *testing.T, d Dialect, m a2a.Message) {
	t.Helper()
	body, err := marshal(d.Event(a2a.Event{Message: &m}))
	if err != nil {
		t.Fatal(err)
	}
	if d != Plain03 {
		body = bytes.TrimSuffix(bytes.TrimPrefix(body, []byte(`{"message":`)), []byte("}"))
	}
	req, wrong := Parse([]byte(`{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":` + string(body) + `}}`))
	if wrong != nil {
		t.Fatalf("%s: %v", body, wrong)
	}
	again, wrong := req.Send(d)
	if wrong != nil {
		t.Fatalf("%s: %v", body, wrong)
	}
	if again.Message.ID != m.ID || again.Message.Text() != m.Text() || len(again.Message.Parts) != len(m.Parts) {
		t.Fatalf("%+v became %+v", m, again.Message)
	}
	for i, p := range again.Message.Parts {
		if q := m.Parts[i]; p.Kind != q.Kind || p.URL != q.URL || !bytes.Equal(p.Bytes, q.Bytes) {
			t.Fatalf("%+v became %+v", q, p)
		}
	}
}

// frames takes a stream of server-sent events apart as the HTML standard says, as
// far as it is used here.
func frames(stream string) (data []string, ids []string) {
	for block := range strings.SplitSeq(stream, "\n\n") {
		var lines []string
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if d, ok := strings.CutPrefix(line, "data: "); ok {
				lines = append(lines, d)
			}
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				ids = append(ids, id)
			}
		}
		if lines != nil {
			data = append(data, strings.Join(lines, "\n"))
		}
	}
	return data, ids
}

func TestEventsAreFramedAsTheStandardSays(t *testing.T) {
	var b strings.Builder
	for _, part := range [][]byte{Frame([]byte(`{"a":1}`), 0), Comment("still\nhere\r"), Frame([]byte("x\ny"), 17)} {
		b.Write(part)
	}
	if got := b.String(); got != "data: {\"a\":1}\n\n: still here \n\nid: 17\ndata: x\ndata: y\n\n" {
		t.Errorf("got %q", got)
	}
	data, ids := frames(b.String())
	if len(data) != 2 || data[0] != `{"a":1}` || data[1] != "x\ny" || len(ids) != 1 || ids[0] != "17" {
		t.Errorf("read %q %q", data, ids)
	}
	for header, want := range map[string]int64{"": 0, "17": 17, "-1": 0, "x": 0, "99999999999999999999": 0} {
		if got := LastEventID(header); got != want {
			t.Errorf("%q is %d", header, got)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add("text\r\n\n data: x", int64(3))
	f.Fuzz(func(t *testing.T, text string, seq int64) {
		m := a2a.Message{ID: "m", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
		for _, d := range dialects() {
			body, err := Result([]byte(`"r"`), d.Event(a2a.Event{Message: &m}))
			if err != nil {
				t.Fatal(err)
			}
			data, ids := frames(string(Frame(body, seq)))
			if len(data) != 1 || data[0] != string(body) || len(ids) != min(1, int(max(0, min(seq, 1)))) {
				t.Fatalf("%q came out as %q with %q", body, data, ids)
			}
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, d := range dialects() {
		for _, body := range requestsOf(f, d) {
			var req struct{ Params json.RawMessage }
			if err := json.Unmarshal(body, &req); err != nil {
				f.Fatal(err)
			}
			f.Add(string(req.Params))
		}
	}
	f.Fuzz(func(t *testing.T, params string) {
		if !json.Valid([]byte(params)) {
			return
		}
		for method := range methods() {
			req, wrong := Parse([]byte(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`))
			if wrong != nil {
				return
			}
			for _, d := range dialects() {
				value, wrong := readAny(req, d)
				if send, ok := value.(a2a.SendRequest); ok && wrong == nil {
					checkAgain(t, d, send.Message)
				}
			}
		}
	})
}
