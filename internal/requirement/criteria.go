package requirement

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const (
	criterionPrefix = "ac-"
	// maxMade bounds the numbers of criteria.
	maxMade = 1 << 20
)

// numberOf is the number in an id such as "ac-2"; 0 for other ids.
func numberOf(id string) int {
	digits, ok := strings.CutPrefix(id, criterionPrefix)
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}

// criteria gives each criterion the id that it has, or a new one.
func (r *recorder) criteria(old Requirement, texts []string, change *Change) ([]Criterion, int) {
	texts = distinct(texts)
	of := pairCriteria(old.Criteria, texts)
	made := old.Made
	for _, c := range old.Criteria {
		made = max(made, min(numberOf(c.ID), maxMade))
	}
	var out []Criterion
	for i, text := range texts {
		if of[i] >= 0 {
			c := old.Criteria[of[i]]
			if folded(c.Text) != folded(text) {
				change.Edited = append(change.Edited, c.ID)
			}
			out = append(out, Criterion{c.ID, text})
			continue
		}
		made++
		id := criterionPrefix + itoa(made)
		out = append(out, Criterion{id, text})
		change.Added = append(change.Added, id)
	}
	for j, c := range old.Criteria {
		if !slices.Contains(of, j) {
			change.Dropped = append(change.Dropped, c.ID)
		}
	}
	return out, made
}

// distinct leaves out empty texts and repeats.
func distinct(texts []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, t := range texts {
		t = strings.Join(strings.Fields(t), " ")
		if t != "" && !seen[folded(t)] {
			seen[folded(t)] = true
			out = append(out, t)
		}
	}
	return out
}

// pairCriteria tells for each text which criterion it is, or -1: the same text
// first, then the most similar.
func pairCriteria(old []Criterion, texts []string) []int {
	of := make([]int, len(texts))
	used := make([]bool, len(old))
	for i, text := range texts {
		of[i] = slices.IndexFunc(old, func(c Criterion) bool { return folded(c.Text) == folded(text) })
		if of[i] >= 0 && used[of[i]] {
			of[i] = -1
		}
		if of[i] >= 0 {
			used[of[i]] = true
		}
	}
	var pairs []pair
	for i, text := range texts {
		for j, c := range old {
			if of[i] < 0 && !used[j] {
				if score := similar(newSketch(text), newSketch(c.Text)); score >= sameText {
					pairs = append(pairs, pair{i, j, score})
				}
			}
		}
	}
	ordered(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(old[a.r].ID, old[b.r].ID), strings.Compare(folded(texts[a.f]), folded(texts[b.f])))
	})
	for _, p := range pairs {
		if of[p.f] < 0 && !used[p.r] {
			of[p.f], used[p.r] = p.r, true
		}
	}
	return of
}
