package card

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAge is how long a card may be kept without asking again.
const maxAge = 5 * time.Minute

// FormOf is the form that a request asks for with the header or the parameter
// A2A-Version: the union if it says nothing, or something that is not served.
func FormOf(r *http.Request) Form {
	version := r.Header.Get("A2A-Version")
	if version == "" {
		version = r.URL.Query().Get("A2A-Version")
	}
	switch version = strings.TrimSpace(version); {
	case version == "1.0" || version == "1" || strings.HasPrefix(version, "1.0."):
		return V10
	case version == "0.3" || strings.HasPrefix(version, "0.3."):
		return V03
	}
	return Union
}

// Serve answers a request for a card, with 304 to who has it already: RFC 9110,
// section 13, and A2A 1.0, section 8.6.
func Serve(w http.ResponseWriter, r *http.Request, c Card, form Form) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "cards are read with GET", http.StatusMethodNotAllowed)
		return
	}
	body := c.JSON(form)
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`

	head := w.Header()
	head.Set("ETag", tag)
	head.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(maxAge/time.Second)))
	head.Add("Vary", "A2A-Version")
	if !c.Changed.IsZero() {
		head.Set("Last-Modified", c.Changed.UTC().Format(http.TimeFormat))
	}
	if unchanged(r, tag, c.Changed) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // nobody is left to tell
	}
}

// unchanged says whether the caller has the card. Its tag decides; the time does
// where it names no tag.
func unchanged(r *http.Request, tag string, changed time.Time) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		for known := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !changed.IsZero() && !changed.Truncate(time.Second).After(since)
}
