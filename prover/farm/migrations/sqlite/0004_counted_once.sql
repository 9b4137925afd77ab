-- What is held against a worker is counted once for each lease, also where the lease had ended before.
ALTER TABLE leases ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0; -- a proof made under it does not verify
ALTER TABLE leases ADD COLUMN struck   INTEGER NOT NULL DEFAULT 0; -- its worker was quarantined for it
UPDATE leases SET rejected = 1 WHERE ending = 5;
UPDATE leases SET struck = 1 WHERE ending IN (2, 5);

-- The job of the last fault: giving that one new attempts lifts the quarantine.
ALTER TABLE quarantines ADD COLUMN job INTEGER REFERENCES jobs (id);
