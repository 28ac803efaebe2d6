package disk

import (
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is what a disk writes whole or not at all.
const sector = 512

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// Cut cuts the power: from now on nothing works. It writes what a restart finds
// into the directory image: all that was synced, and of each other change
// nothing, all, or some of its sectors.
func (d *Disk) Cut(rnd *rand.Rand, image string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = Off
	if err := os.CopyFS(image, os.DirFS(d.kept)); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(d.pending)) {
		// What shared memory holds need not be there, nor a file whose name was
		// not synced.
		if (strings.HasSuffix(path, "-shm") || !d.names[path]) && rnd.IntN(2) == 0 {
			continue
		}
		if err := apply(filepath.Join(image, path), leave(rnd, d.pending[path])); err != nil {
			return err
		}
	}
	return nil
}

// leave chooses what is left of changes that were not synced: mostly the first
// ones, as a disk writes in order if nothing speaks against it, else any.
func leave(rnd *rand.Rand, changes []change) []change {
	var left []change
	switch rnd.IntN(4) {
	case 0:
	case 1:
		left = slices.Clone(changes[:rnd.IntN(len(changes)+1)])
		if n := len(left); n > 0 {
			left[n-1] = tear(rnd, left[n-1])
		}
	case 2:
		left = slices.Clone(changes)
	default:
		for _, c := range changes {
			if rnd.IntN(2) == 0 {
				left = append(left, c)
			}
		}
		for range len(left) / 2 {
			i := rnd.IntN(len(left))
			left[i] = tear(rnd, left[i])
		}
	}
	return left
}

// tear keeps the first or the last sectors of a write.
func tear(rnd *rand.Rand, c change) change {
	if len(c.data) <= sector {
		return c
	}
	at := sector * (1 + rnd.IntN((len(c.data)-1)/sector))
	if rnd.IntN(2) == 0 {
		return change{off: c.off, data: c.data[:at]}
	}
	return change{off: c.off + int64(at), data: c.data[at:]}
}
