package manifest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"time"
)

// Loader loads the catalogue again and again, and only takes apart the files
// that changed. It may be used by several goroutines.
type Loader struct {
	dirs   []Directory
	parser *parser

	mu    sync.Mutex
	cache map[string]cachedFile
}

// cachedFile is a file's content and what came of it.
type cachedFile struct {
	info   fs.FileInfo
	read   time.Time
	text   []byte
	parsed *parsedFile
}

// isStill reports whether a file is the one that was read, without reading it
// again. A file that was written shortly before it was read may have been
// written once more since, with the same time.
func (c cachedFile) isStill(info fs.FileInfo) bool {
	const coarsest = 2 * time.Second // FAT's resolution; others are finer.
	return c.info != nil && os.SameFile(c.info, info) && c.info.Size() == info.Size() &&
		c.info.ModTime().Equal(info.ModTime()) && c.read.Sub(info.ModTime()) > coarsest
}

// NewLoader returns a Loader for the manifests of all kinds in the directories.
func NewLoader(dirs []Directory, known Known) *Loader {
	return &Loader{dirs: dirs, parser: newParser(known), cache: map[string]cachedFile{}}
}

// LoadCatalog loads the manifests in the directories once. The error is Problems
// with every mistake of every file, warnings included.
func LoadCatalog(ctx context.Context, dirs []Directory, known Known) (*Catalog, error) {
	return NewLoader(dirs, known).Load(ctx)
}

// Load reads the directories as they are now. The error is Problems, or that of
// the context.
func (l *Loader) Load(ctx context.Context) (*Catalog, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &report{}
	files, err := l.parseAll(ctx, scan(l.dirs, r).files)
	if err != nil {
		return nil, err
	}
	catalog, problems := assemble(files, false)
	problems = append(r.problems, problems...).sorted()
	if err := problems.Err(); err != nil {
		return nil, err
	}
	catalog.Warnings = problems
	return catalog, nil
}

// parseAll takes the files apart, on all processors, and remembers the outcome.
func (l *Loader) parseAll(ctx context.Context, files []manifestFile) ([]*parsedFile, error) {
	out := make([]cachedFile, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := range next {
				out[i] = l.parse(files[i].path)
			}
		})
	}
	err := feed(ctx, next, len(files))
	workers.Wait()
	if err != nil {
		return nil, err
	}
	l.cache = make(map[string]cachedFile, len(files))
	parsed := make([]*parsedFile, len(files))
	for i, f := range files {
		l.cache[f.path] = out[i]
		parsed[i] = out[i].parsed
	}
	return parsed, nil
}

func feed(ctx context.Context, next chan<- int, n int) error {
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// parse reads a file. The cache is only read here; no one writes to it while
// the workers are at work.
func (l *Loader) parse(path string) cachedFile {
	known := l.cache[path]
	now := time.Now()
	info, err := os.Stat(path)
	if err == nil && known.isStill(info) {
		return known
	}
	var text []byte
	if err == nil {
		text, err = readFile(path, info)
	}
	if err != nil {
		s := scanner{report: &report{path: path}}
		s.fail(path, err)
		return cachedFile{parsed: &parsedFile{path: path, problems: s.problems}}
	}
	parsed := known.parsed
	if known.info == nil || !bytes.Equal(known.text, text) {
		parsed = l.parser.file(path, text)
	}
	return cachedFile{info: info, read: now, text: text, parsed: parsed}
}
