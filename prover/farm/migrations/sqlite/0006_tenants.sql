-- A batch belongs to a tenant, the rollup on a chain that its sequencer works for, and to a circuit set: numbers of several
-- do not meet. `jobs.batch` and its key are the batch's id from here on; those of an earlier version keep their number as id.
CREATE TABLE tenants (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    chain_id    INTEGER NOT NULL,
    rollup      BLOB    NOT NULL, -- address of its contract, 20 bytes
    owner       TEXT    NOT NULL DEFAULT '', -- the sequencer whose certificate it was first seen with; empty: anybody
    priority    INTEGER NOT NULL DEFAULT 0,  -- higher goes first
    weight      INTEGER NOT NULL DEFAULT 1,  -- share among those of one priority
    max_batches INTEGER NOT NULL DEFAULT 0,  -- running at a time; 0: as the farm says
    paused      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (chain_id, rollup)
) STRICT;
-- The batches of an earlier version belong to nobody yet: chain 0. Whoever submits one again, takes them over.
INSERT INTO tenants (id, chain_id, rollup) SELECT 1, 0, zeroblob(20) WHERE EXISTS (SELECT 1 FROM batches);

ALTER TABLE batches RENAME COLUMN number TO id;
ALTER TABLE batches ADD COLUMN tenant INTEGER NOT NULL DEFAULT 1;
ALTER TABLE batches ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN settled_ms INTEGER; -- when its sequencer saw it final on L1
ALTER TABLE batches ADD COLUMN retired INTEGER NOT NULL DEFAULT 0; -- its jobs and artifacts are gone
UPDATE batches SET number = id;
CREATE UNIQUE INDEX batches_by_key ON batches (tenant, circuit_set, number);

ALTER TABLE jobs ADD COLUMN tenant INTEGER NOT NULL DEFAULT 1;
ALTER TABLE jobs ADD COLUMN number INTEGER NOT NULL DEFAULT 0; -- its batch's
ALTER TABLE jobs ADD COLUMN ready_ms INTEGER NOT NULL DEFAULT 0; -- when it last became ready
ALTER TABLE jobs ADD COLUMN troubled INTEGER NOT NULL DEFAULT 0; -- a lease of it ended badly: it is not for everybody
UPDATE jobs SET troubled = 1 WHERE id IN (SELECT job FROM leases WHERE ending IN (2, 3, 5, 6, 7));
UPDATE jobs SET number = batch;
DROP INDEX jobs_by_order;
CREATE INDEX ready_jobs ON jobs (tenant, kind, number, stage DESC, ordinal, id) WHERE state = 2;
CREATE INDEX leased_jobs ON jobs (tenant) WHERE state = 3;
CREATE INDEX jobs_by_output ON jobs (output) WHERE output IS NOT NULL;
CREATE INDEX job_inputs_by_artifact ON job_inputs (artifact) WHERE artifact IS NOT NULL;

ALTER TABLE workers ADD COLUMN draining INTEGER NOT NULL DEFAULT 0; -- gets no more jobs and is told to end

CREATE INDEX old_sessions ON sessions (superseded_ms) WHERE superseded_ms IS NOT NULL;

CREATE TABLE settings (
    name  TEXT    PRIMARY KEY, -- paused: no job is leased
    value INTEGER NOT NULL
) STRICT;

-- Artifacts that nobody needs, before they go: seen twice, with the grace between, they are deleted.
CREATE TABLE doomed (
    artifact BLOB    PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    deleting INTEGER NOT NULL DEFAULT 0
) STRICT;
