package fit

import (
	"testing"

	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
