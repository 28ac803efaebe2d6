package main

// scenarios are all there are, in the order of playing.
func scenarios() []scenario {
	return []scenario{
		{"sqlite-kill", "one daemon on SQLite is killed every 0.3 to 2 s while Jira fails", sqliteKill},
		{"pg-replicas", "three replicas on PostgreSQL are killed and frozen, their database is crashed", pgReplicas},
		{"jira-storm", "Jira asks for pauses, fails, and cuts connections behind writes", jiraStorm},
		{"rolling-pg", "three replicas are restarted one after the other under load", rollingReplicas},
		{"rolling-sqlite", "one daemon on SQLite is restarted again and again under load", rollingSingle},
	}
}
