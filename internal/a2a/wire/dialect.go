package wire

import (
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Dialect is how a caller speaks.
type Dialect uint8

// The dialects. Those of Jira differ from the plain ones in when they are
// answered and, in its early one, in how streams look.
const (
	Plain03 Dialect = iota
	Plain10
	JiraEAP
	Jira10
)

// String names the dialect, for logs and metrics.
func (d Dialect) String() string {
	return [...]string{"a2a-0.3", "a2a-1.0", "jira-eap", "jira-1.0"}[d]
}

// Version is the version of the protocol: 0.3 or 1.0.
func (d Dialect) Version() string {
	if d.v10() {
		return "1.0"
	}
	return "0.3"
}

// Jira says whether the caller is Jira.
func (d Dialect) Jira() bool { return d == JiraEAP || d == Jira10 }

func (d Dialect) v10() bool { return d == Plain10 || d == Jira10 }

// WaitsFor says whether a message that asks for nothing is answered once its
// task is settled. A2A 1.0 requires that, section 3.2.2; Jira wants its task at
// once whatever it speaks, and 0.3 leaves it open.
func (d Dialect) WaitsFor() bool { return d == Plain10 }

// SubscribesToEnded says whether subscribing to a task that has ended gives the
// task and ends. A2A 1.0 refuses it, section 3.1.6; Jira's guide wants the task.
func (d Dialect) SubscribesToEnded() bool { return d != Plain10 }

// Ends says whether a stream ends after an event with this state. A stream of 0.3
// also ends when the task needs an answer: its clients read until the end.
func (d Dialect) Ends(s a2a.State) bool {
	return s.Terminal() || d == Plain03 && s == a2a.InputRequired
}

// defaultHistory is how many messages of history an answer has when nothing is
// asked for. Jira uses none, and polls.
func (d Dialect) defaultHistory() int {
	if d.Jira() {
		return 0
	}
	return a2a.AllHistory
}

// Detect tells a caller's dialect. Who it is comes from its credentials; what it
// speaks is told by the method, because Jira does not say which header it sends,
// and by the header where the method is no help. The error is one of version.
func Detect(jira bool, method, header string) (Dialect, *a2a.Error) {
	version, known := majorMinor(header)
	d := dialect(jira, version)
	if m, found := methods()[method]; found {
		d = dialect(jira, m.version)
	}
	if !known {
		return d, &a2a.Error{
			Code:    a2a.CodeVersion,
			Message: "This version of the A2A protocol is not supported: 0.3 and 1.0 are",
			Details: map[string]string{"requestedVersion": shorten(header), "supportedVersions": "0.3,1.0"},
		}
	}
	return d, nil
}

func dialect(jira bool, version string) Dialect {
	switch {
	case jira && version == "1.0":
		return Jira10
	case jira:
		return JiraEAP
	case version == "1.0":
		return Plain10
	}
	return Plain03
}

// majorMinor reads the value of A2A-Version. An empty one means 0.3, and patch
// numbers mean nothing: A2A 1.0, section 3.6.
func majorMinor(header string) (version string, known bool) {
	words := strings.SplitN(strings.TrimSpace(header), ".", 3)
	if len(words) == 1 {
		words = append(words, "0")
	}
	switch strings.Join(words[:2], ".") {
	case ".0", "0.3":
		return "0.3", true
	case "1.0":
		return "1.0", true
	}
	return "", false
}

func shorten(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
