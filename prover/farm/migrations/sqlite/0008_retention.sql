-- What is no longer kept: `batches.retired` is 2 while the jobs of a batch go, a piece at a time, and 1 when they are gone.
ALTER TABLE batches ADD COLUMN cancelled_ms INTEGER; -- when the operator gave it up; not of an earlier version's
CREATE INDEX settled_batches ON batches (settled_ms) WHERE retired = 0 AND settled_ms IS NOT NULL;
CREATE INDEX cancelled_batches ON batches (cancelled_ms) WHERE retired = 0 AND cancelled_ms IS NOT NULL;
CREATE INDEX retiring_batches ON batches (id) WHERE retired = 2;

-- `doomed.since_ms` is the time of the mark once `deleting` is set.
CREATE INDEX marked_artifacts ON doomed (since_ms) WHERE deleting = 1;
CREATE INDEX doomed_since ON doomed (since_ms) WHERE deleting = 0;
