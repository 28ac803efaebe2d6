-- Projects take turns: the next run of each is found without looking at the others'.
DROP INDEX runs_ready;
CREATE INDEX runs_share ON runs (source, site, project, seq) WHERE state = 'queued' AND ready = 1;
