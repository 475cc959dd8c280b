-- Lifecycles that give a message up.

-- Why a finding was retracted, where no event has resolved it: `abandoned`. Empty otherwise.
ALTER TABLE findings ADD COLUMN ended_by TEXT NOT NULL DEFAULT '';

-- Messages that an open incident counted and that their lifecycle has given up.
ALTER TABLE alert_incidents ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
