-- Seconds that a worker takes for a job of a kind: a moving mean over its accepted proofs.
CREATE TABLE speeds (
    worker  INTEGER NOT NULL REFERENCES workers (id),
    kind    INTEGER NOT NULL,
    seconds REAL    NOT NULL,
    PRIMARY KEY (worker, kind)
) STRICT;
-- A job is overtaken once.
CREATE INDEX overtaken_leases ON leases (job) WHERE ending = 8;
