package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollEvery is how often files are looked at where the system cannot tell of
// changes, for instance because the number of watches is used up.
const pollEvery = 2 * time.Second

// Watch reloads the catalogue whenever something changes below the directories
// that have Watch set, until the context is done. OnChange is called with each
// new catalogue that is in force, onError with each new reason why the files
// are not; both from one goroutine, and either may be nil. Changes between the
// last load and the call are seen too.
func (l *Live) Watch(ctx context.Context, dirs []Directory, onChange func(*Catalog), onError func(error)) {
	w := &watch{live: l, onChange: onChange, onError: onError, watched: map[string]bool{}, signal: make(chan struct{}, 1)}
	for _, dir := range dirs {
		if dir.Watch {
			w.dirs = append(w.dirs, dir)
		}
	}
	if len(w.dirs) == 0 {
		<-ctx.Done()
		return
	}
	w.run(ctx)
}

// watch is the state of one call of Watch.
type watch struct {
	live     *Live
	dirs     []Directory
	onChange func(*Catalog)
	onError  func(error)

	notify *fsnotify.Watcher
	// watched are the directories for which there is a watch.
	watched map[string]bool
	// content are the directories in which every change counts; in the others
	// only the names do that lead to a directory.
	content atomic.Pointer[map[string]bool]
	names   atomic.Pointer[map[string]bool]
	// polling is true while some directory has no watch.
	polling atomic.Bool
	signal  chan struct{}
	// last is the last error that was reported.
	last string
}

func (w *watch) run(ctx context.Context) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		w.polling.Store(true)
		w.report(fmt.Errorf("watch directories, now looked at every %s: %w", pollEvery, err))
	} else {
		w.notify = notify
		defer notify.Close()
	}
	pumping, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	w.reload(ctx)
	go func() {
		defer close(done)
		w.pump(pumping)
	}()
	debounce(ctx, w.signal, func() { w.reload(ctx) })
	stop()
	<-done
}

// reload sets the watches before it loads, so that a change is either loaded or
// seen.
func (w *watch) reload(ctx context.Context) {
	w.refresh()
	changed, err := w.live.Reload(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.report(err)
	default:
		w.last = ""
		if changed && w.onChange != nil {
			w.onChange(w.live.Current())
		}
	}
}

// report tells an error once, however often the files are looked at.
func (w *watch) report(err error) {
	if err.Error() == w.last {
		return
	}
	w.last = err.Error()
	if w.onError != nil {
		w.onError(err)
	}
}

// refresh watches the directories that are there now. All watches are set anew:
// one whose directory was removed and made again in the meantime is dead, and
// nothing tells. A directory that appears while this goes on is found by going
// on until there is nothing new.
func (w *watch) refresh() {
	if w.notify == nil {
		return
	}
	for dir := range w.watched {
		_ = w.notify.Remove(dir) // It fails if the directory is gone, and the watch with it.
	}
	clear(w.watched)
	w.polling.Store(false)
	const rounds = 10
	for range rounds {
		content, names := w.places()
		w.content.Store(&content)
		w.names.Store(&names)
		added := false
		for dir := range content {
			added = w.add(dir) || added
		}
		for name := range names {
			added = w.add(filepath.Dir(name)) || added
		}
		if !added {
			return
		}
	}
}

// add watches a directory. It reports whether the watch is new.
func (w *watch) add(dir string) bool {
	if w.watched[dir] {
		return false
	}
	if err := w.notify.Add(dir); err != nil {
		w.polling.Store(true)
		return false
	}
	w.watched[dir] = true
	return true
}

// places returns the directories in which every change counts, and the paths
// that lead to them: a directory can be made, removed, or be a symbolic link that
// is turned to another one.
func (w *watch) places() (content, names map[string]bool) {
	content, names = map[string]bool{}, map[string]bool{}
	for _, dir := range scan(w.dirs, &report{}).dirs {
		content[dir] = true
	}
	for _, dir := range w.dirs {
		path, err := filepath.Abs(dir.Path)
		if err != nil {
			continue
		}
		for _, name := range trail(path) {
			names[name] = true
		}
	}
	return content, names
}

// maxLinks bounds how many symbolic links are followed on the way to one
// directory, as the system does.
const maxLinks = 40

// trail returns what leads to an absolute path: each symbolic link on the way,
// and in the end the path itself, or the first part of it that is missing. The
// names are given in their real directories, which is how the system tells of
// changes.
func trail(path string) []string {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	real, rest := root, strings.TrimPrefix(path, root)
	var names []string
	for links := 0; links < maxLinks; {
		name, after, more := strings.Cut(rest, string(filepath.Separator))
		here := filepath.Join(real, name) // ".." is right here, as real has no links.
		info, err := os.Lstat(here)
		switch {
		case err != nil:
			return append(names, here)
		case info.Mode()&fs.ModeSymlink != 0:
			links++
			names = append(names, here)
			target, err := os.Readlink(here)
			if err != nil {
				return names
			}
			if filepath.IsAbs(target) {
				real, target = root, strings.TrimPrefix(target, root)
			}
			rest = target + string(filepath.Separator) + after
		case !more || after == "":
			return append(names, here)
		default:
			real, rest = here, after
		}
	}
	return names
}

// pump turns what the system tells into signals.
func (w *watch) pump(ctx context.Context) {
	var events chan fsnotify.Event
	var errs chan error
	if w.notify != nil {
		events, errs = w.notify.Events, w.notify.Errors
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			if w.counts(e.Name) {
				w.wake()
			}
		case <-errs: // Events were lost: look at everything.
			w.wake()
		case <-tick.C:
			if w.polling.Load() {
				w.wake()
			}
		}
	}
}

func (w *watch) counts(name string) bool {
	content, names := w.content.Load(), w.names.Load()
	return (*content)[filepath.Dir(name)] || (*content)[name] || (*names)[name]
}

func (w *watch) wake() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}
