-- The same tables as in SQLite. That the audit trail and the entries are not changed is a matter of privileges here
-- (`postgres_guard.sql`).

CREATE TABLE main.person (
  person UUID PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  locale TEXT NOT NULL,
  password_hash TEXT,
  made_at BIGINT NOT NULL,
  disabled_at BIGINT
);

CREATE TABLE main.credential (
  credential UUID PRIMARY KEY,
  person UUID NOT NULL REFERENCES main.person (person) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  handle BYTEA UNIQUE,
  sealed BYTEA NOT NULL,
  made_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX credential_by_person ON main.credential (person, kind);

CREATE TABLE main.person_grant (
  person_grant UUID PRIMARY KEY,
  person UUID NOT NULL REFERENCES main.person (person) ON DELETE CASCADE,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id UUID,
  ends_at BIGINT,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE INDEX person_grant_by_person ON main.person_grant (person);

CREATE TABLE main.invitation (
  secret_hash BYTEA PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id UUID,
  grant_ends_at BIGINT,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  taken_at BIGINT
);

CREATE TABLE main.signed_in (
  token_hash BYTEA PRIMARY KEY,
  person UUID NOT NULL REFERENCES main.person (person) ON DELETE CASCADE,
  csrf BYTEA NOT NULL,
  made_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  idle_ends_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  stepped_up_at BIGINT,
  browser TEXT NOT NULL
);
CREATE INDEX signed_in_by_person ON main.signed_in (person);
CREATE INDEX signed_in_by_end ON main.signed_in (ends_at);

CREATE TABLE main.challenge (
  token_hash BYTEA PRIMARY KEY,
  sealed BYTEA NOT NULL,
  ends_at BIGINT NOT NULL
);

CREATE TABLE main.api_key (
  api_key UUID PRIMARY KEY,
  secret_hash BYTEA NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  reach TEXT NOT NULL,
  reach_id UUID,
  ends_at BIGINT,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  used_at BIGINT,
  revoked_at BIGINT
);

CREATE TABLE main.audit_head (
  one BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL
);

CREATE TABLE main.audit (
  seq BIGINT PRIMARY KEY,
  practice UUID,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL
);
CREATE INDEX audit_by_practice ON main.audit (practice, seq);

CREATE TABLE main.alert (
  alert UUID PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  same_key TEXT NOT NULL,
  severity BIGINT NOT NULL,
  category TEXT NOT NULL,
  detail TEXT NOT NULL,
  device UUID,
  times BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  acknowledged_by TEXT,
  acknowledged_at BIGINT,
  escalated_at BIGINT,
  closed_by TEXT,
  closed_at BIGINT,
  benign BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_open ON main.alert (practice, same_key) WHERE closed_at IS NULL;
CREATE INDEX alert_by_time ON main.alert (opened_at, alert);

CREATE TABLE main.route (
  route UUID PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  rule TEXT NOT NULL,
  sealed BYTEA
);

CREATE TABLE main.delivery (
  delivery UUID PRIMARY KEY,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  alert UUID NOT NULL REFERENCES main.alert (alert) ON DELETE CASCADE,
  route UUID NOT NULL REFERENCES main.route (route) ON DELETE CASCADE,
  event_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX delivery_due ON main.delivery (state, next_at);
CREATE INDEX delivery_by_alert ON main.delivery (alert);
CREATE INDEX delivery_by_route ON main.delivery (route);

CREATE TABLE main.shredded (
  practice UUID PRIMARY KEY,
  shredded_at BIGINT NOT NULL,
  shredded_by TEXT NOT NULL,
  entries BIGINT NOT NULL,
  agents BIGINT NOT NULL,
  root BYTEA NOT NULL
);

CREATE TABLE main.index_practice (
  practice UUID PRIMARY KEY REFERENCES main.practice (practice) ON DELETE CASCADE,
  through_seq BIGINT NOT NULL,
  computed_at BIGINT NOT NULL,
  loss_mean DOUBLE PRECISION NOT NULL,
  figures TEXT NOT NULL
);
CREATE INDEX index_practice_by_loss ON main.index_practice (loss_mean, practice);

CREATE TABLE main.index_day (
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  day TEXT NOT NULL,
  figures TEXT NOT NULL,
  PRIMARY KEY (practice, day)
);

CREATE TABLE main.index_device (
  device UUID NOT NULL,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  os TEXT NOT NULL,
  role TEXT NOT NULL,
  observed_at BIGINT NOT NULL,
  worst BIGINT NOT NULL,
  findings BIGINT NOT NULL,
  PRIMARY KEY (practice, device)
);
CREATE INDEX index_device_by_name ON main.index_device (name_key, device);

CREATE TABLE main.index_finding (
  finding TEXT NOT NULL,
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  device UUID NOT NULL,
  rule TEXT NOT NULL,
  severity BIGINT NOT NULL,
  state TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  accepted_until BIGINT,
  PRIMARY KEY (practice, finding)
);
CREATE INDEX index_finding_by_severity ON main.index_finding (severity, finding);
CREATE INDEX index_finding_by_rule ON main.index_finding (rule, severity);

CREATE TABLE main.index_today (
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  item TEXT NOT NULL,
  worth DOUBLE PRECISION NOT NULL,
  reason TEXT NOT NULL,
  severity BIGINT NOT NULL,
  device UUID,
  since BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (practice, item)
);
CREATE INDEX index_today_by_worth ON main.index_today (worth, practice, item);

CREATE TABLE main.index_evidence (
  practice UUID NOT NULL REFERENCES main.practice (practice) ON DELETE CASCADE,
  control TEXT NOT NULL,
  state TEXT NOT NULL,
  observed_at BIGINT,
  valid_until BIGINT,
  PRIMARY KEY (practice, control)
);
