-- Deadlines that a clock started which was behind: see `src/core/skew.ts`.

-- JSON: the steps of the clock as far as they still matter, a `SkewRecord`; empty for none.
ALTER TABLE clock ADD COLUMN skews TEXT NOT NULL DEFAULT '';

-- Microseconds: how much of `next_at` is there because the clock was behind. It is taken off again when that turns out wrong.
ALTER TABLE instances ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_waits ON instances (message) WHERE waits <> 0;
