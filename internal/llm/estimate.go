package llm

// EstimateTokens guesses how many tokens a request takes, at three bytes each:
// what was measured for Jira's JSON, and more than prose takes. It is for
// budgets before a call; after it, Response.Usage says what it was.
func EstimateTokens(req Request) int {
	n := len(req.System)
	for _, m := range req.Messages {
		n += len(m.Text) + 8
		for _, c := range m.ToolCalls {
			n += len(c.Name) + len(c.Args) + 8
		}
	}
	for _, t := range req.Tools {
		n += len(t.Name) + len(t.Description) + len(t.Parameters) + 8
	}
	return (n + 2) / 3
}
