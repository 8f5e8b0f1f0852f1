-- One practice's file: its evidence, each agent's chain, and the sealed copy of its view.

CREATE TABLE chain (
  practice BLOB PRIMARY KEY,
  last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE head (
  practice BLOB NOT NULL,
  agent BLOB NOT NULL,
  agent_seq INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (practice, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  practice BLOB NOT NULL,
  agent BLOB NOT NULL,
  agent_seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind TEXT NOT NULL,
  kind_version INTEGER NOT NULL,
  observed_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL,
  receipt BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_by_number ON entry (agent, agent_seq);
CREATE UNIQUE INDEX entry_by_id ON entry (id, agent);
CREATE INDEX entry_by_hash ON entry (hash);

CREATE TABLE view_copy (
  practice BLOB PRIMARY KEY,
  through_seq INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
