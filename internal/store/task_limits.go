package store

import (
	"fmt"
	"net/http"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	activeTasksSQL = `SELECT (SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY tasks_active WHERE installation = ? AND account = ? AND active = 1 LIMIT ?) AS own),
		(SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY tasks_active WHERE installation = ? AND active = 1 LIMIT ?) AS everybodys)`
	// mostRooms is for how many owners it is remembered how many tasks they may begin.
	mostRooms = 4096
)

// withinLimits refuses one active task too many.
func (s *Store) withinLimits(tx tx, l letter) error {
	limits, o := l.Limits, l.Owner
	if (limits.PerOwner <= 0 && limits.PerInstallation <= 0) || s.takeRoom(l) {
		return nil
	}
	var own, everybodys int
	err := tx.row(activeTasksSQL, o.Installation, o.Account, max(limits.PerOwner, 0), o.Installation, max(limits.PerInstallation, 0)).Scan(&own, &everybodys)
	if err != nil {
		return fmt.Errorf("count active tasks: %w", err)
	}
	if (limits.PerOwner > 0 && own >= limits.PerOwner) || (limits.PerInstallation > 0 && everybodys >= limits.PerInstallation) {
		return &a2a.Refusal{Status: http.StatusTooManyRequests, Message: "Too many tasks are open at the same time", RetryAfter: limits.RetryAfter}
	}
	s.keepRoom(l, own, everybodys)
	return nil
}

// rooms is how many tasks may begin, of whoever has the key, until they have to be
// counted again: tasks that end only make it more. It belongs to the writer, and
// holds as long as nobody else writes.
type rooms map[roomKey]int

// roomKey is an owner, or with whole their installation.
type roomKey struct {
	TaskOwner
	whole bool
}

func (l letter) roomKeys() (own, whole roomKey) {
	return roomKey{TaskOwner: l.Owner}, roomKey{TaskOwner: TaskOwner{Installation: l.Owner.Installation}, whole: true}
}

// takeRoom takes the place of one task, if it is known that there is one.
func (s *Store) takeRoom(l letter) bool {
	own, whole := l.roomKeys()
	if (l.Limits.PerOwner > 0 && s.rooms[own] <= 0) || (l.Limits.PerInstallation > 0 && s.rooms[whole] <= 0) {
		return false
	}
	s.rooms[own]--
	s.rooms[whole]--
	return true
}

// keepRoom remembers what was counted, without the task that begins now.
func (s *Store) keepRoom(l letter, own, everybodys int) {
	if s.Shared() {
		return
	}
	if s.rooms == nil || len(s.rooms) >= mostRooms {
		s.rooms = rooms{}
	}
	mine, whole := l.roomKeys()
	s.rooms[mine], s.rooms[whole] = l.Limits.PerOwner-own-1, l.Limits.PerInstallation-everybodys-1
}
