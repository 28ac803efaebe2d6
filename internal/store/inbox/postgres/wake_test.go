package postgres

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
)

func TestReplicaIsWokenByWhatAnotherStored(t *testing.T) {
	dsn := pgtest.Database(t)
	in, other := open(t, dsn, Options{}), open(t, dsn, Options{})
	for _, key := range []string{"a", "b", "c"} {
		mustAppend(t, other, inboxtest.Incoming("", key, "{}"))
		for found := false; !found; {
			<-in.Wake()
			keys := pendingKeys(t, in, 0)
			found = len(keys) > 0 && keys[len(keys)-1] == key
		}
	}
}

// woken tells whether the reader was woken since the last time.
func woken(w *waker) bool {
	synctest.Wait()
	select {
	case <-w.channel:
		return true
	default:
		return false
	}
}

func TestReaderIsWokenAtOnceAndThenNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaker()
		defer w.stop()
		for round := range 3 {
			w.poke()
			if !woken(w) {
				t.Errorf("round %d: not woken at once", round)
			}
			for range 100 {
				w.poke()
			}
			if woken(w) {
				t.Errorf("round %d: woken before the pause was over", round)
			}
			time.Sleep(wakePause)
			if !woken(w) {
				t.Errorf("round %d: not woken after the pause", round)
			}
			time.Sleep(10 * wakePause)
			if woken(w) {
				t.Errorf("round %d: woken once more", round)
			}
		}
	})
}

func TestReaderIsWokenLaterOnlyIfNotSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaker()
		defer w.stop()
		const long = time.Second
		time.Sleep(long)
		w.pokeIn(long)
		w.pokeIn(2 * long)
		time.Sleep(long - 1)
		if woken(w) {
			t.Error("woken too soon")
		}
		time.Sleep(time.Nanosecond)
		if !woken(w) {
			t.Error("not woken when it was due")
		}
		time.Sleep(long)
		w.pokeIn(long)
		w.poke()
		if !woken(w) {
			t.Error("not woken at once")
		}
		time.Sleep(2 * long)
		if woken(w) {
			t.Error("woken again by what was due later")
		}
		w.pokeIn(long)
		w.stop()
		time.Sleep(2 * long)
		if w.poke(); woken(w) {
			t.Error("woken after the end")
		}
	})
}
