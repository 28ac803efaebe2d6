package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEvent bounds one event of a stream.
const maxEvent = 16 << 20

var errLongEvent = errors.New("read stream: an event is larger than 16 MiB")

// events reads server-sent events as the HTML standard has them, section 9.2.
type events struct {
	in *bufio.Reader
	// returned says that the last line ended with a carriage return.
	returned bool
}

func newEvents(in io.Reader) *events { return &events{in: bufio.NewReaderSize(in, 1<<16)} }

// next returns the data of the next event that has some, or io.EOF. An event that
// the end of the stream cuts off is none.
func (e *events) next() ([]byte, error) {
	var data []byte
	some := false
	for {
		line, err := e.line()
		if err != nil {
			return nil, err
		}
		switch value, ok := bytes.CutPrefix(line, []byte("data")); {
		case len(line) == 0 && some:
			return data[:len(data)-1], nil
		case !ok || len(value) > 0 && value[0] != ':':
			// comments, and fields that are none of ours
		default:
			value = bytes.TrimPrefix(bytes.TrimPrefix(value, []byte(":")), []byte(" "))
			data, some = append(append(data, value...), '\n'), true
			if len(data) > maxEvent {
				return nil, errLongEvent
			}
		}
	}
}

// line reads to the end of a line, which is a line feed, a carriage return, or
// both. What follows a carriage return is looked at with the next line: it may not
// have come yet.
func (e *events) line() ([]byte, error) {
	var line []byte
	for {
		b, err := e.in.ReadByte()
		if err != nil {
			return nil, err
		}
		second := e.returned && b == '\n'
		e.returned = b == '\r'
		switch {
		case second:
			continue
		case b == '\n', b == '\r':
			return line, nil
		}
		if line = append(line, b); len(line) > maxEvent {
			return nil, errLongEvent
		}
	}
}
