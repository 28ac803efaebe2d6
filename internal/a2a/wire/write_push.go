package wire

import (
	"net/http"

	"github.com/aofctl/aofctl/internal/a2a"
)

type push10 struct {
	ID             string  `json:"id,omitempty"`
	TaskID         string  `json:"taskId,omitempty"`
	URL            string  `json:"url"`
	Token          string  `json:"token,omitempty"`
	Authentication *auth10 `json:"authentication,omitempty"`
}

type auth10 struct {
	Scheme      string `json:"scheme"`
	Credentials string `json:"credentials,omitempty"`
}

type pushList10 struct {
	Configs       []push10 `json:"configs"`
	NextPageToken string   `json:"nextPageToken"`
}

type push03 struct {
	TaskID string       `json:"taskId"`
	Config pushConfig03 `json:"pushNotificationConfig"`
}

type pushConfig03 struct {
	ID             string  `json:"id,omitempty"`
	URL            string  `json:"url"`
	Token          string  `json:"token,omitempty"`
	Authentication *auth03 `json:"authentication,omitempty"`
}

type auth03 struct {
	Schemes     []string `json:"schemes"`
	Credentials string   `json:"credentials,omitempty"`
}

func push10Of(c a2a.PushConfig) push10 {
	out := push10{ID: c.ID, TaskID: c.TaskID, URL: c.URL, Token: c.Token}
	if len(c.Schemes) > 0 {
		out.Authentication = &auth10{Scheme: c.Schemes[0], Credentials: c.Credentials}
	}
	return out
}

func push03Of(c a2a.PushConfig) push03 {
	out := push03{TaskID: c.TaskID, Config: pushConfig03{ID: c.ID, URL: c.URL, Token: c.Token}}
	if len(c.Schemes) > 0 {
		out.Config.Authentication = &auth03{Schemes: c.Schemes, Credentials: c.Credentials}
	}
	return out
}

// Notification writes what the receiver of a configuration is sent of a change,
// with its headers: the event in 1.0, section 4.3.3, and the task, as it is after
// the event, in 0.3.
func Notification(c a2a.PushConfig, e a2a.Event, t a2a.Task) ([]byte, http.Header, error) {
	value, contentType := any(task03Of(t, Plain03)), "application/json"
	if c.Version == Plain10.Version() {
		value, contentType = event10(e), "application/a2a+json"
	}
	body, err := marshal(value)
	if err != nil {
		return nil, nil, err
	}
	header := http.Header{"Content-Type": {contentType}}
	if c.Token != "" {
		header.Set("X-A2A-Notification-Token", c.Token)
	}
	if len(c.Schemes) > 0 && c.Credentials != "" {
		header.Set("Authorization", c.Schemes[0]+" "+c.Credentials)
	}
	return body, header, nil
}
