package jira

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ascending serves a list of numbers in pages, the oldest first; a server that
// does not know pages serves all.
func ascending(total int, pages bool, asked *int) func(context.Context, int, int) (listed[int], error) {
	all := make([]int, total)
	for i := range all {
		all[i] = i + 1
	}
	return func(_ context.Context, start, limit int) (listed[int], error) {
		*asked++
		if !pages {
			return listed[int]{all, total}, nil
		}
		start = min(start, total)
		return listed[int]{all[start:min(start+limit, total)], total}, nil
	}
}

func TestTailGivesTheNewestOfBothKindsOfServers(t *testing.T) {
	for _, pages := range []bool{true, false} {
		for total := range 12 {
			asked := 0
			var got []int
			for skip, rounds := 0, 0; ; rounds++ {
				page, err := tail(t.Context(), Newest{Skip: skip, Limit: 4}, ascending(total, pages, &asked))
				if err != nil || page.Total != total || len(page.Items) > 4 || rounds > 4 {
					t.Fatalf("pages %v, total %d: %+v, %v", pages, total, page, err)
				}
				got = append(got, page.Items...)
				if skip = page.Next; skip == 0 {
					break
				}
			}
			var want []int
			for i := total; i > 0; i-- {
				want = append(want, i)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pages %v, total %d: %s", pages, total, diff)
			}
		}
	}
}

func TestTailOfAListThatShrinksMeanwhileEnds(t *testing.T) {
	calls := 0
	page, err := tail(t.Context(), Newest{Limit: 3}, func(context.Context, int, int) (listed[int], error) {
		if calls++; calls == 1 {
			return listed[int]{[]int{1, 2, 3}, 10}, nil
		}
		return listed[int]{nil, 2}, nil
	})
	if err != nil || len(page.Items) != 0 || page.Next != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	cause := errors.New("away")
	if _, err := tail(t.Context(), Newest{Limit: 3}, func(context.Context, int, int) (listed[int], error) { return listed[int]{}, cause }); !errors.Is(err, cause) {
		t.Errorf("err %v", err)
	}
}

func TestSprintsAreReadInBothShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		raw  string
		want []Sprint
	}{
		"Cloud":             {`[{"id":7,"name":"S 7","state":"active","boardId":1}]`, []Sprint{{ID: 7, Name: "S 7", State: "active"}}},
		"Data Center":       {`["com.atlassian.greenhopper.service.sprint.Sprint@1f2[id=7,rapidViewId=3,state=CLOSED,name=A, b=c [x],startDate=2026-01-01T00:00:00.000Z,goal=,sequence=7]"]`, []Sprint{{ID: 7, Name: "A, b=c [x]", State: "closed"}}},
		"older Data Center": {`["Sprint@1[rapidViewId=3,state=FUTURE,id=8,name=Last]"]`, []Sprint{{ID: 8, Name: "Last", State: "future"}}},
		"several":           {`[{"id":1,"name":"a","state":"closed"},{"id":2,"name":"b","state":"active"}]`, []Sprint{{ID: 1, Name: "a", State: "closed"}, {ID: 2, Name: "b", State: "active"}}},
		"none":              {`null`, nil},
		"something else":    {`["Backend",3,{"value":"x"},null]`, nil},
		"no list":           {`"x"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ReadSprints(json.RawMessage(tt.raw))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChoicesOfAnyShapeAreRead(t *testing.T) {
	raw := `[{"id":"1","name":"High"},{"id":2,"value":"A","children":[{"id":"3","value":"B"}]},"plain",{"id":"4","value":"C","disabled":true},
		{"id":"5","name":"1.0","archived":true},{"key":"PROJ"},{"displayName":"Al"},[1],{"id":"6"}]`
	var got []Choice
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	want := []Choice{
		{ID: "1", Text: "High"}, {ID: "2", Text: "A", Children: []Choice{{ID: "3", Text: "B"}}}, {Text: "plain"}, {ID: "4", Text: "C", Closed: true},
		{ID: "5", Text: "1.0", Closed: true}, {Text: "PROJ"}, {Text: "Al"}, {Text: "[1]"}, {ID: "6", Text: "6"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAttachmentsHaveIdsOfEitherType(t *testing.T) {
	var got []Attachment
	if err := json.Unmarshal([]byte(`[{"id":"7","filename":"a"},{"id":8,"filename":"b","size":3}]`), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != "7" || got[1].ID != "8" || got[1].Filename != "b" || got[1].Size != 3 {
		t.Errorf("%+v", got)
	}
}

func TestPagesEndWithTheList(t *testing.T) {
	asked := 0
	got, err := pages(t.Context(), func(ctx context.Context, start int) (listed[int], error) {
		return ascending(7, true, &asked)(ctx, start, 3)
	})
	if err != nil || !slices.Equal(got, []int{1, 2, 3, 4, 5, 6, 7}) || asked != 3 {
		t.Errorf("%v after %d requests, %v", got, asked, err)
	}
}

func TestPositionsOfPages(t *testing.T) {
	for token, want := range map[string]int{"": 0, "0": 0, "25": 25} {
		if got, err := Position(token); err != nil || got != want {
			t.Errorf("%q: %d, %v", token, got, err)
		}
	}
	for _, token := range []string{"-1", "x", "1.5", "99999999999999999999"} {
		var wrong *PageError
		if _, err := Position(token); !errors.As(err, &wrong) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func FuzzReadSprints(f *testing.F) {
	for _, seed := range []string{`[{"id":7,"name":"S"}]`, `["Sprint@1[id=7,state=ACTIVE,name=x]"]`, `["Sprint@[id=,name=]"]`, `null`, `[[]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, s := range ReadSprints(raw) {
			if s.ID == 0 && s.Name == "" && s.State == "" {
				t.Errorf("%s gives an empty sprint", raw)
			}
		}
		var c Choice
		if json.Valid(raw) && json.Unmarshal(raw, &c) != nil {
			t.Errorf("%s cannot be read as a choice", raw)
		}
	})
}
