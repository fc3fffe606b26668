-- for: state, platform
-- A row that could not stay beside another one when two rows became one, whole, with the row that stayed. It is written with the record
-- of the migration. Where a rollback put it back into its table, that is noted, and what puts it aside again takes the note away.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.migrations DROP CONSTRAINT migrations_kind_check;
ALTER TABLE {{schema}}.migrations ADD CONSTRAINT migrations_kind_check
  CHECK (kind IN ('model', 'rekey', 'merge', 'rollback')) NOT VALID;
ALTER TABLE {{schema}}.migrations VALIDATE CONSTRAINT migrations_kind_check;

CREATE TABLE {{schema}}.set_aside (
  tenant_id {{tenant_type}} NOT NULL,
  migration_id uuid NOT NULL,
  table_name text NOT NULL,
  row_key text NOT NULL,
  survivor_key text,
  constraint_name text,
  row jsonb NOT NULL,
  returned_by uuid,
  CONSTRAINT set_aside_pkey PRIMARY KEY (tenant_id, migration_id, table_name, row_key),
  CONSTRAINT set_aside_migration_fkey FOREIGN KEY (tenant_id, migration_id)
    REFERENCES {{schema}}.migrations (tenant_id, id),
  CONSTRAINT set_aside_returned_fkey FOREIGN KEY (tenant_id, returned_by)
    REFERENCES {{schema}}.migrations (tenant_id, id)
);

CREATE INDEX set_aside_returned_by_idx ON {{schema}}.set_aside (tenant_id, returned_by);
