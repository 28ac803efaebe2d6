package keeper

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

func TestNobodySeesTheTasksOfOthers(t *testing.T) {
	onEach(t, func(r *rig) {
		task := r.send(ann, message("m1", "Do"))
		_, err := r.keepers[0].SetPush(r.Context(), ann, a2a.PushConfig{ID: "p", TaskID: task.ID, URL: "https://x"})
		r.must(err)
		k, ctx := r.keepers[0], r.Context()
		for _, call := range []a2a.Call{bob, eve, bot, {}} {
			_, err := k.Get(ctx, call, a2a.GetRequest{ID: task.ID})
			_, none := k.Get(ctx, call, a2a.GetRequest{ID: "none"})
			r.fails2("Get", err, a2a.CodeTaskNotFound)
			if strings.ReplaceAll(fmt.Sprint(none), "none", task.ID) != fmt.Sprint(err) {
				r.Errorf("the errors %q and %q tell them apart", err, none)
			}
			_, err = k.Send(ctx, call, message("x1", "x", task.ContextID))
			r.fails2("Send to the context", err, a2a.CodeTaskNotFound)
			_, err = k.Send(ctx, call, message("x2", "x", "", task.ID))
			r.fails2("Send to the task", err, a2a.CodeTaskNotFound)
			_, err = k.Cancel(ctx, call, a2a.CancelRequest{ID: task.ID})
			r.fails2("Cancel", err, a2a.CodeTaskNotFound)
			_, err = k.Follow(ctx, call, task.ID, 0)
			r.fails2("Follow", err, a2a.CodeTaskNotFound)
			_, err = k.SetPush(ctx, call, a2a.PushConfig{TaskID: task.ID})
			r.fails2("SetPush", err, a2a.CodeTaskNotFound)
			_, err = k.GetPush(ctx, call, task.ID, "p")
			r.fails2("GetPush", err, a2a.CodeTaskNotFound)
			_, err = k.ListPush(ctx, call, task.ID)
			r.fails2("ListPush", err, a2a.CodeTaskNotFound)
			r.fails2("DeletePush", k.DeletePush(ctx, call, task.ID, "p"), a2a.CodeTaskNotFound)
			for _, list := range []a2a.ListRequest{{PageSize: 10}, {PageSize: 10, ContextID: task.ContextID}} {
				page, err := k.List(ctx, call, list)
				r.must(err)
				if len(page.Tasks) != 0 || page.Total != 0 {
					r.Errorf("List: %v", page)
				}
			}
		}
		if got := r.get(ann, task.ID); got.Seq != task.Seq || len(got.History) != 1 {
			r.Errorf("the task is %v", got)
		}
	})
}

func TestTasksAreListedByTheirNewestStatus(t *testing.T) {
	onEach(t, func(r *rig) {
		var want []string
		for i := range 7 {
			if i%2 == 0 {
				r.later(time.Second) // two have one time each
			}
			want = append(want, r.send(ann, message(fmt.Sprint("m", i), "Do")).ID)
			slices.Sort(want[i&^1:]) // which of two of one time comes first, their ids decide
		}
		r.later(time.Second)
		r.must(r.stores[0].Narrate(r.Context(), want[0], "k", said(a2a.Working, "on it")))
		want = append(want[1:], want[0])
		slices.Reverse(want)
		var got []string
		req := a2a.ListRequest{PageSize: 3}
		for {
			page, err := r.keepers[0].List(r.Context(), ann, req)
			r.must(err)
			for _, task := range page.Tasks {
				got = append(got, task.ID)
			}
			if page.Total != 7 {
				r.Errorf("the total is %d", page.Total)
			}
			if req.After = page.Next; page.Next == (a2a.Cursor{}) {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			r.Error(d)
		}
		for what, tt := range map[string]struct {
			req  a2a.ListRequest
			want int
		}{
			"by state":                           {a2a.ListRequest{State: a2a.Working}, 1},
			"by context":                         {a2a.ListRequest{ContextID: r.get(ann, want[3]).ContextID}, 1},
			"by time":                            {a2a.ListRequest{ChangedAfter: r.now()}, 1},
			"by a time that has no milliseconds": {a2a.ListRequest{ChangedAfter: r.now().Add(time.Microsecond)}, 0},
		} {
			tt.req.PageSize = 100
			page, err := r.keepers[0].List(r.Context(), ann, tt.req)
			r.must(err)
			if len(page.Tasks) != tt.want || page.Total != tt.want {
				r.Errorf("%s: %d tasks of %d", what, len(page.Tasks), page.Total)
			}
		}
	})
}

func TestTooManyOpenTasksAreRefused(t *testing.T) {
	onEach(t, func(r *rig) {
		k := New(Config{Store: r.stores[0], Prepare: r.prepare, Now: r.now, Limits: store.TaskLimits{PerOwner: 1, PerInstallation: 2}})
		send := func(call a2a.Call, id string) error {
			_, err := k.Send(r.Context(), call, message(id, "Do"))
			return err
		}
		r.must(send(ann, "m1"))
		var refusal *a2a.Refusal
		if err := send(ann, "m2"); !errors.As(err, &refusal) || refusal.Status != 429 || refusal.RetryAfter != 10*time.Second {
			r.Errorf("got %v", err)
		}
		r.must(send(bot, "m3"))
		r.must(send(bot, "m4")) // which has no users, so that the whole is its own
		if err := send(bot, "m5"); !errors.As(err, &refusal) {
			r.Errorf("got %v", err)
		}
	})
}

func TestPushConfigurationsAreKept(t *testing.T) {
	onEach(t, func(r *rig) {
		req := message("m1", "Do")
		req.Push = &a2a.PushConfig{URL: "https://x/1", Token: "t", Schemes: []string{"Bearer"}, Credentials: "c", Version: "0.3"}
		task := r.send(bot, req)
		k, _ := r.other()
		list, err := k.ListPush(r.Context(), bot, task.ID)
		r.must(err)
		want := *req.Push
		want.TaskID = task.ID
		if len(list) == 1 {
			want.ID = list[0].ID
		}
		if d := cmp.Diff([]a2a.PushConfig{want}, list); d != "" || want.ID == "" {
			r.Error(d)
		}
		r.later(time.Second)
		set, err := k.SetPush(r.Context(), bot, a2a.PushConfig{ID: "mine", TaskID: task.ID, URL: "https://x/2"})
		r.must(err)
		set.URL = "https://x/3"
		_, err = k.SetPush(r.Context(), bot, set)
		r.must(err)
		first, err := k.GetPush(r.Context(), bot, task.ID, "")
		r.must(err)
		mine, err := k.GetPush(r.Context(), bot, task.ID, "mine")
		r.must(err)
		if first.ID != want.ID || mine.URL != "https://x/3" {
			r.Errorf("got %v and %v", first, mine)
		}
		for range 2 {
			r.must(k.DeletePush(r.Context(), bot, task.ID, "mine"))
		}
		_, err = k.GetPush(r.Context(), bot, task.ID, "mine")
		r.fails2("what was deleted", err, a2a.CodeTaskNotFound)
	})
}

func TestIDsAreOrderedUUIDs(t *testing.T) {
	var last string
	for range 100 {
		id := newID()
		if len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) || id[:8] < last {
			t.Errorf("got %s behind %s", id, last)
		}
		last = id[:8]
	}
}
