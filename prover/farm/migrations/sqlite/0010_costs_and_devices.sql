-- What steps took of CPU and device, and what a tenant's jobs cost so far, also those that are gone.
ALTER TABLE job_steps ADD COLUMN cpu_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE job_steps ADD COLUMN device_seconds REAL NOT NULL DEFAULT 0;
CREATE TABLE tenant_costs (
    tenant         INTEGER NOT NULL REFERENCES tenants (id),
    kind           INTEGER NOT NULL,
    seconds        REAL NOT NULL,
    cpu_seconds    REAL NOT NULL,
    device_seconds REAL NOT NULL,
    PRIMARY KEY (tenant, kind)
) STRICT;
INSERT INTO tenant_costs (tenant, kind, seconds, cpu_seconds, device_seconds)
SELECT jobs.tenant, jobs.kind, SUM(job_steps.seconds), 0, 0 FROM jobs JOIN job_steps ON job_steps.job = jobs.id
GROUP BY jobs.tenant, jobs.kind;

-- What a worker computes on.
ALTER TABLE workers ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- its name; empty: the CPU
ALTER TABLE workers ADD COLUMN device_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN device_free_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN device_msm REAL NOT NULL DEFAULT 0; -- scalars a second
ALTER TABLE workers ADD COLUMN device_ntt REAL NOT NULL DEFAULT 0; -- elements a second
ALTER TABLE workers ADD COLUMN fallback TEXT NOT NULL DEFAULT ''; -- why it is not what was asked for
