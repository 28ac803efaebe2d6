// Package codec is how the inbox writes deliveries into the columns of a
// database, the same on each.
package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
)

// HashSize is the length of the hashes under which identities are kept. Half a
// SHA-256 is still out of reach for a collision and halves the index.
const HashSize = 16

// Hash names a key of a source and site. Lengths go in, so that no two triples
// give the same bytes.
func Hash(source, site, key string) [HashSize]byte {
	var buf [256]byte
	b := buf[:0]
	for _, s := range []string{source, site, key} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return [HashSize]byte(sum[:HashSize])
}

// maxPooled is the largest buffer that is kept for the next body.
const maxPooled = 64 << 10

// Packer compresses bodies. Payloads shrink to about a third, which saves more
// time in the write-ahead log than it costs.
type Packer struct{ pool sync.Pool }

// Pack returns the body as one S2 block.
func (p *Packer) Pack(body []byte) []byte {
	var buf []byte
	if b, ok := p.pool.Get().(*[]byte); ok {
		buf = (*b)[:cap(*b)]
	}
	return s2.Encode(buf, body)
}

// Recycle takes back what Pack returned, once nothing uses it any more.
func (p *Packer) Recycle(block []byte) {
	if cap(block) <= maxPooled {
		p.pool.Put(&block)
	}
}

// MaxBody is the largest body that is stored or believed to have been.
const MaxBody = 256 << 20

// Unpack reads a stored payload: headers from PackHeaders and a block from Pack.
// A damaged one gives an error.
func Unpack(headers string, block []byte) (map[string]string, []byte, error) {
	h, err := unpackHeaders(headers)
	if err != nil {
		return nil, nil, err
	}
	body, err := unpackBody(block)
	if err != nil {
		return nil, nil, err
	}
	return h, body, nil
}

func unpackBody(block []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(block); err != nil || n > MaxBody {
		return nil, fmt.Errorf("decompress body: %d bytes announced: %w", n, s2.ErrCorrupt)
	}
	body, err := s2.Decode(nil, block)
	if err != nil {
		return nil, fmt.Errorf("decompress body: %w", err)
	}
	// An empty body is not a missing one, which is nil.
	if body == nil {
		body = []byte{}
	}
	return body, nil
}

// PackHeaders returns the headers as a JSON object.
func PackHeaders(h map[string]string) (string, error) {
	if len(h) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("encode headers: %w", err)
	}
	return string(text), nil
}

func unpackHeaders(text string) (map[string]string, error) {
	var h map[string]string
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, fmt.Errorf("decode headers: %w", err)
	}
	return h, nil
}

// PackNames returns names that have no line break in them as one text.
func PackNames(names []string) string { return strings.Join(names, "\n") }

// UnpackNames reads what PackNames returned.
func UnpackNames(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
