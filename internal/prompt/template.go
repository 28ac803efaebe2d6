package prompt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
)

// Limits of templates and renders.
const (
	// MaxSource is the size in bytes of the largest template that compiles. The
	// engine's parser takes quadratic time for nested blocks.
	MaxSource = 64 << 10
	// MaxOutput is the size in bytes of the largest text that renders.
	MaxOutput = 1 << 20

	fuel      = 50_000
	recursion = 50
)

// Template is a compiled template. It may be rendered by several goroutines at
// once.
type Template struct {
	name   string
	source string
	engine func() (*minijinja.Template, error)
}

// Compile parses a template and checks that the filters and tests that it names
// exist and that it includes nothing. Errors are *Error, with the line. The name
// is for errors only.
func Compile(name, source string) (*Template, error) {
	if len(source) > MaxSource {
		return nil, &Error{Name: name, Message: fmt.Sprintf("the template has %d bytes, more than %d", len(source), MaxSource)}
	}
	if _, err := parse(name, source); err != nil {
		return nil, err
	}
	if err := check(name, source); err != nil {
		return nil, err
	}
	t := &Template{name: name, source: source}
	// The parsed form has its own environment of some kilobytes, which most of
	// thousands of templates never need.
	t.engine = sync.OnceValues(func() (*minijinja.Template, error) { return parse(name, source) })
	return t, nil
}

// Source returns the text that was compiled.
func (t *Template) Source() string { return t.source }

// Render renders the template with the variables: string, bool, all kinds of
// numbers, time.Time, nil, and lists and maps of them. Errors are *Error.
func (t *Template) Render(vars map[string]any) (string, error) {
	return t.render(context.Background(), toContext(vars))
}

func (t *Template) render(ctx context.Context, vars any) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = "", &Error{Name: t.name, Message: fmt.Sprintf("render: %v", r)}
		}
	}()
	compiled, err := t.engine()
	if err != nil {
		return "", err
	}
	w := &limited{}
	if err := compiled.RenderToWriteCtx(ctx, vars, w); err != nil {
		if errors.Is(err, errOutput) || w.full {
			return "", &Error{Name: t.name, Message: errOutput.Error()}
		}
		return "", fromEngine(t.name, err)
	}
	return w.b.String(), nil
}

func parse(name, source string) (tmpl *minijinja.Template, err error) {
	defer func() {
		if r := recover(); r != nil {
			tmpl, err = nil, &Error{Name: name, Message: fmt.Sprintf("parse: %v", r)}
		}
	}()
	tmpl, err = newEnvironment().TemplateFromNamedString(name, source)
	if err != nil {
		return nil, fromEngine(name, err)
	}
	return tmpl, nil
}

var errOutput = fmt.Errorf("the output is larger than %d bytes", MaxOutput)

// limited collects output up to MaxOutput. It has no WriteString, so that there
// is no way around Write.
type limited struct {
	b    strings.Builder
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > MaxOutput {
		l.full = true
		return 0, errOutput
	}
	return l.b.Write(p)
}
