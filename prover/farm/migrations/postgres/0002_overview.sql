-- As SQLite's 0007: what an overview counts, it finds by these.
CREATE INDEX batches_by_state ON batches (state);
CREATE INDEX ended_leases ON leases (ended_ms, ending) WHERE ended_ms IS NOT NULL;
