-- Why the accepted proof was not made where its worker meant to make it; empty if it was.
ALTER TABLE jobs ADD COLUMN fallback TEXT NOT NULL DEFAULT '';
