package tool

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"path"
	"strings"
	"unicode/utf8"
)

// MaxDownload bounds the files that tools read for a model, in bytes.
const MaxDownload = 10 << 20

// File is a file that a model wants to attach to something.
type File struct {
	// Name is a plain name without a path.
	Name string
	// Type is the media type; "" if it is not known.
	Type    string
	Content []byte
}

// ReadFile reads a file from the arguments of a call. The encoding is "base64", or
// else the content is the text itself. The error is for the model.
func ReadFile(name, content, encoding string) (File, error) {
	f := File{Name: strings.TrimSpace(name), Content: []byte(content)}
	if strings.Trim(f.Name, ".") == "" || f.Name != path.Base(f.Name) || strings.ContainsAny(f.Name, "\\:*?\"<>|\r\n\t\x00") || utf8.RuneCountInString(f.Name) > 255 {
		return File{}, fmt.Errorf("%.200q is not a file name: it must be a plain name of at most 255 characters", name)
	}
	if encoding == "base64" {
		var err error
		if f.Content, err = base64.StdEncoding.DecodeString(strings.TrimSpace(content)); err != nil {
			return File{}, fmt.Errorf("content is not base64: %w", err)
		}
	}
	if len(f.Content) == 0 {
		return File{}, errors.New("content is empty")
	}
	if f.Type = mime.TypeByExtension(path.Ext(f.Name)); f.Type == "" && IsText(f.Content) {
		f.Type = "text/plain; charset=utf-8"
	}
	return f, nil
}

// IsText reports whether a file can be shown, whatever type it claims to have.
func IsText(content []byte) bool {
	return utf8.Valid(content) && !bytes.ContainsRune(content[:min(len(content), 8<<10)], 0)
}

// Size tells a number of bytes as people write it.
func Size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%d B", n)
	}
}
