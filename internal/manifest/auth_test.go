package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const cloudSite = "base_url: https://x.atlassian.net, webhook_secret_env: S, "

func readSite(t *testing.T, site string) (*Daemon, Problems) {
	t.Helper()
	d, problems := readDaemon("daemon.yaml", []byte("spec: {platforms: {jira: {"+site+"}}}"), testEnv)
	if d == nil || len(d.Jira) != 1 {
		t.Fatalf("%s: %v", site, problems)
	}
	return d, problems
}

func TestOAuthIsReadInItsThreeForms(t *testing.T) {
	client := "client_id_env: ID, client_secret_file: /run/secrets/s"
	for name, tt := range map[string]struct {
		auth   string
		master Secret
		want   JiraSite
	}{
		"consent": {
			"{type: oauth2, " + client + ", refresh_token_env: R, cloud_id: ab-12}", Secret{Env: "AOF_MASTER_KEY"},
			JiraSite{AuthType: "oauth2", ClientID: Secret{Env: "ID"}, ClientSecret: Secret{File: "/run/secrets/s"}, RefreshToken: Secret{Env: "R"}, CloudID: Secret{Value: "ab-12"}},
		},
		"service account": {
			"{" + client + ", cloud_id_env: C}", Secret{},
			JiraSite{AuthType: "oauth2", ClientID: Secret{Env: "ID"}, ClientSecret: Secret{File: "/run/secrets/s"}, CloudID: Secret{Env: "C"}},
		},
		"token alone": {
			"{type: OAuth2, token_env: T, cloud_id: ab-12}", Secret{},
			JiraSite{AuthType: "oauth2", Token: Secret{Env: "T"}, CloudID: Secret{Value: "ab-12"}},
		},
	} {
		d, problems := readSite(t, cloudSite+"auth: "+tt.auth)
		if problems.Err() != nil {
			t.Errorf("%s: %v", name, problems)
		}
		s := d.Jira[0]
		got := JiraSite{AuthType: s.AuthType, Token: s.Token, ClientID: s.ClientID, ClientSecret: s.ClientSecret, RefreshToken: s.RefreshToken, CloudID: s.CloudID}
		if diff := cmp.Diff(tt.want, got); diff != "" || d.MasterKey != tt.master {
			t.Errorf("%s: master key %v, %s", name, d.MasterKey, diff)
		}
	}
}

func TestCredentialsThatDoNotFitAreTold(t *testing.T) {
	for site, want := range map[string]string{
		cloudSite + "auth: {type: oauth2, cloud_id: a}":                                                  "needs client_id_env and client_secret_env",
		cloudSite + "auth: {type: oauth2, client_id_env: A, cloud_id: a}":                                "both client_id_env and client_secret_env",
		cloudSite + "auth: {type: oauth2, refresh_token_env: A, cloud_id: a}":                            "of no use without",
		cloudSite + "auth: {type: oauth2, token_env: T}":                                                 "https://x.atlassian.net/_edge/tenant_info",
		cloudSite + "auth: {type: pat, token_env: T, client_id_env: A}":                                  "belong to auth type oauth2",
		cloudSite + "auth: {type: oauth, token_env: T}":                                                  "oauth2",
		cloudSite + "auth: {client_secret: plain, client_id: a, cloud_id: a}":                            "does not belong in a file",
		cloudSite + "auth: {email_env: E, token_env: T}, rate_limit: {burst: 3}":                         "burst has no meaning",
		cloudSite + "auth: {email_env: E, token_env: T}, rate_limit: {requests_per_second: 3, burst: 0}": "at least 1",
		cloudSite + "auth: {email_env: E, token_env: T}, rate_limit: {concurrency: -1}":                  "at least 1",
	} {
		_, problems := readSite(t, site)
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want one about %q", site, problems, want)
		}
	}
}

func TestAnEmailAddressThatIsNotUsedIsTold(t *testing.T) {
	_, problems := readSite(t, cloudSite+"auth: {type: pat, email_env: E, token_env: T}")
	if problems.Err() != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, "does not use the e-mail address") {
		t.Errorf("%v", problems)
	}
}

func TestTheGatewaysAddressTellsTheCloudID(t *testing.T) {
	d, problems := readSite(t, "base_url: https://api.atlassian.com/ex/jira/ab-12/rest/api/3, webhook_secret_env: S, email_env: E, token_env: T")
	if problems.Err() != nil || d.Jira[0].CloudID != (Secret{Value: "ab-12"}) || d.Jira[0].BaseURL != "https://api.atlassian.com/ex/jira/ab-12" {
		t.Errorf("%+v, %v", d.Jira[0], problems)
	}
}

func TestTheMasterKeyIsNeededForRefreshTokensOnly(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	grant := cloudSite + "auth: {client_id_env: A, client_secret_env: B, refresh_token_env: C, cloud_id: a}}}, "
	for spec, want := range map[string]string{
		"storage: {}":                                  "AOF_MASTER_KEY is not set (storage.master_key_env, needed since refresh tokens are stored)",
		"storage: {master_key_env: KEY}":               "KEY is not set (master_key_env)",
		"storage: {master_key_file: /run/secrets/key}": "",
	} {
		d, problems := readDaemon("daemon.yaml", []byte("spec: {platforms: {jira: {"+grant+spec+"}"), testEnv)
		if problems.Err() != nil {
			t.Fatal(problems)
		}
		missing := ""
		for _, p := range d.MissingSecrets(none) {
			if strings.Contains(p.Message, "KEY") {
				missing = p.Message
			}
		}
		if !strings.HasSuffix(missing, want) || (want == "") != (missing == "") {
			t.Errorf("%s: %q, want %q", spec, missing, want)
		}
	}
	d, _ := readSite(t, cloudSite+"auth: {email_env: E, token_env: T}")
	if !d.MasterKey.IsZero() {
		t.Errorf("%v is asked for", d.MasterKey)
	}
}
