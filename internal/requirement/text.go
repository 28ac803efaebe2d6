package requirement

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
)

// folded is a text as it is compared: words in lower case with single spaces, and
// without Markdown's marks.
func folded(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("*_`~\\", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// words are the words of a text in lower case.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// key is a name as it is compared: by its words, as "REQ 1" and "req-1"; "" of one
// without any.
func key(name string) string { return strings.Join(words(name), "-") }

// same reports whether two names have the same words.
func same(a, b string) bool {
	left := key(a)
	return left != "" && left == key(b)
}

// maxSlug bounds an id, in characters.
const maxSlug = 48

// slug makes a readable id of a text: letters and digits with dashes between; "" of
// a text without any.
func slug(s string) string {
	var b strings.Builder
	n := 0
	for _, w := range words(s) {
		if n > 0 && n+1+len([]rune(w)) > maxSlug {
			break
		}
		if n > 0 {
			b.WriteByte('-')
			n++
		}
		for _, r := range w {
			if n < maxSlug {
				b.WriteRune(r)
				n++
			}
		}
	}
	return b.String()
}

// Slug is what a heading reads as in an address: its words with dashes between.
func Slug(heading string) string { return slug(heading) }

// fingerprint tells texts apart. White space, marks and the case of letters do not
// count.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(folded(p)))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Sketch is a set of hashes of words, as much of them as fits: enough to tell how
// similar two texts are, and nothing of what they say.
type Sketch []uint16

// maxSketch bounds how many words a sketch holds.
const maxSketch = 32

// newSketch makes the sketch of a text: the smallest of its words' hashes, so that
// sketches of the same words are the same.
func newSketch(texts ...string) Sketch {
	var out Sketch
	for _, text := range texts {
		for _, w := range words(text) {
			h := fnv.New32a()
			h.Write([]byte(w))
			sum := h.Sum32()
			out = append(out, uint16(sum>>16)^uint16(sum&0xffff))
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > maxSketch {
		out = out[:maxSketch]
	}
	return out
}

// shared counts what two sketches can both know of and what both have.
func shared(a, b Sketch) (both, left, right int) {
	// Of a text that has more words only those up to a bound are known.
	bound := uint16(0xffff)
	for _, s := range []Sketch{a, b} {
		if len(s) >= maxSketch {
			bound = min(bound, s[len(s)-1])
		}
	}
	for _, h := range a {
		if h > bound {
			break
		}
		left++
		if _, ok := slices.BinarySearch(b, h); ok {
			both++
		}
	}
	for _, h := range b {
		if h > bound {
			break
		}
		right++
	}
	return both, left, right
}

// similar tells from 0 to 1 how many of the words of two texts are in both.
func similar(a, b Sketch) float64 {
	both, left, right := shared(a, b)
	if both == 0 {
		return 0
	}
	return float64(both) / float64(left+right-both)
}

// within tells from 0 to 1 how many of the words of a are in b.
func within(a, b Sketch) float64 {
	both, left, _ := shared(a, b)
	if both == 0 {
		return 0
	}
	return float64(both) / float64(left)
}

// MarshalJSON writes a sketch as base64 of its hashes.
func (s Sketch) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, 2*len(s))
	for _, h := range s {
		raw = binary.BigEndian.AppendUint16(raw, h)
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(raw))
}

// UnmarshalJSON reads a sketch. What is none is an empty one: a register is worth
// more than the sketches in it.
func (s *Sketch) UnmarshalJSON(text []byte) error {
	*s = nil
	var encoded string
	if json.Unmarshal(text, &encoded) != nil {
		return nil //nolint:nilerr // see above
	}
	raw, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	for len(raw) >= 2 && len(*s) < maxSketch {
		*s = append(*s, binary.BigEndian.Uint16(raw))
		raw = raw[2:]
	}
	return nil
}
