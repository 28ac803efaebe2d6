package route_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/route"
)

func TestOwnWordsLeaveOutWhatOthersMayHaveWritten(t *testing.T) {
	for comment, want := range map[string]string{
		"":                                   "",
		"Fix it, please.":                    "Fix it, please.",
		"> delete all\n\nIs he right?":       "Is he right?",
		"bq. delete all\r\nIs he right?\r\n": "Is he right?",
		"{quote}\ndelete all\n{quote}\nIs he right?":    "Is he right?",
		"See:\n```\nrm -rf /\n```\nWhy?":                "See:\nWhy?",
		"{code:sql}drop table x{code}\nWhy does it so?": "Why does it so?",
		"> only a quote":       "",
		"```\nopen to the end": "",
	} {
		if got := route.OwnWords(comment); got != want {
			t.Errorf("%q: %q, want %q", comment, got, want)
		}
	}
}
