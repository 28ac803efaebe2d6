package store

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a"
)

// WithdrawAsk takes back the question with that key, because what the run wanted to
// know came another way: the task goes on, with the next question or at work. If
// the user has answered it by then, the answer is returned, and nothing is changed.
// A question that there is not, or that is withdrawn already, is no error.
func (s *Store) WithdrawAsk(ctx context.Context, task, key string) (answered *a2a.Message, err error) {
	err = s.decide(ctx, func(tx tx) error {
		answered = nil
		t, err := findTask(tx, task)
		if err != nil {
			return err
		}
		known, answer, err := asked(tx, t, key)
		if err != nil || !known || answer != nil || !t.active {
			answered = answer
			return err
		}
		open, err := openAsk(tx, t)
		if err != nil {
			return err
		}
		if _, err := tx.exec(answerAskSQL+` AND answer IS NULL`, 0, t.id, key); err != nil {
			return fmt.Errorf("withdraw a question: %w", err)
		}
		if open.once != key {
			return nil // the user sees another question, or none
		}
		return s.proceed(tx, t, textProceeds)
	})
	return answered, wrapTask("take back a question of", task, err)
}
