package main

// scenarios are all there are, in the order of playing.
func scenarios() []scenario {
	return []scenario{
		{"sqlite-kill", "one daemon on SQLite is killed every 0.3 to 2 s while Jira fails", sqliteKill},
		{"kill-points", "the daemon is killed at every request from accepting to done", killPoints},
		{"pg-replicas", "three replicas on PostgreSQL are killed and frozen, their database is crashed", pgReplicas},
		{"jira-storm", "Jira asks for pauses, fails, and cuts connections behind writes", jiraStorm},
		{"disk-trouble", "the disk below SQLite is full, read-only, and fails to sync", diskTrouble},
		{"db-away", "the database of three replicas is away", databaseAway},
		{"power-loss", "the power is cut: what was not synced is dropped, kept or torn", powerLoss},
		{"dedupe-sqlite", "deliveries come again, in a crowd, and weeks later", dedupeSQLite},
		{"dedupe-pg", "the same with three replicas on PostgreSQL", dedupePostgres},
		{"loops", "the daemon answers itself, another daemon, and strangers' automations", loops},
		{"backlog", "deliveries pile up while Jira and the model are away", backlog},
		{"soak", "a steady stream, of which nothing may be left in memory", soak},
		{"rolling-pg", "three replicas are restarted one after the other under load", rollingReplicas},
		{"rolling-sqlite", "one daemon on SQLite is restarted again and again under load", rollingSingle},
	}
}
