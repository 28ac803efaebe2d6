// Package telemetry is how the daemon tells what it does: the logger and the
// metrics.
package telemetry

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// Formats of the log.
const (
	FormatAuto    = ""
	FormatConsole = "console"
	FormatJSON    = "json"
)

// NewLogger returns a logger that writes to out, without the secrets. With
// FormatAuto it writes for people if out is a terminal and JSON lines otherwise.
// An unknown level or format is an error that names the possible ones.
func NewLogger(out io.Writer, level, format string, secrets []string) (zerolog.Logger, error) {
	if level == "" {
		level = "info"
	}
	parsed, err := zerolog.ParseLevel(level)
	if err != nil || parsed == zerolog.NoLevel {
		return zerolog.Nop(), fmt.Errorf("log level %q is none of trace, debug, info, warn, error", level)
	}
	switch format {
	case FormatAuto:
		if isTerminal(out) {
			out = console(out)
		}
	case FormatConsole:
		out = console(out)
	case FormatJSON:
	default:
		return zerolog.Nop(), fmt.Errorf("log format %q is none of console, json", format)
	}
	return zerolog.New(Redact(out, secrets)).Level(parsed).With().Timestamp().Logger(), nil
}

func console(out io.Writer) io.Writer {
	return zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly, NoColor: !isTerminal(out)}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
