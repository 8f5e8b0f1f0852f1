-- People and programs that call, what they did, what they are told of, and the index over the ledgers.

CREATE TABLE person (
  person BLOB PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  locale TEXT NOT NULL,
  password_hash TEXT,
  made_at INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  credential BLOB PRIMARY KEY,
  person BLOB NOT NULL REFERENCES person (person) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  handle BLOB UNIQUE,
  sealed BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_by_person ON credential (person, kind);

CREATE TABLE person_grant (
  person_grant BLOB PRIMARY KEY,
  person BLOB NOT NULL REFERENCES person (person) ON DELETE CASCADE,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id BLOB,
  ends_at INTEGER,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX person_grant_by_person ON person_grant (person);

CREATE TABLE invitation (
  secret_hash BLOB PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id BLOB,
  grant_ends_at INTEGER,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  taken_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE signed_in (
  token_hash BLOB PRIMARY KEY,
  person BLOB NOT NULL REFERENCES person (person) ON DELETE CASCADE,
  csrf BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  idle_ends_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  stepped_up_at INTEGER,
  browser TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_in_by_person ON signed_in (person);
CREATE INDEX signed_in_by_end ON signed_in (ends_at);

CREATE TABLE challenge (
  token_hash BLOB PRIMARY KEY,
  sealed BLOB NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  api_key BLOB PRIMARY KEY,
  secret_hash BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id BLOB,
  ends_at INTEGER,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  used_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  practice BLOB,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_practice ON audit (practice, seq);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is not changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is not changed'); END;

CREATE TABLE alert (
  alert BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  same_key TEXT NOT NULL,
  severity INTEGER NOT NULL,
  category TEXT NOT NULL,
  detail TEXT NOT NULL,
  device BLOB,
  times INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  acknowledged_by TEXT,
  acknowledged_at INTEGER,
  escalated_at INTEGER,
  closed_by TEXT,
  closed_at INTEGER,
  benign INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX alert_open ON alert (practice, same_key) WHERE closed_at IS NULL;
CREATE INDEX alert_by_time ON alert (opened_at, alert);

CREATE TABLE route (
  route BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  rule TEXT NOT NULL,
  sealed BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  delivery BLOB PRIMARY KEY,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  alert BLOB NOT NULL REFERENCES alert (alert) ON DELETE CASCADE,
  route BLOB NOT NULL REFERENCES route (route) ON DELETE CASCADE,
  event_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (state, next_at);
CREATE INDEX delivery_by_alert ON delivery (alert);
CREATE INDEX delivery_by_route ON delivery (route);

CREATE TABLE shredded (
  practice BLOB PRIMARY KEY,
  shredded_at INTEGER NOT NULL,
  shredded_by TEXT NOT NULL,
  entries INTEGER NOT NULL,
  agents INTEGER NOT NULL,
  root BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE index_practice (
  practice BLOB PRIMARY KEY REFERENCES practice (practice) ON DELETE CASCADE,
  through_seq INTEGER NOT NULL,
  computed_at INTEGER NOT NULL,
  loss_mean REAL NOT NULL,
  figures TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX index_practice_by_loss ON index_practice (loss_mean, practice);

CREATE TABLE index_day (
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  day TEXT NOT NULL,
  figures TEXT NOT NULL,
  PRIMARY KEY (practice, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_device (
  device BLOB NOT NULL,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  os TEXT NOT NULL,
  role TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  worst INTEGER NOT NULL,
  findings INTEGER NOT NULL,
  PRIMARY KEY (practice, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_device_by_name ON index_device (name_key, device);

CREATE TABLE index_finding (
  finding TEXT NOT NULL,
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  device BLOB NOT NULL,
  rule TEXT NOT NULL,
  severity INTEGER NOT NULL,
  state TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  accepted_until INTEGER,
  PRIMARY KEY (practice, finding)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_finding_by_severity ON index_finding (severity, finding);
CREATE INDEX index_finding_by_rule ON index_finding (rule, severity);

CREATE TABLE index_today (
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  item TEXT NOT NULL,
  worth REAL NOT NULL,
  reason TEXT NOT NULL,
  severity INTEGER NOT NULL,
  device BLOB,
  since INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (practice, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_today_by_worth ON index_today (worth, practice, item);

CREATE TABLE index_evidence (
  practice BLOB NOT NULL REFERENCES practice (practice) ON DELETE CASCADE,
  control TEXT NOT NULL,
  state TEXT NOT NULL,
  observed_at INTEGER,
  valid_until INTEGER,
  PRIMARY KEY (practice, control)
) STRICT, WITHOUT ROWID;
