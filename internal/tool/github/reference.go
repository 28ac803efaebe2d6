package github

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Repository is the name of a repository as a model gives it: owner/name, or an
// address on GitHub.
type Repository struct{ owner, name string }

var repositoryName = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})$`)

// ParseRepository reads a repository's name. The error is for the model.
func ParseRepository(text string) (Repository, error) {
	text = strings.TrimSpace(text)
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if len(parts) < 2 {
			return Repository{}, fmt.Errorf("%q names no repository: write owner/name", text)
		}
		text = parts[0] + "/" + parts[1]
	}
	m := repositoryName.FindStringSubmatch(strings.TrimSuffix(text, ".git"))
	if m == nil || m[2] == "." || m[2] == ".." {
		return Repository{}, fmt.Errorf("%q is not a repository: write owner/name", text)
	}
	return Repository{m[1], m[2]}, nil
}

// String returns the repository as owner/name.
func (r Repository) String() string { return r.owner + "/" + r.name }

// UnmarshalJSON implements json.Unmarshaler.
func (r *Repository) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a repository is a text such as owner/name: %w", err)
	}
	parsed, err := ParseRepository(text)
	*r = parsed
	return err
}

// Number is that of a pull request or an issue; a model may also give its address
// or write #7.
type Number int

var numberForm = regexp.MustCompile(`^(?:https?://[^\s]+/(?:pull|issues)/|#)?([1-9][0-9]{0,8})(?:[/#?].*)?$`)

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(raw []byte) error {
	m := numberForm.FindStringSubmatch(strings.Trim(strings.TrimSpace(string(raw)), `"`))
	if m == nil {
		return fmt.Errorf("%s is not the number of a pull request or issue", raw)
	}
	value, err := strconv.Atoi(m[1])
	*n = Number(value)
	return err
}

// filePath checks a path within a repository: nothing may lead out of it.
func filePath(path string) (string, error) {
	path = strings.Trim(strings.TrimSpace(path), "/")
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." || (part == "" && path != "") {
			return "", refuse("%q is not a path within the repository", path)
		}
	}
	return path, nil
}
