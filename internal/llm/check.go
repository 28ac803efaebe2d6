package llm

// checkMessages refuses a conversation that no provider takes: an empty one, a
// tool call without its answer or an answer without its call.
func (m *model) checkMessages(messages []Message) error {
	if len(messages) == 0 {
		return m.invalid("there is no message")
	}
	open := map[string]bool{}
	for i, msg := range messages {
		if msg.Role != ToolRole && len(open) > 0 {
			return m.invalid("message %d comes before the tool call %q is answered", i, anyKey(open))
		}
		switch msg.Role {
		case User:
		case Assistant:
			for _, c := range msg.ToolCalls {
				if c.ID == "" || open[c.ID] {
					return m.invalid("message %d has a tool call without an id of its own", i)
				}
				open[c.ID] = true
			}
		case ToolRole:
			if !open[msg.ToolCallID] {
				return m.invalid("message %d answers the tool call %q, which is not open", i, clip(msg.ToolCallID))
			}
			delete(open, msg.ToolCallID)
		default:
			return m.invalid("message %d has the unknown role %q", i, clip(string(msg.Role)))
		}
	}
	if len(open) > 0 {
		return m.invalid("the tool call %q is not answered", anyKey(open))
	}
	return nil
}

// anyKey gives the smallest key, so that the same fault has the same message.
func anyKey(set map[string]bool) string {
	least, first := "", true
	for k := range set {
		if first || k < least {
			least, first = k, false
		}
	}
	return clip(least)
}
