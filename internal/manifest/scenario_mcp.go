package manifest

import "maps"

// answersOf reads what tools of MCP servers answer.
func answersOf(decl mapping[mapping[rawStr]]) map[string]map[string]string {
	if len(decl.entries) == 0 {
		return nil
	}
	out := map[string]map[string]string{}
	for _, server := range decl.entries {
		out[server.key] = map[string]string{}
		for _, tool := range server.value.entries {
			out[server.key][tool.key] = tool.value.value
		}
	}
	return out
}

// bothServers adds to what servers answer in all cases what they do in one.
func bothServers(all, one map[string]map[string]string) map[string]map[string]string {
	if len(one) == 0 {
		return all
	}
	out := maps.Clone(all)
	if out == nil {
		out = map[string]map[string]string{}
	}
	for server, tools := range one {
		sum := maps.Clone(out[server])
		if sum == nil {
			sum = map[string]string{}
		}
		maps.Copy(sum, tools)
		out[server] = sum
	}
	return out
}
