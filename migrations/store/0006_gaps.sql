-- Leaps of a sequence at a start. The seqs between the two were never given out, unless by a Mars whose data were replaced by an
-- older copy: a subscriber that resumes from one of them has seen what is not here.
CREATE TABLE gaps (
  -- `events` or `findings`.
  sequence TEXT NOT NULL,
  -- Both have been given out, as an item's seq or as a place to go on from.
  after INTEGER NOT NULL,
  before INTEGER NOT NULL,
  PRIMARY KEY (sequence, after)
) STRICT, WITHOUT ROWID;
