package a2a

import "testing"

func TestStatesKnowWhetherTheyEndOrInterruptATask(t *testing.T) {
	terminal := map[State]bool{Completed: true, Canceled: true, Failed: true, Rejected: true}
	interrupted := map[State]bool{InputRequired: true, AuthRequired: true}
	for _, s := range append(States(), Unknown) {
		if got := s.Terminal(); got != terminal[s] {
			t.Errorf("%s is terminal: %v", s, got)
		}
		if got := s.Interrupted(); got != interrupted[s] {
			t.Errorf("%s is interrupted: %v", s, got)
		}
		if got := s.Settled(); got != (terminal[s] || interrupted[s]) {
			t.Errorf("%s is settled: %v", s, got)
		}
	}
}
