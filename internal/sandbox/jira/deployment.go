package jira

import (
	"fmt"
	"strconv"
	"strings"
)

// Deployment is the kind of Jira that a site is; Jira itself tells it as
// deploymentType. The two kinds name users, page searches and send webhooks
// differently, and each refuses what only the other knows.
type Deployment string

// The deployments. DataCenter calls itself "Server", as the real one does.
const (
	Cloud      Deployment = "cloud"
	DataCenter Deployment = "dc"
)

// ParseDeployment reads "cloud" or "dc", in any case; the error names both.
func ParseDeployment(text string) (Deployment, error) {
	for _, d := range []Deployment{Cloud, DataCenter} {
		if strings.EqualFold(text, string(d)) {
			return d, nil
		}
	}
	return "", fmt.Errorf("read deployment %q: it is neither %q nor %q", text, Cloud, DataCenter)
}

// DataCenterVersion is the version of Jira Data Center that a site is unless
// its options say otherwise.
const DataCenterVersion = "10.3.24"

// versionNumbers are the parts of a version such as "10.3.24". The error says
// what is wrong with it.
func versionNumbers(version string) ([]int, error) {
	parts := strings.Split(version, ".")
	out := make([]int, len(parts))
	for at, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("read version %q: it is not numbers with dots between", version)
		}
		out[at] = n
	}
	return out, nil
}

// serverInfo is what a site says of itself.
func (t *tx) serverInfo() obj {
	out := obj{"baseUrl": t.st.base, "serverTime": jiraTime(t.now), "serverTitle": "Jira"}
	if t.st.dc {
		out["version"], out["versionNumbers"] = t.st.version, t.st.versionNumbers
		out["deploymentType"], out["buildNumber"] = "Server", 10030024
		out["buildDate"], out["databaseBuildNumber"] = "2026-08-01T00:00:00.000+0000", 10030024
		out["scmInfo"] = "5a9d0b0c7e574a0f8000"
		return out
	}
	out["version"], out["versionNumbers"] = "1001.0.0-SNAPSHOT", []int{1001, 0, 0}
	out["deploymentType"], out["buildNumber"] = "Cloud", 100290
	out["buildDate"], out["scmInfo"] = "2026-09-01T00:00:00.000+0000", "5a9d0b0c7e574a0f8000"
	return out
}
