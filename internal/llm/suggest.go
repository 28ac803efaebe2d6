package llm

import "strings"

// nearest gives the name that somebody most likely meant, or "". What people
// call a provider by its product is known too.
func nearest(name string, names []string) string {
	name = strings.ToLower(name)
	switch name {
	case "gemini", "vertex", "googleai", "google-ai":
		return "google"
	case "claude":
		return "anthropic"
	case "gpt", "chatgpt":
		return "openai"
	}
	best, bestDist := "", 3
	for _, n := range names {
		if d := distance(name, n); d < bestDist && d < len(n) {
			best, bestDist = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes, cut short for long names.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diag+cost)
			diag, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
