package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// mediaPath is where the host of media has files, by id.
const mediaPath = "/media/file/"

// mediaURL is where Cloud sends a client to fetch a file: another host, to which
// the credentials for Jira must not go. On loopback that is the other name of
// the same listener.
func (s *Server) mediaURL(r *http.Request, f *attachment) string {
	scheme, host := "http", r.Host
	switch {
	case strings.HasPrefix(host, "127.0.0.1"):
		host = "localhost" + strings.TrimPrefix(host, "127.0.0.1")
	case strings.HasPrefix(host, "localhost"):
		host = "127.0.0.1" + strings.TrimPrefix(host, "localhost")
	default:
		base, err := url.Parse(s.opts.BaseURL)
		if err == nil {
			scheme = base.Scheme
		}
	}
	id := strconv.Itoa(f.id)
	return scheme + "://" + host + s.opts.ContextPath + mediaPath + id + "/binary?token=" + s.mediaToken(id) +
		"&name=" + url.QueryEscape(f.name)
}

// mediaToken lets one file be fetched without other credentials.
func (s *Server) mediaToken(id string) string {
	mac := hmac.New(sha256.New, s.post.origin[:])
	_, _ = mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil))
}

// serveMedia is the host of media. Like an object store it takes the signed URL
// and no second kind of credentials beside it.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if r.Header.Get("Authorization") != "" {
		writeJSON(w, http.StatusBadRequest, obj{"error": "Only one authentication mechanism is allowed: the token in the URL."})
		return
	}
	if !hmac.Equal([]byte(r.URL.Query().Get("token")), []byte(s.mediaToken(id))) {
		writeJSON(w, http.StatusForbidden, obj{"error": "The token is not valid for this file."})
		return
	}
	s.serveFile(w, id)
}

// serveDownload is the download of Data Center, for those who are logged in.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	by, err := s.authenticate(w, r, endpoint{method: http.MethodGet})
	if err != nil {
		writeError(w, err)
		return
	}
	if by == nil {
		writeError(w, notAuthenticated())
		return
	}
	s.serveFile(w, r.PathValue("id"))
}

func (s *Server) serveFile(w http.ResponseWriter, id string) {
	s.mu.RLock()
	f := s.st.files[atoi(id)]
	s.mu.RUnlock()
	if f == nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	f.serve(w)
}

// serveContent answers GET /attachment/content/{id}: with the way to the host of
// media, or with redirect=false with the file.
func (s *Server) serveContent(w http.ResponseWriter, r *http.Request, f *attachment) {
	if r.URL.Query().Get("redirect") == "false" {
		f.serve(w)
		return
	}
	w.Header().Set("Location", s.mediaURL(r, f))
	w.WriteHeader(http.StatusSeeOther)
}
