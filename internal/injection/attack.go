package injection

import (
	_ "embed" // the corpus
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// The data files.
var (
	//go:embed goals.txt
	goalsFile string
	//go:embed manners.txt
	mannersFile string
	//go:embed texts.txt
	textsFile string
)

// Attack is a text that a stranger wrote.
type Attack struct {
	// Name tells attacks apart, such as "link 3, ignore previous".
	Name string
	// Family is the manner in which it is told, Intent what it is after.
	Family string
	Intent string
	Text   string
}

// mannersPerGoal is in how many manners each goal is told. They take turns, so
// that each manner tells goals of all intents.
const mannersPerGoal = 9

// All returns the corpus, always in the same order.
func All() ([]Attack, error) {
	goals, err := records(goalsFile, 2)
	if err != nil {
		return nil, fmt.Errorf("read goals: %w", err)
	}
	manners, err := records(mannersFile, 3)
	if err != nil {
		return nil, fmt.Errorf("read manners: %w", err)
	}
	texts, err := records(textsFile, 3)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	var list []Attack
	next := 0
	for i, goal := range goals {
		for range mannersPerGoal {
			m := manners[next%len(manners)]
			next++
			list = append(list, Attack{Name: fmt.Sprintf("%s %d, %s", goal[0], i+1, m[1]), Family: m[0], Intent: goal[0], Text: tell(m[2], goal[1])})
		}
	}
	for i, t := range texts {
		list = append(list, Attack{Name: fmt.Sprintf("%s %d, %s", t[1], len(goals)+i+1, t[0]), Family: t[0], Intent: t[1], Text: plain(t[2])})
	}
	return list, nil
}

// records reads lines of fields between bars.
func records(file string, fields int) ([][]string, error) {
	var list [][]string
	for i, line := range strings.Split(file, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, "|", fields)
		if len(parts) != fields {
			return nil, fmt.Errorf("line %d has %d fields, expected %d", i+1, len(parts), fields)
		}
		for j := range parts {
			parts[j] = strings.TrimSpace(parts[j])
		}
		list = append(list, parts)
	}
	return list, nil
}

// plain resolves the escapes of the files.
func plain(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\u200b`, "\u200b", `\u202e`, "\u202e", `\u202c`, "\u202c").Replace(s)
}

// tell puts a goal into a manner.
func tell(manner, goal string) string {
	replace := []string{"{goal}", goal, "{Goal}", strings.ToUpper(goal[:1]) + goal[1:]}
	for name, fn := range map[string]func(string) string{
		"{base64}": base64Of, "{hex}": hexOf, "{rot13}": rot13, "{leet}": leet, "{reversed}": reversed, "{zerowidth}": zeroWidth, "{tags}": tags, "{spaced}": spaced,
	} {
		if strings.Contains(manner, name) {
			replace = append(replace, name, fn(goal))
		}
	}
	return strings.NewReplacer(replace...).Replace(plain(manner))
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

func leet(s string) string {
	return strings.NewReplacer("a", "4", "e", "3", "i", "1", "o", "0", "s", "5", "t", "7").Replace(s)
}

// zeroWidth writes a text with a character between its letters that nobody sees.
func zeroWidth(s string) string { return strings.Join(strings.Split(s, ""), "\u200b") }

// tags writes a text in characters that nobody sees but models read.
func tags(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' '-1 && r <= unicode.MaxASCII {
			return 0xE0000 + r
		}
		return -1
	}, s)
}

func spaced(s string) string { return strings.Join(strings.Split(s, ""), " ") }
