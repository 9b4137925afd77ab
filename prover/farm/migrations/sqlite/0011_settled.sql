-- What became of a batch on its chain, as its sequencer told it first; and the sum for its tenant, also of batches that are gone.
ALTER TABLE batches ADD COLUMN transactions INTEGER;
ALTER TABLE batches ADD COLUMN l1_gas INTEGER;
CREATE TABLE tenant_settled (
    tenant         INTEGER NOT NULL PRIMARY KEY REFERENCES tenants (id),
    batches        INTEGER NOT NULL,
    transactions   INTEGER NOT NULL,
    l1_gas         INTEGER NOT NULL,
    seconds        REAL NOT NULL,
    cpu_seconds    REAL NOT NULL,
    device_seconds REAL NOT NULL
) STRICT;
