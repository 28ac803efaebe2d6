package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hot are the statements that run for each run or each step, or once a second:
// they must not look at all runs.
func hot() map[string]string {
	return map[string]string{
		"pick": pickSQL, "take": takeSQL, "pass": passSQL, "end": endSQL, "held": heldSQL, "claimable": claimableSQL, "retry": againSQL, "keep": keepSQL, "admit": insertRunSQL,
		"record": ownStepSQL, "record in a branch": branchStepSQL, "last step": lastStepSQL, "claim": claimSQL, "waits": readWaitsSQL,
		"note": noteWaitSQL, "drop": dropWaitSQL, "over": overSQL, "step of a branch": branchedAtSQL, "keep signal": keepSignalSQL,
		"take signal": takeSignalSQL, "old signals": oldSignalsSQL, "suspend": waitSQL, "wake": wakeSQL, "due": dueSQL, "signal": signalSQL,
		"events of all": eventsSQL, "events of one": runEventsSQL, "steps": stepsSQL, "old": oldSQL,
		"held by": heldBySQL, "merged": mergedSQL, "writer": writerSQL,

		"own task": ownTaskSQL, "task": taskSQL, "task of a run": taskOfRunSQL, "newest task": newestTaskSQL, "known message": knownMessageSQL,
		"active tasks": activeTasksSQL, "open ask": openAskSQL, "unread": unreadSQL, "history": historySQL, "told": toldSQL, "said": saidSQL,
		"earlier": earlierSQL, "task event": hasTaskEventSQL, "artifact": hasArtifactSQL, "artifacts": artifactsSQL, "task events": taskEventsSQL,
		"task log": taskLogSQL, "due tasks": dueTasksSQL, "auth tasks": authTasksSQL, "auth task": authTaskSQL, "ended tasks": endedTasksSQL,
		"listed tasks": listTasksSQL(`installation = ? AND account = ? AND (status_at, id) < (?, ?)`), "due pushes": duePushesSQL,
		"set status": setStatusSQL, "count artifact": countArtifactSQL, "owe": owePushSQL, "pushes": pushesSQL,
	}
}

// indexes say what SQLite has to use for them.
func indexes() map[string]string {
	return map[string]string{
		"pick":      "COVERING INDEX runs_share ((source,site,project)>(?,?,?))",
		"take":      "INTEGER PRIMARY KEY (rowid=?)",
		"claimable": "runs_share",
		"pass":      "runs_turn (source=? AND site=? AND subject=?)", "retry": "runs_turn (source=? AND site=? AND subject=?)", "keep": "(run=?", "admit": "runs_open (source=? AND site=? AND subject=?)",
		"end": "sqlite_autoindex_runs_1 (id=?)", "held": "sqlite_autoindex_runs_1 (id=?)",
		"record": "sqlite_autoindex_runs_1 (id=?)", "record in a branch": "run_steps_branch (run=? AND path=?)", "last step": "PRIMARY KEY (run=?)",
		"claim": "sqlite_autoindex_runs_1 (id=?)", "waits": "PRIMARY KEY (run=?)", "note": "", "drop": "PRIMARY KEY (run=? AND path=?)",
		"over": "PRIMARY KEY (run=?)", "step of a branch": "run_steps_branch (run=? AND path=? AND pos=?)", "keep signal": "",
		"take signal": "PRIMARY KEY (signal=?)", "old signals": "signals_at (at<?)", "suspend": "sqlite_autoindex_runs_1 (id=?)", "wake": "runs_turn (source=? AND site=? AND subject=?)",
		"due": "runs_wake (wake_at<?)", "signal": "run_waits_signal (signal=?)",
		"events of all": "INTEGER PRIMARY KEY (rowid>?)", "events of one": "(run=?", "steps": "PRIMARY KEY (run=?)",
		"held by": "runs_signal (signal=?)", "merged": "PRIMARY KEY (delivery=?)", "writer": "runs_subject (source=? AND site=? AND subject=?)",
		"old": "runs_finished (wiped=? AND finished_at>? AND finished_at<?)",

		"own task": "sqlite_autoindex_tasks_1 (id=?)", "task": "sqlite_autoindex_tasks_1 (id=?)", "task of a run": "tasks_run (run=?)",
		"newest task": "tasks_context (context=?)", "known message": "task_messages_id (installation=? AND account=? AND message=?)",
		"active tasks": "tasks_active (installation=? AND account=?)", "open ask": "PRIMARY KEY (task=?)", "unread": "(task=? AND n>?)",
		"history": "(task=? AND n>? AND n<?)", "told": "(task=? AND n>? AND n<?)", "said": "(task=?)", "earlier": "tasks_context (context=? AND seq<?)",
		"task event": "task_events_once (task=? AND once=?)", "artifact": "task_events_artifact (task=? AND artifact=?)", "artifacts": "(task=? AND",
		"task events": "sqlite_autoindex_task_events_1 (task=? AND seq>?)", "task log": "INTEGER PRIMARY KEY (rowid>?)", "due tasks": "tasks_due (deadline",
		"auth tasks": "tasks_auth (id>?)", "ended tasks": "tasks_ended (ended_at<?)",
		"listed tasks": "tasks_listed (installation=? AND account=? AND (status_at,id)<(?,?))", "due pushes": "task_pushes_due (next_at<?)",
		"set status": "sqlite_autoindex_tasks_1 (id=?)", "count artifact": "sqlite_autoindex_tasks_1 (id=?)", "owe": "PRIMARY KEY (task=?)", "pushes": "PRIMARY KEY (task=?)",
	}
}

func TestHotStatementsUseIndexesOnSQLite(t *testing.T) {
	s := sqliteDatabase(t).store(t, nil)
	for name, statement := range hot() {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(statement, "?"))
			rows, err := s.query(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
			must(t, err)
			defer rows.Close()
			plan := ""
			for rows.Next() {
				var id, parent, unused int
				var detail string
				must(t, rows.Scan(&id, &parent, &unused, &detail))
				plan += detail + "\n"
			}
			// What is counted is a part of an index, and no row is asked for a constant.
			scans := strings.NewReplacer("SCAN CONSTANT ROW", "", "SCAN own", "", "SCAN everybodys", "").Replace(plan)
			if !strings.Contains(plan, indexes()[name]) || (strings.Contains(scans, "SCAN ") && name != "claimable") {
				t.Errorf("plan is\n%s; want it to use %s", plan, indexes()[name])
			}
		})
	}
}

// TestHotStatementsUseIndexesOnPostgreSQL reads the plans that are made without
// knowing the parameters, over a table with many runs of all states.
func TestHotStatementsUseIndexesOnPostgreSQL(t *testing.T) {
	s := postgresDatabase(t).store(t, nil)
	var runs []Run
	for i := range 4000 {
		r := projectRun(fmt.Sprint("r", i), fmt.Sprint("P", i%50))
		if i%10 > 3 {
			r.State = StateRejected
		}
		runs = append(runs, r)
	}
	admitRuns(t, s, runs...)
	held := claimed(t, s, 800)
	for some := range slices.Chunk(held, 50) { // a transaction must not take long
		must(t, s.writer.do(t.Context(), func(tx tx) error {
			for _, c := range some {
				if err := recordSteps(tx, s, c, 5); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	must(t, s.writer.do(t.Context(), func(tx tx) error {
		if _, err := tx.exec(`INSERT INTO run_merges (delivery, run) SELECT delivery, id FROM runs`); err != nil {
			return err
		}
		if _, err := tx.exec(`INSERT INTO run_waits (run, path, pos, signal) SELECT id, '', 5, id FROM runs WHERE state = 'running'`); err != nil {
			return err
		}
		_, err := tx.exec(`UPDATE runs SET state = 'waiting', signal = id, wake_at = 1 WHERE state = 'running' AND seq % 4 > 0`)
		return err
	}))
	manyTasks(t, s)
	_, err := s.db.ExecContext(t.Context(), `ANALYZE`)
	must(t, err)
	conn, err := s.db.Conn(t.Context())
	must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), `SET plan_cache_mode = force_generic_plan`)
	must(t, err)
	for name, statement := range hot() {
		t.Run(name, func(t *testing.T) {
			text := s.dialect.sql(statement)
			_, err := conn.ExecContext(t.Context(), `PREPARE hot AS `+text)
			must(t, err)
			defer func() { _, _ = conn.ExecContext(t.Context(), `DEALLOCATE hot`) }()
			nulls := strings.TrimSuffix(strings.Repeat("NULL, ", strings.Count(statement, "?")), ", ")
			if nulls != "" {
				nulls = "(" + nulls + ")"
			}
			rows, err := conn.QueryContext(t.Context(), `EXPLAIN EXECUTE hot `+nulls)
			must(t, err)
			lines, err := collectStrings(rows)
			must(t, err)
			if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan on runs") || strings.Contains(plan, "Seq Scan on run_") || strings.Contains(plan, "Seq Scan on task") {
				t.Errorf("plan is\n%s", plan)
			}
		})
	}
}

// manyTasks fills the tables of tasks: of each ten that an owner has, two are
// active. It speaks PostgreSQL.
func manyTasks(t *testing.T, s *Store) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO tasks (id, context, installation, account, agent, run, state, active, status, status_at, events, messages, deadline, call, held, created_at, ended_at)
			SELECT 't' || i, 'c' || i / 2, 'i' || i % 20, 'a' || i % 300, '', 'r' || i, CASE WHEN i % 50 = 0 THEN 'auth-required' WHEN i % 10 < 2 THEN 'working' ELSE 'completed' END,
			CASE WHEN i % 10 < 2 AND i % 2 = 0 THEN 1 ELSE 0 END, '{}', i, 5, 2, i, '{}', 0, i, i FROM generate_series(1, 6000) AS i`,
		`INSERT INTO task_messages (task, n, installation, account, message, role, body, digest)
			SELECT 't' || i, n, 'i' || i % 20, 'a' || i % 300, 'm' || i || '.' || n, 'user', '{}', '' FROM generate_series(1, 6000) AS i, generate_series(1, 2) AS n`,
		`INSERT INTO task_events (task, seq, once, artifact, body)
			SELECT 't' || i, n, 'k' || n, CASE WHEN n > 3 THEN 'a' ELSE '' END, '{}' FROM generate_series(1, 6000) AS i, generate_series(1, 5) AS n`,
		`INSERT INTO task_asks (task, once, pos, signal, status) SELECT 't' || i, 'q', 1, 's' || i, '{}' FROM generate_series(1, 3000) AS i`,
		`INSERT INTO task_pushes (task, id, url, token, schemes, credentials, version, created_at, told, next_at)
			SELECT 't' || i, 'p', '', '', '', '', '', 1, 1, CASE WHEN i % 10 = 0 THEN i END FROM generate_series(1, 3000) AS i`,
	} {
		_, err := s.db.ExecContext(t.Context(), statement)
		must(t, err)
	}
}

// TestManifestsWithoutRunsAreFoundQuickly has more runs than fit into the memory
// that a statement may take.
func TestManifestsWithoutRunsAreFoundQuickly(t *testing.T) {
	s := postgresDatabase(t).store(t, nil)
	var runs []Run
	for i := range 4000 {
		r := projectRun(fmt.Sprint("r", i), "P")
		r.State, r.Revision = StateRejected, fmt.Sprint("rev", i%10)
		runs = append(runs, r)
	}
	admitRuns(t, s, runs...)
	conn, err := s.db.Conn(t.Context())
	must(t, err)
	defer conn.Close()
	for _, statement := range []string{`ANALYZE`, `SET work_mem = '64kB'`, `SET hash_mem_multiplier = 1`} {
		_, err = conn.ExecContext(t.Context(), statement)
		must(t, err)
	}
	rows, err := conn.QueryContext(t.Context(), `EXPLAIN `+unusedSQL)
	must(t, err)
	lines, err := collectStrings(rows)
	must(t, err)
	if plan := strings.Join(lines, "\n"); !strings.Contains(plan, "hashed SubPlan") {
		t.Errorf("plan is\n%s", plan)
	}
}

// recordSteps records the first n steps of a run.
func recordSteps(tx tx, s *Store, c Claim, n int) error {
	for i := range n {
		row, err := encodeRecord(Record{Entry: toolStep(i), Pos: i})
		if err != nil {
			return err
		}
		if _, err := s.record(tx, c, StateRunning, row); err != nil {
			return err
		}
	}
	return nil
}
