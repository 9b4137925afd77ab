-- Failures are told apart: what a machine did wrong is not counted against the job.
-- New endings of leases: 5 rejected, 6 condemned, 7 superseded (model.rs).

-- jobs.failed_attempts counts verdicts on the job itself from here on.
UPDATE jobs SET failed_attempts = 0 WHERE state <> 5;
ALTER TABLE jobs ADD COLUMN machine_faults INTEGER NOT NULL DEFAULT 0; -- lost leases, failures of machines, bad proofs
ALTER TABLE jobs ADD COLUMN not_before_ms INTEGER NOT NULL DEFAULT 0;  -- back-off after them
ALTER TABLE jobs ADD COLUMN judged_from INTEGER NOT NULL DEFAULT 0;    -- leases with a smaller token no longer count

-- After a restart a lease is prolonged once; a renewal makes it a lease like any other again.
ALTER TABLE leases ADD COLUMN prolonged INTEGER NOT NULL DEFAULT 0;

-- What a worker got wrong since its last accepted proof of that kind or its registration.
CREATE TABLE quarantines (
    worker   INTEGER NOT NULL REFERENCES workers (id),
    kind     INTEGER NOT NULL,
    strikes  INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, -- gets no job of the kind before
    reason   TEXT    NOT NULL,
    PRIMARY KEY (worker, kind)
) STRICT;
