package app

import (
	"errors"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestAnAnswerThatNobodyCouldReadIsNotBegun(t *testing.T) {
	_, err := guarded{}.Send(t.Context(), a2a.Call{}, a2a.SendRequest{OutputModes: []string{"image/png"}})
	var told *a2a.Error
	if !errors.As(err, &told) || told.Code != a2a.CodeContentType {
		t.Errorf("the error is %v, want the code of content types", err)
	}
}
