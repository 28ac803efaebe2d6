package wire

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Request is the envelope of one request of JSON-RPC 2.0.
type Request struct {
	// ID is the request's id byte for byte; null if it has none that can be told.
	ID json.RawMessage
	// Method is the name of the method; "" if that is wrong.
	Method string
	// Operation is what the method does; NoOperation if the method is none of ours.
	Operation Operation
	params    gjson.Result
}

// Parse reads an envelope. What comes back can be answered even if there is an
// error. A request without an id, which JSON-RPC calls a notification, is answered
// like one with the id null: over HTTP its sender waits for an answer either way.
func Parse(body []byte) (Request, *a2a.Error) {
	req := Request{ID: json.RawMessage("null")}
	var ambiguous *ambiguousError
	switch err := check(body); {
	case errors.As(err, &ambiguous):
		return req, invalidRequest(err.Error())
	case err != nil:
		return req, &a2a.Error{Code: a2a.CodeParse, Message: "Invalid JSON payload: " + err.Error()}
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] == '[' {
		return req, invalidRequest("batches are not taken: send one request at a time")
	}
	root := gjson.ParseBytes(body)
	if !root.IsObject() {
		return req, invalidRequest("it is not an object")
	}
	return req, req.read(root)
}

func (r *Request) read(root gjson.Result) *a2a.Error {
	members := map[string]gjson.Result{}
	root.ForEach(func(key, value gjson.Result) bool {
		members[key.String()] = value
		return true
	})
	switch id := members["id"]; {
	case !id.Exists() || id.Type == gjson.Null:
	case id.Type == gjson.String || id.Type == gjson.Number:
		r.ID = json.RawMessage(id.Raw)
	default:
		return invalidRequest("id is a string, a number or null")
	}
	if v := members["jsonrpc"]; v.Type != gjson.String || v.Str != "2.0" {
		return invalidRequest(`jsonrpc must be "2.0"`)
	}
	return r.readMethod(members["method"], members["params"])
}

// readMethod takes a method that is there and is no string for one that does not
// exist: the test kit of A2A 0.3 sends an object.
func (r *Request) readMethod(name, params gjson.Result) *a2a.Error {
	switch {
	case !name.Exists() || name.Type == gjson.Null:
		return invalidRequest("method is missing")
	case name.Type != gjson.String:
		return &a2a.Error{Code: a2a.CodeMethodNotFound, Message: "Method not found: it is no string"}
	}
	r.Method = name.Str
	found, known := methods()[r.Method]
	if !known {
		return &a2a.Error{Code: a2a.CodeMethodNotFound, Message: "Method not found: " + shorten(r.Method)}
	}
	r.Operation = found.operation
	switch {
	case !params.Exists() || params.Type == gjson.Null:
		r.params = gjson.Parse("{}")
	case params.IsObject():
		r.params = params
	default:
		return a2a.Invalid("params", "must be an object")
	}
	return nil
}

func invalidRequest(why string) *a2a.Error {
	return &a2a.Error{Code: a2a.CodeInvalidRequest, Message: "Invalid request: " + why}
}
