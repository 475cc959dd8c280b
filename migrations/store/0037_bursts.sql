-- When the first finding of an incident was raised that came after a quiet time, in microseconds; 0 where none has since the last
-- notification of growth.
ALTER TABLE alert_incidents ADD COLUMN burst_from INTEGER NOT NULL DEFAULT 0;
