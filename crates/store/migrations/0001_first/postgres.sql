-- The same tables as in the two SQLite files, in one schema. `postgres_guard.sql` puts row level security on them.

CREATE TABLE main.setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE main.practice_group (
  practice_group UUID PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  made_at BIGINT NOT NULL
);

CREATE TABLE main.practice (
  practice UUID PRIMARY KEY,
  practice_group UUID REFERENCES main.practice_group (practice_group),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  profile TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX practice_by_name ON main.practice (name_key, practice);
CREATE INDEX practice_by_group ON main.practice (practice_group);

CREATE TABLE main.practice_key (
  practice UUID PRIMARY KEY REFERENCES main.practice (practice) ON DELETE CASCADE,
  wrapped BYTEA NOT NULL
);

CREATE TABLE main.site (
  site UUID PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  name TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX site_by_name ON main.site (practice, name);

CREATE TABLE main.agent (
  agent UUID PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  device UUID NOT NULL,
  site UUID REFERENCES main.site (site) ON DELETE SET NULL,
  name TEXT NOT NULL,
  os TEXT NOT NULL,
  version TEXT NOT NULL,
  key_hash BYTEA NOT NULL UNIQUE,
  serial TEXT NOT NULL,
  certificate_end BIGINT NOT NULL,
  enrolled_at BIGINT NOT NULL,
  revoked_at BIGINT,
  cloned_at BIGINT,
  seen_at BIGINT,
  health TEXT
);
CREATE INDEX agent_by_practice ON main.agent (practice, agent);
CREATE INDEX agent_by_device ON main.agent (device);
CREATE INDEX agent_by_site ON main.agent (site);

CREATE TABLE main.token (
  secret_hash BYTEA PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  site UUID REFERENCES main.site (site) ON DELETE SET NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  taken_at BIGINT,
  agent UUID
);
CREATE INDEX token_by_practice ON main.token (practice, made_at);
CREATE INDEX token_by_site ON main.token (site);

CREATE TABLE main.trust_root (
  version BIGINT PRIMARY KEY,
  signed TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  added_by TEXT NOT NULL
);

CREATE TABLE main.command (
  command UUID PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  agent UUID NOT NULL REFERENCES main.agent (agent) ON DELETE CASCADE,
  counter BIGINT NOT NULL,
  class TEXT NOT NULL,
  verb TEXT NOT NULL,
  reason TEXT NOT NULL,
  signed TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  state TEXT NOT NULL,
  detail TEXT NOT NULL,
  relayed_by TEXT NOT NULL,
  relayed_at BIGINT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX command_by_agent ON main.command (agent, counter);
CREATE INDEX command_by_practice ON main.command (practice, relayed_at, command);
CREATE INDEX command_by_state ON main.command (state, relayed_at, command);

CREATE TABLE main.policy (
  practice UUID PRIMARY KEY REFERENCES main.practice (practice) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  policy TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

CREATE TABLE main.chain (
  practice UUID PRIMARY KEY,
  last_seq BIGINT NOT NULL
);

CREATE TABLE main.head (
  practice UUID NOT NULL,
  agent UUID NOT NULL,
  agent_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (practice, agent)
);

CREATE TABLE main.entry (
  practice UUID NOT NULL,
  seq BIGINT NOT NULL,
  agent UUID NOT NULL,
  agent_seq BIGINT NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  kind_version BIGINT NOT NULL,
  observed_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  receipt BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (practice, seq)
);
CREATE UNIQUE INDEX entry_by_number ON main.entry (practice, agent, agent_seq);
CREATE UNIQUE INDEX entry_by_id ON main.entry (practice, id, agent);
CREATE INDEX entry_by_hash ON main.entry (practice, hash);

CREATE TABLE main.view_copy (
  practice UUID PRIMARY KEY,
  through_seq BIGINT NOT NULL,
  sealed BYTEA NOT NULL
);
