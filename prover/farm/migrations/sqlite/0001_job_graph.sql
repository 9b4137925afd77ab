-- Codes are those of `model.rs`. Times are Unix milliseconds.

CREATE TABLE batches (
    number         INTEGER PRIMARY KEY,
    circuit_set    BLOB    NOT NULL,
    content        BLOB    NOT NULL, -- digest of everything submitted
    state          INTEGER NOT NULL, -- 1 running, 2 done, 3 failed
    failure_reason TEXT    NOT NULL DEFAULT '',
    submitted_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    batch           INTEGER NOT NULL REFERENCES batches (number),
    kind            INTEGER NOT NULL, -- 1 chunk, 2 fold, 3 compress, 4 wrap
    stage           INTEGER NOT NULL, -- longest path from a witness; later stages are leased first
    ordinal         INTEGER NOT NULL,
    state           INTEGER NOT NULL, -- 1 blocked, 2 ready, 3 leased, 4 done, 5 poisoned
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    last_error      TEXT    NOT NULL DEFAULT '',
    witness_lost    INTEGER NOT NULL DEFAULT 0, -- poisoned until the batch is submitted again
    output          BLOB,
    output_bytes    INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 4) = (output IS NOT NULL))
) STRICT;
CREATE INDEX jobs_by_order ON jobs (state, batch, stage DESC, ordinal);
CREATE INDEX jobs_by_batch ON jobs (batch);

-- An input is either a witness (artifact) or the output of another job (producer).
CREATE TABLE job_inputs (
    job      INTEGER NOT NULL REFERENCES jobs (id),
    position INTEGER NOT NULL,
    artifact BLOB,
    producer INTEGER REFERENCES jobs (id),
    PRIMARY KEY (job, position),
    CHECK ((artifact IS NULL) <> (producer IS NULL))
) STRICT;
CREATE INDEX job_inputs_by_producer ON job_inputs (producer);

-- Costs of the accepted attempt.
CREATE TABLE job_steps (
    job            INTEGER NOT NULL REFERENCES jobs (id),
    position       INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    seconds        REAL    NOT NULL,
    peak_rss_bytes INTEGER NOT NULL,
    PRIMARY KEY (job, position)
) STRICT;

CREATE TABLE workers (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    circuit_set  BLOB    NOT NULL,
    kinds        INTEGER NOT NULL, -- bit n: takes kind n
    backend      TEXT    NOT NULL,
    ram_bytes    INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: a fencing token is greater than every one before it, also after a restart.
CREATE TABLE leases (
    token       INTEGER PRIMARY KEY AUTOINCREMENT,
    job         INTEGER NOT NULL REFERENCES jobs (id),
    worker      INTEGER NOT NULL REFERENCES workers (id),
    granted_ms  INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    ended_ms    INTEGER,
    ending      INTEGER NOT NULL DEFAULT 0, -- 0 current, 1 completed, 2 failed, 3 expired, 4 handed back
    outcome     TEXT    NOT NULL DEFAULT '',
    CHECK ((ending = 0) = (ended_ms IS NULL))
) STRICT;
CREATE INDEX leases_by_job ON leases (job);
CREATE UNIQUE INDEX one_current_lease ON leases (job) WHERE ended_ms IS NULL;
CREATE INDEX current_leases ON leases (deadline_ms) WHERE ended_ms IS NULL;
