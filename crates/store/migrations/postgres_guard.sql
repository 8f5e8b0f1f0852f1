-- Run by the owner after migrations, and harmless to run again: puts every table of the schema under row level security, forced on the
-- owner too, and gives the role that the server works as what it needs and no more. A table that a later migration makes is included.

DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enamel_app') THEN
    CREATE ROLE enamel_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another server made it at this moment
END
$$;

DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'enamel_app', 'MEMBER') THEN
    EXECUTE format('GRANT enamel_app TO %I', current_user);
  END IF;
END
$$;

-- `app.scope` is 'all', or an array of practices; where it was not set nothing is in reach.
CREATE OR REPLACE FUNCTION main.scope_is_whole() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('app.scope', true) = 'all', false)
$$;

CREATE OR REPLACE FUNCTION main.scope_practices() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN coalesce(current_setting('app.scope', true), '') IN ('', 'all') THEN '{}'::uuid[]
         ELSE current_setting('app.scope', true)::uuid[] END
$$;

DO $$
DECLARE
  t record;
  rule text;
BEGIN
  FOR t IN
    SELECT c.relname AS name,
      EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'practice' AND NOT a.attisdropped) AS tenant
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'main' AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('schema_migration', 'audit_head')
  LOOP
    -- In a sub-select each function is called once for a statement, not once for a row.
    rule := '(SELECT main.scope_is_whole())';
    IF t.name = 'practice_group' THEN
      rule := rule || ' OR EXISTS (SELECT 1 FROM main.practice p WHERE p.practice_group = practice_group.practice_group'
        || ' AND p.practice = ANY ((SELECT main.scope_practices())::uuid[]))';
    ELSIF t.tenant THEN
      rule := rule || ' OR practice = ANY ((SELECT main.scope_practices())::uuid[])';
    END IF;
    EXECUTE format('ALTER TABLE main.%I ENABLE ROW LEVEL SECURITY', t.name);
    EXECUTE format('ALTER TABLE main.%I FORCE ROW LEVEL SECURITY', t.name);
    EXECUTE format('DROP POLICY IF EXISTS scoped ON main.%I', t.name);
    EXECUTE format('CREATE POLICY scoped ON main.%I USING (%s) WITH CHECK (%s)', t.name, rule, rule);
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA main TO enamel_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA main TO enamel_app;
REVOKE UPDATE, DELETE ON main.audit FROM enamel_app;
REVOKE UPDATE ON main.entry FROM enamel_app;
REVOKE INSERT, UPDATE, DELETE ON main.schema_migration FROM enamel_app;
