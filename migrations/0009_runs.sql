-- for: state, platform
-- Runs: a migration, or its rollback, over many tenants. These tables are queue, checkpoint and result in one: a worker claims
-- tenants here, and the success of a tenant is written here by the transaction that moves it, so that whoever dies, whenever,
-- every tenant is moved exactly once. See docs/decisions/0012-runs-in-our-own-tables.md.
--
-- Runs, their events and the workers belong to the operator and to no tenant; the part of a run that is about one tenant has the
-- tenant in its key like everything else of a tenant. There is no foreign key between the two, because one cannot be led by a tenant.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.runs (
  id uuid NOT NULL,
  kind text NOT NULL,
  -- Of a rollback: the run that it takes back.
  parent_id uuid,
  status text NOT NULL,
  -- Why it stands still: the canary is done, too many tenants failed, somebody paused it.
  status_reason text,
  -- Why workers wait although it is running: the replicas lag, the server is busy.
  throttle_reason text,
  model_kind text NOT NULL,
  from_key text,
  from_name text NOT NULL,
  from_family text,
  to_key text,
  to_name text NOT NULL,
  to_family text,
  options jsonb NOT NULL,
  actor text NOT NULL,
  reason text,
  -- The first so many tenants go first, and the others when the canary is released.
  canary_size integer NOT NULL DEFAULT 0,
  canary_released boolean NOT NULL DEFAULT true,
  -- Failures that do not count for the limit: known before the run began, or before somebody resumed it.
  failures_excused integer NOT NULL DEFAULT 0,
  total integer NOT NULL,
  pending integer NOT NULL,
  succeeded integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  migrated_count bigint NOT NULL DEFAULT 0,
  last_event integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  CONSTRAINT runs_pkey PRIMARY KEY (id),
  CONSTRAINT runs_kind_check CHECK (kind IN ('model', 'rollback')),
  CONSTRAINT runs_status_check CHECK (status IN
    ('queued', 'running', 'waiting', 'paused', 'stopped', 'cancelling', 'cancelled', 'succeeded', 'failed'))
);

CREATE INDEX runs_created_at_idx ON {{schema}}.runs (created_at DESC, id);
CREATE INDEX runs_parent_id_idx ON {{schema}}.runs (parent_id);

CREATE TABLE {{schema}}.run_tenants (
  tenant_id {{tenant_type}} NOT NULL,
  run_id uuid NOT NULL,
  position integer NOT NULL,
  tenant_name text NOT NULL,
  status text NOT NULL,
  -- Why it failed or was skipped.
  code text,
  message text,
  from_key text,
  to_key text,
  -- The source was retired before: there is work only where something live names it again.
  source_retired boolean NOT NULL DEFAULT false,
  -- Of a rollback: the migration to take back.
  undoes_id uuid,
  migration_id uuid,
  complete boolean,
  migrated_count bigint NOT NULL DEFAULT 0,
  details jsonb NOT NULL DEFAULT '{}',
  findings jsonb NOT NULL DEFAULT '[]',
  duration_ms integer,
  -- Who works on it, under which claim, and until when that claim holds without being renewed.
  claim uuid,
  worker text,
  claimed_until timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  not_before timestamptz,
  -- Is its end among the events of the run?
  announced boolean NOT NULL DEFAULT false,
  finished_at timestamptz,
  CONSTRAINT run_tenants_pkey PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT run_tenants_status_check CHECK (status IN ('pending', 'claimed', 'succeeded', 'failed', 'skipped')),
  CONSTRAINT run_tenants_claim_check CHECK ((status = 'claimed') = (claim IS NOT NULL))
);

CREATE INDEX run_tenants_position_idx ON {{schema}}.run_tenants (run_id, position);
CREATE INDEX run_tenants_open_idx ON {{schema}}.run_tenants (run_id, position) WHERE status IN ('pending', 'claimed');
CREATE INDEX run_tenants_unannounced_idx ON {{schema}}.run_tenants (run_id, position) WHERE NOT announced;

-- Numbered by run without a gap, in the order in which they become visible: who has read up to a number has missed nothing.
CREATE TABLE {{schema}}.run_events (
  run_id uuid NOT NULL,
  number integer NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  data jsonb NOT NULL,
  CONSTRAINT run_events_pkey PRIMARY KEY (run_id, number),
  CONSTRAINT run_events_kind_check CHECK (kind IN ('run', 'tenant', 'end'))
);

CREATE TABLE {{schema}}.run_workers (
  id text NOT NULL,
  run_id uuid,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT run_workers_pkey PRIMARY KEY (id)
);
