package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

func readMessage(o object) a2a.Message {
	return a2a.Message{
		ID:               o.needed("messageId"),
		ContextID:        o.id("contextId"),
		TaskID:           o.id("taskId"),
		Role:             readRole(o),
		Parts:            readParts(o),
		Metadata:         o.metadata(),
		Extensions:       o.words("extensions"),
		ReferenceTaskIDs: o.words("referenceTaskIds"),
	}
}

// readRole takes the user's role alone: a caller who could write messages of the
// agent could put words into its mouth.
func readRole(o object) a2a.Role {
	name, v, ok := o.pick("role")
	role := strings.TrimPrefix(strings.ToLower(v.String()), "role_")
	switch {
	case !ok:
		o.faults.add(o.at(name), "is required")
	case role != "user" && v.Raw != "1":
		o.faults.add(o.at(name), "must be that of the user in messages to an agent")
	}
	return a2a.User
}

func readParts(o object) []a2a.Part {
	name, v, ok := o.pick("parts")
	if !ok || !v.IsArray() {
		o.faults.add(o.at(name), "must be an array of parts")
		return nil
	}
	var parts []a2a.Part
	v.ForEach(func(_, part gjson.Result) bool {
		path := fmt.Sprintf("%s[%d]", o.at(name), len(parts))
		read := a2a.Part{}
		if part.IsObject() {
			read = readPart(newObject(path, part, o.faults))
		} else {
			o.faults.add(path, "must be an object")
		}
		parts = append(parts, read)
		return len(o.faults.list) < maxFaults
	})
	if len(parts) == 0 {
		o.faults.add(o.at(name), "at least one part is required")
	}
	return parts
}

// readPart tells parts apart by the member that holds their content, as A2A 1.0
// does, and goes by kind, as 0.3 does, where that is given. Earlier drafts said
// type for kind.
func readPart(o object) a2a.Part {
	part := a2a.Part{
		Metadata:  o.metadata(),
		Filename:  o.text("filename"),
		MediaType: o.text("mediaType"),
	}
	kind := o.text("kind", "type")
	if kind == "" {
		kind = o.onlyContent()
	}
	switch kind {
	case "text":
		part.Kind, part.Text = a2a.TextPart, o.text("text")
		if !o.has("text") {
			o.faults.add(o.at("text"), "is required")
		}
	case "data":
		part.Kind, part.Data = a2a.DataPart, readData(o)
	case "file":
		readFile(o, &part)
	case "raw":
		part.Kind, part.Bytes = a2a.BytesPart, readBytes(o, "raw")
	case "url":
		part.Kind, part.URL = a2a.URLPart, o.text("url")
	case "":
	default:
		o.faults.add(o.at("kind"), "%q is no kind of part: text, data and file are", shorten(kind))
	}
	return part
}

// onlyContent is the name of the part's content. Data may be null, so that null
// beside another content is nothing, and alone is data.
func (o object) onlyContent() string {
	var found []string
	for _, name := range []string{"text", "file", "raw", "url"} {
		if o.has(name) {
			found = append(found, name)
		}
	}
	if data, ok := o.members["data"]; ok && (data.Type != gjson.Null || len(found) == 0) {
		found = append(found, "data")
	}
	if len(found) != 1 {
		o.faults.add(o.path, "must have exactly one of text, data, raw, url and, in A2A 0.3, file")
		return ""
	}
	return found[0]
}

func readData(o object) json.RawMessage {
	_, v, ok := o.pick("data")
	if !ok {
		o.faults.add(o.at("data"), "is required")
		return nil
	}
	return json.RawMessage(v.Raw)
}

// readFile reads a file as A2A 0.3 has it; the longer names are of the drafts
// before 1.0.
func readFile(o object, part *a2a.Part) {
	part.Kind = a2a.URLPart
	file, ok := o.object("file")
	if !ok {
		if !o.has("file") {
			o.faults.add(o.at("file"), "is required")
		}
		return
	}
	if name := file.text("name", "filename"); name != "" {
		part.Filename = name
	}
	if mediaType := file.text("mimeType", "mediaType"); mediaType != "" {
		part.MediaType = mediaType
	}
	hasBytes, hasURI := file.has("bytes", "fileWithBytes"), file.has("uri", "fileWithUri")
	switch {
	case hasBytes == hasURI:
		file.faults.add(file.path, "must have exactly one of bytes and uri")
	case hasBytes:
		part.Kind, part.Bytes = a2a.BytesPart, readBytes(file, "bytes", "fileWithBytes")
	default:
		part.URL = file.text("uri", "fileWithUri")
	}
}

// readBytes reads either alphabet of base64, padded or not, as ProtoJSON does.
func readBytes(o object, names ...string) []byte {
	s := strings.NewReplacer("-", "+", "_", "/").Replace(o.text(names...))
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		name, _, _ := o.pick(names...)
		o.faults.add(o.at(name), "must be base64")
	}
	return raw
}
