package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
)

// databases is a PostgreSQL server with a new database for each measurement.
type databases struct {
	server *pgserver.Server
	count  int
}

// startDatabases starts a server below dir, with PostgreSQL's own default sizes.
func startDatabases(ctx context.Context, dir string) (*databases, error) {
	s, err := pgserver.Start(ctx, pgserver.Options{Dir: dir, Settings: map[string]string{
		"shared_buffers": "128MB", "max_wal_size": "1GB", "min_wal_size": "80MB",
	}})
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return &databases{server: s}, nil
}

func (d *databases) next(ctx context.Context) (string, error) {
	d.count++
	return d.server.CreateDatabase(ctx, fmt.Sprintf("inbox%d", d.count))
}

func (d *databases) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return d.server.Stop(ctx)
}
