-- for: state, platform
-- What Drover remembers about its own work: each migration, its steps, the before-image of every changed row, and
-- who did what. The same tables live inside Drover's own schema and, alone, inside a database it is attached to.
-- Models, users and tenants are kept as values, without foreign keys: a record outlives what it is about.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.migrations (
  tenant_id {{tenant_type}} NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  parent_id uuid,
  status text NOT NULL,
  complete boolean NOT NULL DEFAULT false,
  plan jsonb,
  plan_hash text,
  result jsonb,
  from_kind text,
  from_key text,
  from_name text,
  from_provider text,
  to_key text,
  to_name text,
  to_provider text,
  actor text NOT NULL,
  reason text,
  forced boolean NOT NULL DEFAULT false,
  error_code text,
  error_message text,
  migrated_count bigint NOT NULL DEFAULT 0,
  -- The id of the transaction that did the work, so that a record left open by a crash can be settled.
  xid text,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT migrations_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT migrations_parent_fkey FOREIGN KEY (tenant_id, parent_id)
    REFERENCES {{schema}}.migrations (tenant_id, id),
  CONSTRAINT migrations_kind_check CHECK (kind IN ('model', 'rollback')),
  CONSTRAINT migrations_status_check CHECK (status IN ('running', 'prepared', 'succeeded', 'failed')),
  CONSTRAINT migrations_migrated_count_check CHECK (migrated_count >= 0)
);

CREATE INDEX migrations_started_at_idx ON {{schema}}.migrations (tenant_id, started_at DESC, id);
CREATE INDEX migrations_plan_hash_idx ON {{schema}}.migrations (tenant_id, plan_hash);
CREATE INDEX migrations_parent_id_idx ON {{schema}}.migrations (tenant_id, parent_id);

CREATE TABLE {{schema}}.migration_steps (
  tenant_id {{tenant_type}} NOT NULL,
  migration_id uuid NOT NULL,
  step integer NOT NULL,
  operation text NOT NULL,
  table_name text NOT NULL,
  entity text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  expected bigint NOT NULL,
  actual bigint,
  skipped bigint NOT NULL DEFAULT 0,
  finished_at timestamptz,
  CONSTRAINT migration_steps_pkey PRIMARY KEY (tenant_id, migration_id, step),
  CONSTRAINT migration_steps_migration_fkey FOREIGN KEY (tenant_id, migration_id)
    REFERENCES {{schema}}.migrations (tenant_id, id)
);

-- One row holds the keys of up to 10 000 changed rows in one array, and what they had in common once; the arrays of
-- documents are filled only where rows differ. One journal row per changed row would double the cost of a move.
CREATE TABLE {{schema}}.journal (
  tenant_id {{tenant_type}} NOT NULL,
  migration_id uuid NOT NULL,
  step integer NOT NULL,
  chunk integer NOT NULL,
  action text NOT NULL,
  table_name text NOT NULL,
  key_columns text[] NOT NULL,
  uuid_keys uuid[],
  int_keys bigint[],
  text_keys text[],
  before jsonb,
  after jsonb,
  befores jsonb[],
  afters jsonb[],
  row_count integer NOT NULL,
  CONSTRAINT journal_pkey PRIMARY KEY (tenant_id, migration_id, step, chunk),
  CONSTRAINT journal_migration_fkey FOREIGN KEY (tenant_id, migration_id)
    REFERENCES {{schema}}.migrations (tenant_id, id),
  CONSTRAINT journal_action_check CHECK (action IN ('set', 'delete', 'insert', 'edit')),
  CONSTRAINT journal_row_count_check CHECK (row_count >= 0)
);

-- Random ids do not compress; trying costs time on every chunk.
ALTER TABLE {{schema}}.journal ALTER COLUMN uuid_keys SET STORAGE EXTERNAL;

CREATE TABLE {{schema}}.audit_log (
  tenant_id {{tenant_type}} NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  object text,
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX audit_log_at_idx ON {{schema}}.audit_log (tenant_id, at DESC, id);
