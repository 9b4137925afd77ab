-- Seconds that a worker takes for a job of a kind: a moving mean over its accepted proofs.
CREATE TABLE speeds (
    worker  BIGINT NOT NULL REFERENCES workers (id),
    kind    BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (worker, kind)
);
-- A job is overtaken once.
CREATE INDEX overtaken_leases ON leases (job) WHERE ending = 8;
