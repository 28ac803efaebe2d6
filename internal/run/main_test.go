package run_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
