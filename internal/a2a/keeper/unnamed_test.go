package keeper_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestAConfigurationWithoutAnIDIsOneIn03AndNewIn10(t *testing.T) {
	s := newSuiteSystem(t, "http://localhost:1", false)
	for version, want := range map[string]int{"0.3": 1, "1.0": 3} {
		call := a2a.Call{Caller: a2a.Caller{Installation: version}, Version: version}
		config := a2a.PushConfig{URL: "https://example.com/1", Version: version}
		reply, err := s.Keeper.Send(t.Context(), call, a2a.SendRequest{Push: &config, Message: a2a.Message{ID: "m", Role: a2a.User, Parts: []a2a.Part{a2a.TextOf("x")}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{"https://example.com/2", "https://example.com/3"} {
			config.TaskID, config.URL = reply.Task.ID, url
			if _, err := s.SetPush(t.Context(), call, config); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.ListPush(t.Context(), call, reply.Task.ID)
		if err != nil || len(list) != want {
			t.Fatalf("%s: %+v, %v", version, list, err)
		}
		if got, err := s.GetPush(t.Context(), call, reply.Task.ID, ""); err != nil || want == 1 && (got.URL != "https://example.com/3" || got.ID != "default") {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
}
