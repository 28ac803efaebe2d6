package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// install makes an installation as its first request does.
func install(t testing.TB, s *Store, id string) Installation {
	t.Helper()
	in, err := s.ObserveInstallation(t.Context(), id, func(in *Installation) bool {
		in.App, in.Cloud, in.Environment, in.EnvironmentType = "app", "cloud-"+id, "env", "PRODUCTION"
		in.APIBase, in.Version = "https://api.example/"+id, "1.0.0"
		return false
	})
	must(t, err)
	return in
}

func sealed(text string, seen, expires time.Time) SealedToken {
	return SealedToken{Sealed: []byte(text), Seen: seen, Expires: expires}
}

// openTask makes a task of an account that has not ended.
func openTask(t testing.TB, s *Store, n int, installation, account string) {
	t.Helper()
	must(t, s.writer.do(t.Context(), func(tx tx) error {
		_, err := tx.exec(`INSERT INTO tasks (seq, id, context, installation, account, agent, state, active, status, status_at, events, messages, call, held, created_at)
			VALUES (?, ?, ?, ?, ?, '', 'working', 1, ?, 0, 0, 0, ?, 0, 0)`, n, fmt.Sprint("task-", n), fmt.Sprint("context-", n), installation, account, []byte(`{}`), []byte(`{}`))
		return err
	}))
}

func endTasks(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.writer.do(t.Context(), func(tx tx) error {
		_, err := tx.exec(`UPDATE tasks SET active = 0, ended_at = 1`)
		return err
	}))
}

func TestAnInstallationIsKeptAsItWasLastSeen(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		first := install(t, s, "i1")
		clock.add(time.Minute)
		same, err := s.ObserveInstallation(t.Context(), "i1", func(*Installation) bool { return true })
		must(t, err)
		if diff := cmp.Diff(first, same); diff != "" {
			t.Errorf("it was written though nothing changed (-before +after):\n%s", diff)
		}
		want := first
		want.Scopes, want.ScopesVersion, want.SiteURL, want.InstalledBy = []string{"a", "b"}, "1.0.0", "https://x.example", "ann"
		want.Settings, want.ConfiguredBy, want.ConfiguredAt = json.RawMessage(`{"agents":[]}`), "bob", clock.now()
		want.OwnerSubject, want.OwnerName, want.OwnerAt = "sub", "Name", clock.now()
		want.UpdatedAt = clock.now()
		_, err = s.ChangeInstallation(t.Context(), "i1", func(in *Installation) bool {
			updated := in.UpdatedAt
			*in = want
			in.UpdatedAt = updated
			return true
		})
		must(t, err)
		got, err := s.Installation(t.Context(), "i1")
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		install(t, s, "i2")
		list, err := s.Installations(t.Context())
		must(t, err)
		if len(list) != 2 || list[0].ID != "i1" || list[1].ID != "i2" || list[1].Scopes != nil || list[1].Settings != nil {
			t.Errorf("listed %+v", list)
		}
	})
}

func TestNothingIsKeptForInstallationsThatAreNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		install(t, s, "leaving")
		must(t, s.RetireInstallation(t.Context(), "leaving"))
		install(t, s, "gone")
		must(t, s.RemoveInstallation(t.Context(), "gone"))
		must(t, s.RemoveInstallation(t.Context(), "gone"))
		must(t, s.RetireInstallation(t.Context(), "never-seen"))
		for id, want := range map[string]error{"leaving": ErrGone, "gone": ErrNotFound, "never-seen": ErrNotFound, "unknown": ErrNotFound} {
			token := sealed("t", clock.now(), clock.now().Add(time.Hour))
			_, err := s.ChangeInstallation(t.Context(), id, func(*Installation) bool { t.Error("changed " + id); return true })
			is(t, "change "+id, err, want)
			_, err = s.MapAccount(t.Context(), AccountMapping{Installation: id, Account: "ann"})
			is(t, "map an account of "+id, err, want)
			is(t, "keep a user token of "+id, s.KeepUserToken(t.Context(), id, "ann", token), want)
			is(t, "keep a system token of "+id, s.KeepSystemToken(t.Context(), id, token), want)
		}
		for _, id := range []string{"leaving", "gone", "never-seen"} {
			_, err := s.ObserveInstallation(t.Context(), id, func(*Installation) bool { t.Error("observed " + id); return true })
			is(t, "observe "+id, err, ErrGone)
		}
		clock.add(goneFor + time.Second)
		_, err := s.SweepInstallations(t.Context())
		must(t, err)
		install(t, s, "gone") // Jira still calls for it: it was not uninstalled after all
	})
}

func TestTheNewestTokenOfEachUserIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		install(t, s, "i1")
		install(t, s, "i2")
		now := clock.now()
		for _, in := range []string{"i1", "i2"} {
			for _, account := range []string{"ann", "bob"} {
				must(t, s.KeepUserToken(t.Context(), in, account, sealed(in+account, now, now.Add(time.Hour))))
			}
			must(t, s.KeepSystemToken(t.Context(), in, sealed(in+"system", now, now.Add(time.Hour))))
		}
		newest := sealed("newer", now.Add(time.Second), now.Add(2*time.Hour))
		must(t, s.KeepUserToken(t.Context(), "i1", "ann", newest))
		must(t, s.KeepUserToken(t.Context(), "i1", "ann", sealed("late", now, now.Add(3*time.Hour))))
		must(t, s.KeepSystemToken(t.Context(), "i2", newest))
		must(t, s.KeepSystemToken(t.Context(), "i2", sealed("late", now, now.Add(3*time.Hour))))
		got := map[string]string{}
		for _, in := range []string{"i1", "i2"} {
			for _, account := range []string{"ann", "bob"} {
				token, err := s.UserToken(t.Context(), in, account)
				must(t, err)
				got[in+account] = string(token.Sealed)
			}
			token, err := s.SystemToken(t.Context(), in)
			must(t, err)
			got[in+"system"] = string(token.Sealed)
		}
		want := map[string]string{"i1ann": "newer", "i1bob": "i1bob", "i2ann": "i2ann", "i2bob": "i2bob", "i1system": "i1system", "i2system": "newer"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		token, err := s.UserToken(t.Context(), "i1", "ann")
		must(t, err)
		if !token.Seen.Equal(newest.Seen) || !token.Expires.Equal(newest.Expires) {
			t.Errorf("seen %v, expires %v", token.Seen, token.Expires)
		}
		for _, account := range []string{"", "carl", "system"} {
			_, err := s.UserToken(t.Context(), "i1", account)
			is(t, "the token of "+account, err, ErrNotFound)
		}
	})
}

func TestTokensGoWhenNoTaskNeedsThemOrTheyHaveExpired(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		install(t, s, "i1")
		install(t, s, "i2")
		keep := func(in, account string) {
			must(t, s.KeepUserToken(t.Context(), in, account, sealed("t", clock.now(), clock.now().Add(time.Hour))))
		}
		has := func(in, account string) bool {
			_, err := s.UserToken(t.Context(), in, account)
			if err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		for _, in := range []string{"i1", "i2"} {
			keep(in, "ann")
			keep(in, "bob")
		}
		openTask(t, s, 1, "i1", "ann")
		for _, who := range []struct {
			in, account string
			want        bool
		}{{"i1", "ann", false}, {"i1", "bob", true}, {"i1", "bob", false}, {"i1", "carl", false}} {
			if forgot, err := s.ForgetUserToken(t.Context(), who.in, who.account); err != nil || forgot != who.want {
				t.Errorf("forgot the token of %s: %t, %v", who.account, forgot, err)
			}
		}
		sweep := func(want int) {
			t.Helper()
			if n, err := s.SweepInstallations(t.Context()); err != nil || n != want {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
		}
		sweep(0) // those of i2 may be for tasks that are just being made
		clock.add(unseenFor)
		sweep(2)
		if !has("i1", "ann") || has("i2", "ann") || has("i2", "bob") {
			t.Error("another token is left than that of the open task")
		}
		must(t, s.KeepSystemToken(t.Context(), "i1", sealed("t", clock.now(), clock.now().Add(time.Hour))))
		clock.add(time.Hour)
		sweep(2) // expired, open task or not
		keep("i1", "ann")
		endTasks(t, s)
		if forgot, err := s.ForgetUserToken(t.Context(), "i1", "ann"); err != nil || !forgot {
			t.Errorf("kept the token of an ended task: %t, %v", forgot, err)
		}
	})
}

func TestRemovingAnInstallationLeavesNothingOfItAndAllOfOthers(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		for _, in := range []string{"i1", "i2"} {
			install(t, s, in)
			token := sealed("t", clock.now(), clock.now().Add(time.Hour))
			must(t, s.KeepUserToken(t.Context(), in, "ann", token))
			must(t, s.KeepSystemToken(t.Context(), in, token))
			_, err := s.MapAccount(t.Context(), AccountMapping{Installation: in, Account: "ann", Subject: "x"})
			must(t, err)
		}
		must(t, s.RemoveInstallation(t.Context(), "i1"))
		tables := installationTables(t, s)
		if len(tables) < 4 {
			t.Fatalf("found only the tables %v", tables)
		}
		for table, column := range tables {
			for id, want := range map[string]int{"i1": 0, "i2": 1} {
				var n int
				must(t, s.row(t.Context(), `SELECT COUNT(*) FROM `+table+` WHERE `+column+` = ?`, id).Scan(&n))
				if n != want {
					t.Errorf("%s has %d rows of %s, want %d", table, n, id, want)
				}
			}
		}
	})
}

// installationTables are the tables that hold something of installations, with
// the column that says of which, as the database itself lists them.
func installationTables(t *testing.T, s *Store) map[string]string {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'`
	if s.Shared() {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'aof'`
	}
	rows, err := s.query(t.Context(), query)
	must(t, err)
	defer rows.Close()
	tables := map[string]string{"installations": "id"}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		if column == "installation" && table != "tasks" && table != "task_messages" {
			tables[table] = column
		}
	}
	must(t, rows.Err())
	return tables
}

func TestChangesThatMatterAreToldToAllReplicas(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		other := s
		if d.shared() {
			other = d.store(t, nil)
		}
		install(t, s, "i1")
		install(t, s, "i2")
		last, err := s.LastInstallationChange(t.Context())
		must(t, err)
		told := func(what string, want []string, change func()) {
			t.Helper()
			news := other.Changed()
			change()
			if want != nil {
				within(t, what, news)
			}
			var got []string
			got, last, err = other.ChangedInstallations(t.Context(), last)
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %s (-want +got):\n%s", what, diff)
			}
		}
		change := func(id string, matters bool) {
			_, err := s.ChangeInstallation(t.Context(), id, func(in *Installation) bool { in.Version += "1"; return matters })
			must(t, err)
		}
		keep := func(expires time.Duration) {
			must(t, s.KeepUserToken(t.Context(), "i1", "ann", sealed("t", time.Now(), time.Now().Add(expires))))
		}
		told("a change that does not matter", nil, func() { change("i1", false) })
		told("changes that do", []string{"i2", "i1"}, func() { change("i2", true); change("i1", true) })
		told("a mapping", []string{"i1"}, func() {
			_, err := s.MapAccount(t.Context(), AccountMapping{Installation: "i1", Account: "ann", Subject: "s"})
			must(t, err)
		})
		told("a first token, which has expired", []string{"i1"}, func() { keep(-time.Hour) })
		told("the first token that holds", []string{"i1"}, func() { keep(time.Hour) })
		told("another token", nil, func() { keep(2 * time.Hour) })
		told("the end of a mapping", []string{"i1"}, func() { must(t, s.UnmapAccount(t.Context(), "i1", "ann")) })
		told("the end of the one that changed last", nil, func() { must(t, s.RemoveInstallation(t.Context(), "i1")) })
		told("a change after that", []string{"i2"}, func() { change("i2", true) })
	})
}

func TestMappingsBelongToOneAccountOfOneSite(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		install(t, s, "i1")
		install(t, s, "i2")
		want := AccountMapping{Installation: "i1", Account: "ann", Subject: "s-1", Name: "Ann", At: clock.now()}
		got, err := s.MapAccount(t.Context(), want)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		want.Subject = "s-2"
		_, err = s.MapAccount(t.Context(), want)
		must(t, err)
		got, err = s.AccountMapping(t.Context(), "i1", "ann")
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, other := range []AccountMapping{{Installation: "i1", Account: "bob"}, {Installation: "i2", Account: "ann"}} {
			_, err := s.AccountMapping(t.Context(), other.Installation, other.Account)
			is(t, "the mapping of another", err, ErrNotFound)
			must(t, s.UnmapAccount(t.Context(), other.Installation, other.Account))
		}
		must(t, s.KeepUserToken(t.Context(), "i1", "ann", sealed("t", clock.now(), clock.now().Add(time.Hour))))
		must(t, s.UnmapAccount(t.Context(), "i1", "ann"))
		_, err = s.AccountMapping(t.Context(), "i1", "ann")
		is(t, "the mapping that was taken back", err, ErrNotFound)
		_, err = s.UserToken(t.Context(), "i1", "ann")
		is(t, "the token with it", err, ErrNotFound)
	})
}

func TestAStateIsSpentOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clock := newClock()
		s := d.store(t, clock.now)
		expires := clock.now().Add(time.Minute)
		var wg sync.WaitGroup
		var mu sync.Mutex
		first := 0
		for range 8 {
			wg.Go(func() {
				ok, err := s.SpendState(t.Context(), "nonce", expires)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if ok {
					first++
				}
			})
		}
		wg.Wait()
		if first != 1 {
			t.Errorf("%d were the first", first)
		}
		if ok, err := s.SpendState(t.Context(), "another", expires); err != nil || !ok {
			t.Errorf("another state: %t, %v", ok, err)
		}
		clock.add(2 * time.Minute)
		_, err := s.SweepInstallations(t.Context())
		must(t, err)
		var n int
		must(t, s.row(t.Context(), `SELECT COUNT(*) FROM spent_states`).Scan(&n))
		if n != 0 {
			t.Errorf("%d used states are kept beyond their time", n)
		}
	})
}
