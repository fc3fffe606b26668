-- for: state, platform
-- A key that a row had leads to the one that it has. Chains are kept resolved: a to b, then b to c, leaves a to c and b to c. A key that
-- stands here is given to no other row of the tenant and table.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.migrations DROP CONSTRAINT migrations_kind_check;
ALTER TABLE {{schema}}.migrations ADD CONSTRAINT migrations_kind_check
  CHECK (kind IN ('model', 'rekey', 'rollback')) NOT VALID;
ALTER TABLE {{schema}}.migrations VALIDATE CONSTRAINT migrations_kind_check;

CREATE TABLE {{schema}}.aliases (
  tenant_id {{tenant_type}} NOT NULL,
  table_name text NOT NULL,
  old_key text NOT NULL,
  new_key text NOT NULL,
  migration_id uuid NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT aliases_pkey PRIMARY KEY (tenant_id, table_name, old_key),
  CONSTRAINT aliases_migration_fkey FOREIGN KEY (tenant_id, migration_id)
    REFERENCES {{schema}}.migrations (tenant_id, id),
  CONSTRAINT aliases_keys_check CHECK (old_key <> new_key)
);

CREATE INDEX aliases_new_key_idx ON {{schema}}.aliases (tenant_id, table_name, new_key);
CREATE INDEX aliases_migration_id_idx ON {{schema}}.aliases (tenant_id, migration_id);
