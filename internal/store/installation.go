package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// ErrGone is returned for an installation that was deleted, or is being deleted:
// what comes for it was under way and is not to be kept.
var ErrGone = errors.New("the installation is being deleted, or was")

// Installation is a Forge app in one site. Its ID changes when the app is
// uninstalled and installed again.
// https://developer.atlassian.com/platform/forge/events-reference/life-cycle/
type Installation struct {
	// ID, App, Cloud and Environment are UUIDs.
	ID, App, Cloud, Environment string
	// EnvironmentType is such as PRODUCTION; "" while nobody told.
	EnvironmentType string
	// APIBase is where the site's REST API is, without the API's path.
	APIBase string
	// SiteURL is what users call the site; "" until it is known.
	SiteURL string
	// Version is the app's, as last seen.
	Version string
	// Scopes are those that the site's administrator granted with ScopesVersion;
	// nil while nobody told them.
	Scopes        []string
	ScopesVersion string
	// InstalledBy is an Atlassian account; "" if nobody told.
	InstalledBy string
	// Leaving says that its deletion has begun.
	Leaving bool
	// Settings are a JSON object; nil until somebody configured it.
	Settings     json.RawMessage
	ConfiguredBy string
	ConfiguredAt time.Time
	// OwnerSubject and OwnerName are who vouched for the site on our side; "" for
	// nobody.
	OwnerSubject, OwnerName string
	OwnerAt                 time.Time
	CreatedAt, UpdatedAt    time.Time
}

const installationColumns = `id, app, cloud, environment, environment_type, api_base, site_url, version, scopes, scopes_version, installed_by,
	leaving, settings, configured_by, configured_at, owner_subject, owner_name, owner_at, created_at, updated_at`

const (
	installationSQL  = `SELECT ` + installationColumns + ` FROM installations WHERE id = ?`
	installationsSQL = `SELECT ` + installationColumns + ` FROM installations ORDER BY created_at, id`
	// putInstallationSQL leaves created_at as it was.
	putInstallationSQL = `INSERT INTO installations (` + installationColumns + `, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
		ON CONFLICT (id) DO UPDATE SET app = excluded.app, cloud = excluded.cloud, environment = excluded.environment,
			environment_type = excluded.environment_type, api_base = excluded.api_base, site_url = excluded.site_url, version = excluded.version,
			scopes = excluded.scopes, scopes_version = excluded.scopes_version, installed_by = excluded.installed_by, leaving = excluded.leaving,
			settings = excluded.settings, configured_by = excluded.configured_by, configured_at = excluded.configured_at,
			owner_subject = excluded.owner_subject, owner_name = excluded.owner_name, owner_at = excluded.owner_at, updated_at = excluded.updated_at`
	goneSQL = `SELECT 1 FROM installations_gone WHERE id = ?`
)

// Installation reads one; ErrNotFound if there is none.
func (s *Store) Installation(ctx context.Context, id string) (Installation, error) {
	in, err := scanInstallation(s.row(ctx, installationSQL, id))
	if err != nil {
		return Installation{}, fmt.Errorf("read installation %s: %w", id, err)
	}
	return in, nil
}

// Installations lists all, the oldest first, those on their way out included.
func (s *Store) Installations(ctx context.Context) ([]Installation, error) {
	rows, err := s.query(ctx, installationsSQL)
	if err != nil {
		return nil, fmt.Errorf("list installations: %w", err)
	}
	defer rows.Close()
	var list []Installation
	for rows.Next() {
		in, err := scanInstallation(rows)
		if err != nil {
			return nil, fmt.Errorf("list installations: %w", err)
		}
		list = append(list, in)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list installations: %w", err)
	}
	return list, nil
}

// ObserveInstallation lets observe change the installation, and makes it first if
// there is none; nothing is written if all stays as it is. What observe returns
// says whether waiting work may go on by it. It may be called twice. The error is
// ErrGone for one that was deleted or is being deleted.
func (s *Store) ObserveInstallation(ctx context.Context, id string, observe func(*Installation) bool) (Installation, error) {
	return s.changeInstallation(ctx, id, true, observe)
}

// ChangeInstallation is ObserveInstallation for one that there is: otherwise the
// error is ErrNotFound.
func (s *Store) ChangeInstallation(ctx context.Context, id string, change func(*Installation) bool) (Installation, error) {
	return s.changeInstallation(ctx, id, false, change)
}

func (s *Store) changeInstallation(ctx context.Context, id string, create bool, change func(*Installation) bool) (in Installation, err error) {
	err = s.writer.do(ctx, func(tx tx) error {
		in, err = s.changeInTx(tx, id, create, change)
		return err
	})
	if err != nil {
		return Installation{}, fmt.Errorf("change installation %s: %w", id, err)
	}
	return in, nil
}

func (s *Store) changeInTx(tx tx, id string, create bool, change func(*Installation) bool) (Installation, error) {
	old, err := scanInstallation(tx.row(installationSQL, id))
	missing := errors.Is(err, ErrNotFound)
	switch {
	case missing && create:
		if gone, err := exists(tx, goneSQL, id); err != nil || gone {
			return Installation{}, cmp.Or(err, ErrGone)
		}
	case err != nil:
		return Installation{}, err
	case old.Leaving:
		return Installation{}, ErrGone
	}
	now := time.UnixMilli(millis(s.now())).UTC()
	in := old
	in.ID = id
	matters := change(&in)
	if !missing && reflect.DeepEqual(old, in) {
		return in, nil
	}
	in.UpdatedAt = now
	if missing {
		in.CreatedAt = now
	}
	if err := putInstallation(tx, in); err != nil || !matters {
		return in, err
	}
	return in, tellInstallation(tx, id)
}

// exists reports whether a query has a row.
func exists(tx tx, query string, args ...any) (bool, error) {
	var one int
	err := tx.row(query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func putInstallation(tx tx, in Installation) error {
	var scopes, settings sql.NullString
	if in.Scopes != nil {
		text, err := json.Marshal(in.Scopes)
		if err != nil {
			return err
		}
		scopes = sql.NullString{String: string(text), Valid: true}
	}
	if in.Settings != nil {
		settings = sql.NullString{String: string(in.Settings), Valid: true}
	}
	_, err := tx.exec(putInstallationSQL, in.ID, in.App, in.Cloud, in.Environment, in.EnvironmentType, in.APIBase, in.SiteURL, in.Version,
		scopes, in.ScopesVersion, in.InstalledBy, flag(in.Leaving), settings, in.ConfiguredBy, nullMillis(in.ConfiguredAt),
		in.OwnerSubject, in.OwnerName, nullMillis(in.OwnerAt), millis(in.CreatedAt), millis(in.UpdatedAt))
	return err
}

func scanInstallation(row interface{ Scan(dest ...any) error }) (Installation, error) {
	var in Installation
	var scopes, settings sql.NullString
	var leaving int
	var configured, owned, created, updated sql.NullInt64
	err := row.Scan(&in.ID, &in.App, &in.Cloud, &in.Environment, &in.EnvironmentType, &in.APIBase, &in.SiteURL, &in.Version, &scopes,
		&in.ScopesVersion, &in.InstalledBy, &leaving, &settings, &in.ConfiguredBy, &configured, &in.OwnerSubject, &in.OwnerName, &owned, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return Installation{}, ErrNotFound
	}
	if err != nil {
		return Installation{}, err
	}
	if scopes.Valid {
		if err := json.Unmarshal([]byte(scopes.String), &in.Scopes); err != nil {
			return Installation{}, fmt.Errorf("read scopes: %w", err)
		}
	}
	if settings.Valid {
		in.Settings = json.RawMessage(settings.String)
	}
	in.Leaving = leaving != 0
	in.ConfiguredAt, in.OwnerAt = fromMillis(configured), fromMillis(owned)
	in.CreatedAt, in.UpdatedAt = fromMillis(created), fromMillis(updated)
	return in, nil
}
