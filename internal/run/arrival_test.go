package run

import (
	"fmt"
	"slices"
	"testing"
)

// line takes all that stands in line for a subject.
func line(l *lane, subject string) []int64 {
	var list []int64
	for {
		it, ok := l.next(subject)
		if !ok {
			return list
		}
		list = append(list, it.delivery.Seq)
	}
}

func TestDeliveriesGetInLineInTheirOrderAlsoIfItHasToBeAskedWhatTheyAreAbout(t *testing.T) {
	l := newLane(laneKey{"confluence", ""}, func() {})
	l.open(t.Context(), accounts{})
	var waits []*arrival
	receive := func(seq int64, subject string, placed bool) []string {
		t.Helper()
		taken, waiting, idle := l.receive(someItem(seq, subject), placed)
		if !taken || (waiting == nil) != placed {
			t.Fatalf("delivery %d: taken %v, waits %v", seq, taken, waiting)
		}
		if waiting != nil {
			waits = append(waits, waiting)
		}
		return idle
	}
	place := func(i int, subject string) []string {
		waits[i].item.event.Subject = subject
		return l.settled(waits[i])
	}
	var started []string
	started = append(started, receive(1, "page:1", true)...)
	started = append(started, receive(2, "comment:9", false)...)
	started = append(started, receive(3, "page:1", true)...)
	started = append(started, receive(4, "comment:8", false)...)
	started = append(started, receive(5, "page:2", true)...)
	if !slices.Equal(started, []string{"page:1"}) || !slices.Equal(line(l, "page:1"), []int64{1}) {
		t.Errorf("begun %q", started)
	}
	if begun := place(1, "page:2"); len(begun) > 0 {
		t.Errorf("what came later overtakes: %q", begun)
	}
	if begun := place(0, "page:1"); !slices.Equal(begun, []string{"page:1", "page:2"}) {
		t.Errorf("begun %q", begun)
	}
	if one, two := line(l, "page:1"), line(l, "page:2"); !slices.Equal(one, []int64{2, 3}) || !slices.Equal(two, []int64{4, 5}) {
		t.Errorf("lines %v and %v", one, two)
	}
}

func TestWhatIsAskedAboutCountsForTheDepthOfALane(t *testing.T) {
	l := newLane(laneKey{"confluence", ""}, func() {})
	l.open(t.Context(), accounts{})
	for i := range int64(laneDepth) {
		if taken, _, _ := l.receive(someItem(i, fmt.Sprint(i)), i%2 == 0); !taken {
			t.Fatalf("delivery %d is not taken", i)
		}
	}
	if taken, waits, idle := l.receive(someItem(laneDepth, "x"), false); taken || waits != nil || idle != nil {
		t.Error("a full lane took a delivery")
	}
}
