package main

// scenarios are all there are, in the order of playing.
func scenarios() []scenario {
	return []scenario{
		{"sqlite-kill", "one daemon on SQLite is killed every 0.3 to 2 s while Jira fails", sqliteKill},
	}
}
