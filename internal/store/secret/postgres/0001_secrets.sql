-- Secrets that change while the daemon runs, each sealed before it comes here.
CREATE TABLE secrets (
	name       text PRIMARY KEY,
	sealed     bytea NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now()
);
