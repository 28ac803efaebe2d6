package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func check(t *testing.T, c Check) []Result {
	t.Helper()
	return Run(t.Context(), []Check{c}, 2*time.Minute, nil)
}

func TestADiskThatTakesNoWritesIsTold(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fails := func(err error) func(string) error { return func(string) error { return &fs.PathError{Err: err} } }
	room := func(free uint64, network string, err error) func(string) (uint64, string, error) {
		return func(string) (uint64, string, error) { return free, network, err }
	}
	for name, c := range map[string]struct {
		disk Disk
		want []string
	}{
		"well":         {Disk{Directory: dir}, []string{"directory", "ok", "takes writes"}},
		"not there":    {Disk{Directory: filepath.Join(dir, "a", "b")}, []string{"directory", "ok", "is made at the first start"}},
		"a file":       {Disk{Directory: file}, []string{"directory", "failed", "is not a directory"}},
		"read-only":    {Disk{Directory: dir, Try: fails(syscall.EROFS)}, []string{"directory", "failed", "read-only", "mount it"}},
		"full":         {Disk{Directory: dir, Try: fails(syscall.ENOSPC)}, []string{"directory", "failed", "full", "make room"}},
		"not ours":     {Disk{Directory: dir, Try: fails(syscall.EACCES)}, []string{"directory", "failed", "may not write"}},
		"odd":          {Disk{Directory: dir, Try: fails(syscall.EIO)}, []string{"directory", "failed", "input/output error"}},
		"nearly full":  {Disk{Directory: dir, Room: room(5<<20, "", nil)}, []string{"space", "failed", "5 MB free", "503"}},
		"rather full":  {Disk{Directory: dir, Room: room(500<<20, "", nil)}, []string{"space", "warning", "500 MB free", "retention"}},
		"roomy":        {Disk{Directory: dir, Room: room(50<<30, "", nil)}, []string{"space", "ok", "50 GB free"}},
		"over network": {Disk{Directory: dir, Room: room(50<<30, "NFS", nil)}, []string{"disk", "failed", "NFS", "PostgreSQL"}},
		"nobody knows": {Disk{Directory: dir, Room: room(0, "", errors.New("no idea"))}, []string{"space", "skipped", "no idea"}},
	} {
		if list := check(t, c.disk.Check()); !tells(list, c.want) {
			t.Errorf("%s: want %v in %+v", name, c.want, list)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestADatabaseIsAskedForWhatItPromises(t *testing.T) {
	dsn := pgtest.Database(t)
	schemas := []string{"aof", "aof_inbox"}
	list := check(t, Postgres{DSN: dsn, Place: "db", Schemas: schemas}.Check())
	for _, want := range [][]string{{"database", "ok", "db, PostgreSQL", "synchronous_commit on"}, {"rights", "ok", "is made at the first start"}} {
		if !tells(list, want) {
			t.Errorf("want %v in %+v", want, list)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/nosuchdatabase"
	if list := check(t, Postgres{DSN: u.String(), Schemas: schemas}.Check()); !tells(list, []string{"database", "failed", "nosuchdatabase"}) {
		t.Errorf("%+v", list)
	}
	u.Host = free(t)
	u.RawQuery, u.User = "", url.UserPassword("u", "the-password-of-it")
	list = check(t, Postgres{DSN: u.String(), Schemas: schemas}.Check())
	if !tells(list, []string{"database", "failed"}) || strings.Contains(list[0].Detail, "the-password-of-it") {
		t.Errorf("%+v", list)
	}
}

func TestARunningDaemonIsAskedAndOthersArePortsTaken(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	status := admin.Status{Version: "1.2.3", Catalog: map[string]int{"triggers": 2, "agents": 3},
		Checks: []admin.Check{{Name: "inbox", OK: true}, {Name: "store", Detail: "gone"}, {Name: "catalog", Optional: true, Detail: "refused"}, {Name: "reconcile jira", OK: true, Detail: "last success"}},
		Webhooks: []admin.WebhookHealth{
			{Site: "main", Last: now.Add(-time.Minute), SignedBy: map[string]time.Time{"NEW": now.Add(-time.Minute), "OLD": now.Add(-time.Hour)}},
			{Site: "other", Silent: true, ExpectEvery: "1h0m0s"},
		}}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	answers := func(s admin.Status, err error) func(context.Context) (admin.Status, error) {
		return func(context.Context) (admin.Status, error) { return s, err }
	}
	ports := map[string]string{"server port": taken.Addr().String(), "admin port": free(t), "odd port": "192.0.2.1:1"}
	for name, c := range map[string]struct {
		daemon Daemon
		want   [][]string
	}{
		"running": {Daemon{Status: answers(status, nil)}, [][]string{
			{"running", "ok", "version 1.2.3, 2 triggers, 3 agents"}, {"store", "failed", "gone"}, {"catalog", "warning", "refused"}, {"reconcile jira", "ok", "last success"},
			{"webhooks main", "ok", "the last signed with NEW 1m0s ago, signed with OLD 1h0m0s ago"}, {"webhooks other", "warning", "none came yet; one was expected every 1h0m0s"}}},
		"another's admin port": {Daemon{Status: answers(status, errors.New("401"))}, [][]string{{"running", "failed", "401", "AOF_ADMIN_TOKEN"}}},
		"not running": {Daemon{Status: answers(status, syscall.ECONNREFUSED), Ports: ports}, [][]string{
			{"running", "ok", "it is not running"}, {"server port", "failed", "is taken by another program"}, {"admin port", "ok", "is free"}, {"odd port", "failed", "cannot listen"}}},
	} {
		c.daemon.Now = func() time.Time { return now }
		list := check(t, c.daemon.Check())
		for _, want := range c.want {
			if !tells(list, want) {
				t.Errorf("%s: want %v in %+v", name, want, list)
			}
		}
	}
}

func TestModelsAreAskedOnlyIfToldSo(t *testing.T) {
	for name, c := range map[string]struct {
		model Model
		want  []string
	}{
		"a key":      {Model{Ref: "a:b"}, []string{"a:b", "ok", "--models"}},
		"no key":     {Model{Ref: "a:b", Err: errors.New("no key: set KEY")}, []string{"a:b", "failed", "set KEY"}},
		"an answer":  {Model{Ref: "a:b", Ask: func(context.Context) error { return nil }}, []string{"a:b", "ok", "it answers"}},
		"no answer":  {Model{Ref: "a:b", Ask: func(context.Context) error { return errors.New("401") }}, []string{"a:b", "failed", "401", "check the key"}},
		"not in two": {Model{Ref: "a:b", Ask: func(ctx context.Context) error { return ctx.Err() }}, []string{"a:b", "ok"}},
	} {
		if list := check(t, c.model.Check()); !tells(list, c.want) {
			t.Errorf("%s: want %v in %+v", name, c.want, list)
		}
	}
}

func TestACertificateIsLookedAtBeforeItEnds(t *testing.T) {
	dir := t.TempDir()
	ends := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	cert, key := certificate(t, dir, ends)
	for left, want := range map[time.Duration][]string{
		365 * 24 * time.Hour: {"certificate", "ok", "aof.example.com, until 2030-01-01"},
		24 * time.Hour:       {"certificate", "warning", "renew it"},
		-time.Hour:           {"certificate", "failed", "renew it"},
	} {
		c := Certificate{CertFile: cert, KeyFile: key, Now: func() time.Time { return ends.Add(-left) }}
		if list := check(t, c.Check()); !tells(list, want) {
			t.Errorf("%s before its end: %+v", left, list)
		}
	}
	if list := check(t, Certificate{CertFile: key, KeyFile: cert}.Check()); !tells(list, []string{"certificate", "failed", "", "PEM"}) {
		t.Errorf("%+v", list)
	}
}

func certificate(t *testing.T, dir string, ends time.Time) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"aof.example.com"}, NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
