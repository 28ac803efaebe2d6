package duty

// Opening is what people are told when the work on a task begins, by the type of
// its event, such as "Triager is reviewing AW26-11".
func Opening(agent, eventType, issue string) string {
	who := plain(agent)
	if who == "" {
		who = "The agent"
	}
	switch {
	case eventType == TypeMentioned:
		return who + " is reviewing your comment."
	case eventType == TypeAssigned && issue != "":
		return who + " is reviewing " + plain(issue) + "."
	case eventType == TypeAssigned:
		return who + " is reviewing the work item."
	}
	return who + " is working on your message."
}
