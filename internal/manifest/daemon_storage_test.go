package manifest

import (
	"strings"
	"testing"
	"time"
)

func TestNothingOfRunsCanBeKept(t *testing.T) {
	for text, want := range map[string]struct {
		transcripts, deliveries time.Duration
		problem                 string
	}{
		"transcripts: 0, deliveries: 0":           {0, 0, ""},
		"transcripts: 0s, deliveries: 0s":         {0, 0, ""},
		`transcripts: "0", deliveries: 1h`:        {0, time.Hour, ""},
		"transcripts: 0":                          {0, defaultDeliveries, "the payloads of deliveries stay"},
		"deliveries: 0":                           {defaultTranscripts, 0, ""},
		"transcripts: 1h, deliveries: 59m":        {time.Hour, 59 * time.Minute, "at least 1h, or 0"},
		"transcripts: -1s":                        {defaultTranscripts, defaultDeliveries, "expected a time span"},
		"transcripts: 5":                          {defaultTranscripts, defaultDeliveries, "expected a time span"},
		"transcripts: 0, deliveries: 0, audit: 0": {0, 0, ""},
	} {
		d, problems := readDaemon("/etc/aof/daemon.yaml", []byte("kind: DaemonConfig\nspec:\n  storage: {retention: {"+text+"}}\n"), testEnv)
		if d.Storage.RetentionTranscripts != want.transcripts || d.Storage.RetentionDeliveries != want.deliveries {
			t.Errorf("%s: %+v", text, d.Storage)
		}
		told := ""
		for _, p := range problems {
			if strings.Contains(p.String(), "retention") || strings.Contains(p.String(), "deliveries") || strings.Contains(p.String(), "time span") {
				told += p.String()
			}
		}
		if (told != "") != (want.problem != "") || !strings.Contains(told, want.problem) {
			t.Errorf("%s: told %q, want %q", text, told, want.problem)
		}
	}
}
