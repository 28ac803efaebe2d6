package prompt

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestEveryKindOfVariableHasAText(t *testing.T) {
	type plain struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
	}
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"string":         {"a", "a"},
		"empty":          {"", ""},
		"nil":            {nil, ""},
		"true":           {true, "true"},
		"false":          {false, "false"},
		"int":            {7, "7"},
		"negative":       {-7, "-7"},
		"int64":          {int64(1640000000000), "1640000000000"},
		"int32":          {int32(5), "5"},
		"uint":           {uint(5), "5"},
		"float":          {2.5, "2.5"},
		"whole float":    {10001.0, "10001"},
		"huge float":     {1e300, "1e+300"},
		"number":         {json.Number("42"), "42"},
		"decimal":        {json.Number("4.5"), "4.5"},
		"bad number":     {json.Number("x"), "x"},
		"huge number":    {json.Number("123456789012345678901234567890"), "1.2345678901234568e+29"},
		"time":           {time.Date(2024, 1, 15, 9, 30, 0, 0, time.UTC), "2024-01-15T09:30:00Z"},
		"zone":           {time.Date(2024, 1, 15, 9, 30, 0, 0, time.FixedZone("", 3600)), "2024-01-15T09:30:00+01:00"},
		"strings":        {[]string{"a", "b"}, `["a","b"]`},
		"no strings":     {[]string{}, "[]"},
		"nil strings":    {[]string(nil), "[]"},
		"list":           {[]any{1, "b", nil, true, 2.5}, `[1,"b",null,true,2.5]`},
		"map":            {map[string]any{"b": 1, "a": nil}, `{"a":null,"b":1}`},
		"nested":         {map[string]any{"a": []any{map[string]any{"b": "c"}}}, `{"a":[{"b":"c"}]}`},
		"typed map":      {map[string]string{"a": "b"}, `{"a":"b"}`},
		"typed list":     {[]map[string]any{{"a": 1}}, `[{"a":1}]`},
		"struct":         {plain{"n", 2}, `{"count":2,"name":"n"}`},
		"pointer":        {&plain{"n", 2}, `{"count":2,"name":"n"}`},
		"nil pointer":    {(*plain)(nil), ""},
		"raw JSON":       {json.RawMessage(`{"id":10001}`), `{"id":10001}`},
		"broken JSON":    {json.RawMessage(`{`), ""},
		"function":       {func() {}, ""},
		"channel":        {make(chan int), ""},
		"not a number":   {math.NaN(), "nan"},
		"infinite":       {math.Inf(1), "inf"},
		"duration":       {time.Second, "1000000000"},
		"html":           {"<b>&'\"", "<b>&'\""},
		"in a list":      {[]string{"<b>&'\""}, `["<b>&'\""]`},
		"unicode":        {[]string{"ü\u2028"}, "[\"ü\\u2028\"]"},
		"invalid UTF-8":  {"a\xffb", "a\xffb"},
		"bytes":          {[]byte("ab"), "YWI="},
		"nan in a list":  {[]any{math.NaN()}, "[null]"},
		"deep beyond it": {deepList(40), deepText(33)},
	} {
		if got := render(t, "{{ v }}", map[string]any{"v": c.in}); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// deepList nests lists.
func deepList(n int) any {
	var v any = "leaf"
	for range n {
		v = []any{v}
	}
	return v
}

// deepText is what is left of lists that nest too deep.
func deepText(n int) string {
	s := "null"
	for range n {
		s = "[" + s + "]"
	}
	return s
}

func TestNamespacesHoldWhatTheyAreGiven(t *testing.T) {
	for source, want := range map[string]string{
		"{% set ns = namespace(a=1, b='x') %}{{ ns.a }}{{ ns.b }}{{ ns.c }}":                           "1x",
		"{% set ns = namespace({'a': 1}) %}{{ ns.a }}":                                                 "1",
		"{% set ns = namespace({'a': 1}, a=2) %}{{ ns.a }}":                                            "2",
		"{% set ns = namespace() %}{% set ns.l = [1, 2] %}{{ ns.l|join }}":                             "12",
		"{% set ns = namespace(n=0) %}{% for i in range(5) %}{% set ns.n = i %}{% endfor %}{{ ns.n }}": "4",
		"{% set ns = namespace(a=1) %}{{ ns['a'] }}":                                                   "1",
		"{% set a = namespace() %}{% set b = namespace(x=a) %}[{{ b.x }}]":                             "[]",
	} {
		if got := render(t, source, nil); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}

func TestFiltersRefuseWhatTheyCannotDo(t *testing.T) {
	for source, want := range map[string]string{
		"{{ 'a'|truncate(-1) }}":              "length has to be a number from 0 to 10000",
		"{{ 'a'|truncate('x') }}":             "length has to be a number",
		"{{ 'a'|truncate(5, leeway=99999) }}": "leeway has to be a number",
		"{{ 'a'|center(10001) }}":             "width has to be a number",
		"{{ 'a'|indent(10001) }}":             "width has to be a number",
		"{{ 'a'|replace('a') }}":              "replace needs what to replace and by what",
		"{{ 'a'|replace('a', 'b', -1) }}":     "count has to be a number",
		"{{ [1]|batch(10001) }}":              "batch: the number has to be",
		"{{ [1]|slice(-1) }}":                 "slice: the number has to be",
		"{{ 1.5|round(10001) }}":              "round: the number has to be",
		"{{ '%12345d'|format(1) }}":           "the width or precision is too large",
		"{{ debug() }}":                       "unknown function: debug",
		"{{ lipsum() }}":                      "unknown function: lipsum",
		"{{ range(1000000) }}":                "too many elements",
		"{{ 1 // 0 }}":                        "division by zero",
	} {
		tmpl, err := Compile("t", source)
		if err != nil {
			t.Errorf("Compile(%q): %v", source, err)
			continue
		}
		if out, err := tmpl.Render(nil); err == nil || !contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", source, out, err, want)
		}
	}
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestEngineFiltersWork(t *testing.T) {
	for source, want := range map[string]string{
		"{{ ' a '|trim }}":                                   "a",
		"{{ 'aB'|lower }}{{ 'aB'|upper }}":                   "abAB",
		"{{ 'a b'|title }}{{ 'aB'|capitalize }}":             "A BAb",
		"{{ [3, 1, 2]|sort|join }}":                          "123",
		"{{ [1, 2]|reverse|list|join }}":                     "21",
		"{{ [1, 1, 2]|unique|list|join }}":                   "12",
		"{{ [1, 2]|sum }}{{ [1, 2]|max }}{{ [1, 2]|min }}":   "321",
		"{{ [1, 2]|first }}{{ [1, 2]|last }}":                "12",
		"{{ '5'|int + 1 }}":                                  "6",
		"{{ -3|abs }}":                                       "3",
		"{{ 2.567|round(1) }}":                               "2.6",
		"{{ 'a b&c'|urlencode }}":                            "a%20b%26c",
		"{{ 'a,b'|split(',')|list }}":                        `["a","b"]`,
		"{{ 'a\nb'|lines|list }}":                            `["a","b"]`,
		"{{ [1,2,3]|batch(2)|list }}":                        "[[1,2],[3]]",
		"{{ [{'a': 1}, {'a': 2}]|map(attribute='a')|join }}": "12",
		"{{ ['a', '']|select|list|length }}":                 "1",
		"{{ [1, 2]|reject('odd')|list }}":                    "[2]",
		"{{ [{'a': 1}, {'a': 0}]|selectattr('a')|list }}":    `[{"a":1}]`,
		"{{ {'b': 1, 'a': 2}|dictsort }}":                    `[["a",2],["b",1]]`,
		"{{ {'a': 1}|items|list }}":                          `[["a",1]]`,
		"{{ 5|string ~ 'x' }}":                               "5x",
		"{{ 'x'|bool }}":                                     "true",
		"{{ '1.5'|float }}":                                  "1.5",
		"{{ 'abc'|length }}{{ [1]|count }}":                  "31",
		"{{ [[1], [2]]|map('first')|list }}":                 "[1,2]",
		"{{ {'a': 1}|attr('a') }}":                           "1",
		"{{ [1]|zip([2])|list }}":                            "[[1,2]]",
		"{{ [1]|chain([2])|list }}":                          "[1,2]",
		"{{ [1,2,3]|slice(2)|list }}":                        "[[1,2],[3]]",
	} {
		if got := render(t, source, nil); got != want {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
	}
}
