-- What a delivery tells, how bad it was then, and what became of each attempt.

ALTER TABLE main.delivery ADD COLUMN event TEXT NOT NULL DEFAULT 'opened';
ALTER TABLE main.delivery ADD COLUMN severity BIGINT NOT NULL DEFAULT 5;

CREATE TABLE main.attempt (
  delivery UUID NOT NULL REFERENCES main.delivery (delivery) ON DELETE CASCADE,
  number BIGINT NOT NULL,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
);
