-- Marks of people on findings. What they end has an `ended_by`: 'resolved' or 'ignored'.

-- The mark, as JSON: see `src/core/mark.ts`. Empty for none. It is there before `triage` counts it.
ALTER TABLE findings ADD COLUMN mark TEXT NOT NULL DEFAULT '';
-- 1 while the projector has not taken the mark's last change into account.
ALTER TABLE findings ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;

CREATE INDEX findings_ended ON findings (app, kind, stage, lifecycle, retracted_at) WHERE ended_by <> '';

-- Findings with a mark, by when they were raised.
CREATE INDEX findings_marked ON findings (raised_at) WHERE triage <> 0;
CREATE INDEX findings_app_marked ON findings (app, raised_at) WHERE triage <> 0;
