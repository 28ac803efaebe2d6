package a2a

// State is where a task stands. Its values are the words of A2A 0.3, which are
// also what is stored.
type State string

// The states of A2A. Unknown is for reading alone: a task of ours is never in it.
const (
	Submitted     State = "submitted"
	Working       State = "working"
	InputRequired State = "input-required"
	AuthRequired  State = "auth-required"
	Completed     State = "completed"
	Canceled      State = "canceled"
	Failed        State = "failed"
	Rejected      State = "rejected"
	Unknown       State = "unknown"
)

// States are all states that a task may be in.
func States() []State {
	return []State{Submitted, Working, InputRequired, AuthRequired, Completed, Canceled, Failed, Rejected}
}

// Terminal says whether a task in this state never changes again.
func (s State) Terminal() bool {
	switch s {
	case Completed, Canceled, Failed, Rejected:
		return true
	}
	return false
}

// Interrupted says whether the task waits for somebody outside: for an answer of
// its user, or for a sign-in or a setting.
func (s State) Interrupted() bool { return s == InputRequired || s == AuthRequired }

// Settled says whether a caller that waits for the task has its answer.
func (s State) Settled() bool { return s.Terminal() || s.Interrupted() }

// Role is who wrote a message.
type Role string

// The roles of A2A: the caller's side and ours.
const (
	User  Role = "user"
	Agent Role = "agent"
)
