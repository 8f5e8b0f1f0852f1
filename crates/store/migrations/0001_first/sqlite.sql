-- The control file: the MSP's tree, what is enrolled in it, and what is to reach it.
-- Every table with a column `practice` is read through a scoped view (src/sqlite/scoping.rs).

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE practice_group (
  practice_group BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE practice (
  practice BLOB PRIMARY KEY,
  practice_group BLOB REFERENCES practice_group (practice_group),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  profile TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX practice_by_name ON practice (name_key, practice);
CREATE INDEX practice_by_group ON practice (practice_group);

CREATE TABLE practice_key (
  practice BLOB PRIMARY KEY REFERENCES practice (practice) ON DELETE CASCADE,
  wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
  site BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  name TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX site_by_name ON site (practice, name);

CREATE TABLE agent (
  agent BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  device BLOB NOT NULL,
  site BLOB REFERENCES site (site) ON DELETE SET NULL,
  name TEXT NOT NULL,
  os TEXT NOT NULL,
  version TEXT NOT NULL,
  key_hash BLOB NOT NULL UNIQUE,
  serial TEXT NOT NULL,
  certificate_end INTEGER NOT NULL,
  enrolled_at INTEGER NOT NULL,
  revoked_at INTEGER,
  cloned_at INTEGER,
  seen_at INTEGER,
  health TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_by_practice ON agent (practice, agent);
CREATE INDEX agent_by_device ON agent (device);
CREATE INDEX agent_by_site ON agent (site);

CREATE TABLE token (
  secret_hash BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  site BLOB REFERENCES site (site) ON DELETE SET NULL,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  taken_at INTEGER,
  agent BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_practice ON token (practice, made_at);
CREATE INDEX token_by_site ON token (site);

CREATE TABLE trust_root (
  version INTEGER PRIMARY KEY,
  signed TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL
) STRICT;

CREATE TABLE command (
  command BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  agent BLOB NOT NULL REFERENCES agent (agent) ON DELETE CASCADE,
  counter INTEGER NOT NULL,
  class TEXT NOT NULL,
  verb TEXT NOT NULL,
  reason TEXT NOT NULL,
  signed TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  state TEXT NOT NULL,
  detail TEXT NOT NULL,
  relayed_by TEXT NOT NULL,
  relayed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX command_by_agent ON command (agent, counter);
CREATE INDEX command_by_practice ON command (practice, relayed_at, command);
CREATE INDEX command_by_state ON command (state, relayed_at, command);

CREATE TABLE policy (
  practice BLOB PRIMARY KEY REFERENCES practice (practice) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  policy TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
