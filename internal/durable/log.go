package durable

import (
	"context"
	"log/slog"

	"github.com/rs/zerolog"
)

// logHandler writes the engine's log records through zerolog. What DBOS calls
// information is detail to an operator of aofctl.
type logHandler struct {
	log zerolog.Logger
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.log.GetLevel() <= zerologLevel(level)
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	line := h.log.WithLevel(zerologLevel(r.Level))
	r.Attrs(func(a slog.Attr) bool {
		line = line.Interface(a.Key, a.Value.Any())
		return true
	})
	line.Msg(r.Message)
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := h.log.With()
	for _, a := range attrs {
		with = with.Interface(a.Key, a.Value.Any())
	}
	return &logHandler{log: with.Logger()}
}

// WithGroup ignores groups: DBOS uses none.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

func zerologLevel(level slog.Level) zerolog.Level {
	switch {
	case level >= slog.LevelError:
		return zerolog.ErrorLevel
	case level >= slog.LevelWarn:
		return zerolog.WarnLevel
	default:
		return zerolog.DebugLevel
	}
}
