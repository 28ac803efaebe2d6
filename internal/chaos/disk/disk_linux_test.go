package disk

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func mount(t *testing.T, image string) *Disk {
	t.Helper()
	d, err := Mount(t.TempDir(), image)
	if errors.Is(err, ErrCannotMount) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a file for the length of a test, before the disk is unmounted.
func open(t *testing.T, d *Disk, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(d.Path(), name), os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func write(t *testing.T, f *os.File, off int64, text string) {
	t.Helper()
	_, err := f.WriteAt([]byte(text), off)
	must(t, err)
}

// image cuts the power and reads what is left of a file.
func image(t *testing.T, d *Disk, seed uint64, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	must(t, d.Cut(rand.New(rand.NewPCG(seed, 1)), dir))
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return "(no file)"
	}
	must(t, err)
	return string(text)
}

func TestWhatWasSyncedOutlivesAPowerCut(t *testing.T) {
	lost, kept := 0, 0
	for seed := range uint64(20) {
		d := mount(t, "")
		f := open(t, d, "a")
		write(t, f, 0, "synced")
		must(t, f.Sync())
		write(t, f, 6, " and not")
		switch got := image(t, d, seed, "a"); got {
		case "synced":
			lost++
		case "synced and not":
			kept++
		default:
			t.Errorf("seed %d leaves %q", seed, got)
		}
	}
	if lost == 0 || kept == 0 {
		t.Errorf("what was not synced is lost %d times and kept %d times, want both", lost, kept)
	}
}

func TestWhatASyncFailedOnIsNeverWritten(t *testing.T) {
	for seed := range uint64(8) {
		d := mount(t, "")
		f := open(t, d, "a")
		write(t, f, 0, "before")
		must(t, f.Sync())
		d.Set(SyncFails)
		write(t, f, 0, "behind")
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("sync: %v", err)
		}
		d.Set(None)
		must(t, f.Sync()) // as Linux: the second one says that all is well
		text, err := os.ReadFile(filepath.Join(d.live, "a"))
		must(t, err)
		if got := image(t, d, seed, "a"); got != "before" || string(text) != "behind" {
			t.Errorf("programs see %q, the disk has %q", text, got)
		}
	}
}

func TestTroublesRefuseWrites(t *testing.T) {
	d := mount(t, "")
	f := open(t, d, "a")
	write(t, f, 0, "x")
	for trouble, want := range map[Trouble]error{Full: syscall.ENOSPC, ReadOnly: syscall.EROFS} {
		d.Set(trouble)
		if _, err := f.WriteAt([]byte("y"), 0); !errors.Is(err, want) {
			t.Errorf("write while %s: %v", trouble, err)
		}
		if err := f.Truncate(0); !errors.Is(err, want) {
			t.Errorf("truncate while %s: %v", trouble, err)
		}
		if _, err := os.Create(filepath.Join(d.Path(), "b")); !errors.Is(err, want) {
			t.Errorf("create while %s: %v", trouble, err)
		}
	}
	d.Set(None)
	write(t, f, 0, "z")
	must(t, f.Sync())
	if got := image(t, d, 1, "a"); got != "z" {
		t.Errorf("the disk has %q", got)
	}
	if _, err := f.WriteAt([]byte("y"), 0); !errors.Is(err, syscall.EIO) {
		t.Errorf("write without power: %v", err)
	}
}

func TestAnImageIsWhereTheNextDiskBegins(t *testing.T) {
	first := mount(t, "")
	must(t, os.Mkdir(filepath.Join(first.Path(), "data"), 0o700))
	f := open(t, first, "data/a")
	write(t, f, 0, "kept text")
	must(t, f.Sync())
	dir := filepath.Join(t.TempDir(), "image")
	must(t, first.Cut(rand.New(rand.NewPCG(1, 1)), dir))
	second := mount(t, dir)
	f = open(t, second, "data/a")
	must(t, f.Truncate(4))
	must(t, f.Sync())
	if got := image(t, second, 1, "data/a"); got != "kept" {
		t.Errorf("the disk has %q", got)
	}
}

func TestTornWritesKeepWholeSectors(t *testing.T) {
	data := make([]byte, 5*sector)
	for i := range data {
		data[i] = 'x'
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		c := tear(rnd, change{off: 1000, data: data})
		if len(c.data)%sector != 0 || len(c.data) == len(data) || len(c.data) == 0 || (c.off-1000)%sector != 0 {
			t.Fatalf("%d bytes at %d", len(c.data), c.off)
		}
	}
}
