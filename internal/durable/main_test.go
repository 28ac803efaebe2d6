package durable

import (
	"testing"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

// tests are those of this package, with the server that some of them share.
type tests struct{ m *testing.M }

func (t tests) Run() int { return pgtest.Run(t.m) }

func TestMain(m *testing.M) { leak.Main(tests{m}) }
