-- What became of a batch on its chain, as its sequencer told it first; and the sum for its tenant, also of batches that are gone.
ALTER TABLE batches ADD COLUMN transactions BIGINT;
ALTER TABLE batches ADD COLUMN l1_gas BIGINT;
CREATE TABLE tenant_settled (
    tenant         BIGINT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    batches        BIGINT NOT NULL,
    transactions   BIGINT NOT NULL,
    l1_gas         BIGINT NOT NULL,
    seconds        DOUBLE PRECISION NOT NULL,
    cpu_seconds    DOUBLE PRECISION NOT NULL,
    device_seconds DOUBLE PRECISION NOT NULL
);
