package schedule

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestSchedulesThatCannotBeMeantAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "empty",
		"0 9 * *":                               "not a schedule",
		"0 9 * * MON-FRY":                       "not a schedule",
		"61 * * * *":                            "not a schedule",
		"0 0 31 2 *":                            "never comes",
		"0 0 30 2 *":                            "never comes",
		"TZ=0 0 9 * * *":                        "timezone",
		"CRON_TZ=UTC 0 9 * * *":                 "timezone",
		"TZ=":                                   "timezone",
		"@reboot":                               "not offered",
		"@every 10s":                            "not a schedule",
		"@every x":                              "not a schedule",
		"* * * * * *":                           "not a schedule",
		strings.Repeat("1,", 200) + "1 * * * *": "at most",
	} {
		if _, err := Parse(text, "UTC"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, zone := range []string{"Europe/Atlantis", "Local", "../etc/passwd", "local"} {
		if _, err := Parse("0 9 * * *", zone); err == nil {
			t.Errorf("time zone %q is taken", zone)
		}
	}
}

func TestSchedulesFireWhenCronsDo(t *testing.T) {
	for _, c := range []struct {
		text, zone, from string
		want             []string
	}{
		{"0 9 * * MON-FRI", "Europe/Berlin", "2026-03-06T12:00:00Z", []string{"2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z"}},
		{"30 6 * * *", "", "2026-03-06T12:00:00Z", []string{"2026-03-07T06:30:00Z"}},
		// Either of two restricted days counts.
		{"0 0 13 * FRI", "UTC", "2026-03-01T00:00:00Z", []string{"2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z", "2026-03-20T00:00:00Z"}},
		{"0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
		{"@daily", "UTC", "2026-03-01T12:00:00Z", []string{"2026-03-02T00:00:00Z"}},
		{"0 0 * * 7", "UTC", "2026-03-02T00:00:00Z", []string{"2026-03-08T00:00:00Z"}},
		{"@every 90m", "UTC", "2026-03-01T12:00:00Z", []string{"2026-03-01T13:30:00Z", "2026-03-01T15:00:00Z"}},
		// In spring the clocks in Berlin go from two to three.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}},
		// In autumn they show half past two twice.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"15,45 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z", "2026-10-26T01:15:00Z"}},
		// What goes every hour goes on in both of them.
		{"0 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", []string{"2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}},
	} {
		s, err := Parse(c.text, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now := at(t, c.from)
		for _, want := range c.want {
			if now = s.Next(now); !now.Equal(at(t, want)) {
				t.Errorf("%s in %s: %s, want %s", c.text, s.Zone, now.UTC().Format(time.RFC3339), want)
				break
			}
		}
	}
}

func TestTheLatestOfMissedFiringsIsFound(t *testing.T) {
	for _, c := range []struct{ text, after, now, want string }{
		{"0 9 * * *", "2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z", ""},
		{"0 9 * * *", "2026-03-01T08:00:00Z", "2026-03-05T12:00:00Z", "2026-03-05T09:00:00Z"},
		{"* * * * *", "2020-01-01T00:00:00Z", "2026-03-05T12:00:30Z", "2026-03-05T12:00:00Z"},
		{"0 0 29 2 *", "2020-03-01T00:00:00Z", "2026-03-05T12:00:00Z", "2024-02-29T00:00:00Z"},
		{"@every 1h", "2026-03-01T08:30:00Z", "2026-03-01T12:00:00Z", "2026-03-01T11:30:00Z"},
		{"@every 1h", "2026-03-01T08:30:00Z", "2026-03-01T09:00:00Z", ""},
	} {
		s, err := Parse(c.text, "")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if last := s.Last(at(t, c.after), at(t, c.now)); !last.IsZero() {
			got = last.UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s from %s until %s: %q, want %q", c.text, c.after, c.now, got, c.want)
		}
	}
}

func FuzzSchedules(f *testing.F) {
	for _, s := range []string{"0 9 * * MON-FRI", "*/5 * * * *", "@daily", "@every 5m", "0 0 31 2 *", "TZ=0", "0 0 L * ?", "1-5/2,7 3 1 JAN SUN"} {
		f.Add(s, "Europe/Berlin", int64(1772000000))
	}
	f.Fuzz(func(t *testing.T, text, zone string, from int64) {
		s, err := Parse(text, zone)
		if err != nil {
			return
		}
		start := time.Unix(from%4_000_000_000, 0)
		if next := s.Next(start); !next.IsZero() && !next.After(start) {
			t.Fatalf("%q in %q: after %s comes %s", text, zone, start, next)
		}
	})
}
