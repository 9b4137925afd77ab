-- What callers name is random, so that nobody can guess what is another's.
ALTER TABLE leases ADD COLUMN secret BLOB; -- null: of an earlier version, held by nobody

CREATE TABLE sessions (
    session       BLOB    PRIMARY KEY,
    worker        INTEGER NOT NULL REFERENCES workers (id),
    superseded_ms INTEGER -- when the worker registered anew; kept a while, to tell the process that it lost its name
) STRICT;
CREATE INDEX sessions_by_worker ON sessions (worker);
