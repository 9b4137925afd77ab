-- What steps took of CPU and device, and what a tenant's jobs cost so far, also those that are gone.
ALTER TABLE job_steps ADD COLUMN cpu_seconds DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE job_steps ADD COLUMN device_seconds DOUBLE PRECISION NOT NULL DEFAULT 0;
CREATE TABLE tenant_costs (
    tenant         BIGINT NOT NULL REFERENCES tenants (id),
    kind           BIGINT NOT NULL,
    seconds        DOUBLE PRECISION NOT NULL,
    cpu_seconds    DOUBLE PRECISION NOT NULL,
    device_seconds DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (tenant, kind)
);
INSERT INTO tenant_costs (tenant, kind, seconds, cpu_seconds, device_seconds)
SELECT jobs.tenant, jobs.kind, SUM(job_steps.seconds), 0, 0 FROM jobs JOIN job_steps ON job_steps.job = jobs.id
GROUP BY jobs.tenant, jobs.kind;

-- What a worker computes on.
ALTER TABLE workers ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- its name; empty: the CPU
ALTER TABLE workers ADD COLUMN device_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN device_free_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN device_msm DOUBLE PRECISION NOT NULL DEFAULT 0; -- scalars a second
ALTER TABLE workers ADD COLUMN device_ntt DOUBLE PRECISION NOT NULL DEFAULT 0; -- elements a second
ALTER TABLE workers ADD COLUMN fallback TEXT NOT NULL DEFAULT ''; -- why it is not what was asked for
