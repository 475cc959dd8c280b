-- Who put a version of a lifecycle, and why: as the audit names them; both empty where it is not known.
ALTER TABLE lifecycles ADD COLUMN put_by TEXT NOT NULL DEFAULT '';
ALTER TABLE lifecycles ADD COLUMN note TEXT NOT NULL DEFAULT '';
