package inbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

// hashSize is the length of the hashes under which identities are kept. Half a
// SHA-256 is still out of reach for a collision and halves the index.
const hashSize = 16

// hash names a key of a source and site. Lengths go in, so that no two triples
// give the same bytes.
func hash(source, site, key string) [hashSize]byte {
	var buf [256]byte
	b := buf[:0]
	for _, s := range []string{source, site, key} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return [hashSize]byte(sum[:hashSize])
}

// maxPooled is the largest buffer that is kept for the next body.
const maxPooled = 64 << 10

// packer compresses bodies. Payloads shrink to about a third, which saves more
// time in the write-ahead log than it costs.
type packer struct{ pool sync.Pool }

func (p *packer) pack(body []byte) []byte {
	var buf []byte
	if b, ok := p.pool.Get().(*[]byte); ok {
		buf = (*b)[:cap(*b)]
	}
	return s2.Encode(buf, body)
}

// recycle takes back what pack returned.
func (p *packer) recycle(block []byte) {
	if cap(block) <= maxPooled {
		p.pool.Put(&block)
	}
}

// maxBody is the largest body that is stored or believed to have been.
const maxBody = 256 << 20

func unpack(block []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(block); err != nil || n > maxBody {
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

func packHeaders(h map[string]string) (string, error) {
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

func packNames(names []string) string { return strings.Join(names, "\n") }

func unpackNames(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// jsonOrNil is the value of a JSON column: the text, or NULL for none.
func jsonOrNil(raw json.RawMessage) any {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	return string(raw)
}
