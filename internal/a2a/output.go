package a2a

import (
	"mime"
	"path"
	"strings"
)

// Takes reports whether the sender takes an answer in one of the media types. One
// that names none takes any; "text/*" and "*/*" stand for several, as in RFC 9110,
// section 12.5.1.
func (r SendRequest) Takes(types ...string) bool {
	if len(r.OutputModes) == 0 {
		return true
	}
	for _, mode := range r.OutputModes {
		kind, _, err := mime.ParseMediaType(mode)
		if err != nil {
			kind = strings.ToLower(strings.TrimSpace(mode))
		}
		for _, one := range types {
			if ok, err := path.Match(kind, one); kind == "*/*" || (ok && err == nil) {
				return true
			}
		}
	}
	return false
}
