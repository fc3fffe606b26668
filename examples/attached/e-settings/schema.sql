-- Settings as rows: a name and a value, which is always a text, whatever it holds.
CREATE TABLE tenants (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE settings (
  id integer PRIMARY KEY,
  -- Without a tenant: what holds where a tenant says nothing.
  tenant_id text REFERENCES tenants,
  key text NOT NULL,
  value text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (tenant_id, key)
);
-- What was set before, and by whom.
CREATE TABLE setting_changes (
  id integer PRIMARY KEY,
  tenant_id text REFERENCES tenants,
  key text NOT NULL,
  old_value text,
  new_value text,
  changed_at timestamptz NOT NULL
);
