-- What a delivery tells, how bad it was then, and what became of each attempt.

ALTER TABLE delivery ADD COLUMN event TEXT NOT NULL DEFAULT 'opened';
ALTER TABLE delivery ADD COLUMN severity INTEGER NOT NULL DEFAULT 5;

CREATE TABLE attempt (
  delivery BLOB NOT NULL REFERENCES delivery (delivery) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
