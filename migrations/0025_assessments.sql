-- for: state, platform
-- Assessments: what should become of each row that names a model which ends, what was recommended, and what somebody decided.
-- An asset is such a row; it outlives the assessment that found it. Facts are those of one survey (`survey` counts them), so that a later
-- one shows what changed. Nothing is deleted: what is gone has a time, a decision that was replaced names the one that replaced it.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.assets (
  tenant_id {{tenant_type}} NOT NULL,
  id uuid NOT NULL,
  table_name text NOT NULL,
  row_key text NOT NULL,
  kind text NOT NULL,
  name text,
  gone_at timestamptz,
  CONSTRAINT assets_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT assets_row_key UNIQUE (tenant_id, table_name, row_key)
);

-- The dependent needs the dependency, so it moves with it or after it. Both keys name the tenant: no edge leads to another one.
CREATE TABLE {{schema}}.asset_dependencies (
  tenant_id {{tenant_type}} NOT NULL,
  dependent_asset_id uuid NOT NULL,
  dependency_asset_id uuid NOT NULL,
  gone_at timestamptz,
  CONSTRAINT asset_dependencies_pkey PRIMARY KEY (tenant_id, dependent_asset_id, dependency_asset_id),
  CONSTRAINT asset_dependencies_dependent_fkey FOREIGN KEY (tenant_id, dependent_asset_id)
    REFERENCES {{schema}}.assets (tenant_id, id),
  CONSTRAINT asset_dependencies_dependency_fkey FOREIGN KEY (tenant_id, dependency_asset_id)
    REFERENCES {{schema}}.assets (tenant_id, id),
  CONSTRAINT asset_dependencies_self_check CHECK (dependent_asset_id <> dependency_asset_id)
);

CREATE INDEX asset_dependencies_dependency_idx ON {{schema}}.asset_dependencies (tenant_id, dependency_asset_id);

CREATE TABLE {{schema}}.assessments (
  tenant_id {{tenant_type}} NOT NULL,
  id uuid NOT NULL,
  status text NOT NULL,
  -- Counts the changes of the status and the surveys: whoever accepts says which version was seen.
  version integer NOT NULL DEFAULT 1,
  survey integer NOT NULL DEFAULT 0,
  horizon date NOT NULL,
  use_days integer NOT NULL,
  parameters text NOT NULL,
  surveyed_on date,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT assessments_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT assessments_status_check CHECK (status IN
    ('draft', 'assessing', 'in_review', 'accepted', 'migrating', 'completed', 'failed', 'cancelled')),
  CONSTRAINT assessments_parameters_check CHECK (parameters IN ('reset', 'keep', 'translate')),
  CONSTRAINT assessments_use_days_check CHECK (use_days > 0)
);

-- One at a time for each tenant.
CREATE UNIQUE INDEX assessments_open_idx ON {{schema}}.assessments (tenant_id) WHERE status NOT IN ('completed', 'cancelled');
CREATE INDEX assessments_created_at_idx ON {{schema}}.assessments (tenant_id, created_at DESC, id);

CREATE TABLE {{schema}}.assessment_sources (
  tenant_id {{tenant_type}} NOT NULL,
  assessment_id uuid NOT NULL,
  survey integer NOT NULL,
  source text NOT NULL,
  label text NOT NULL,
  kind text NOT NULL,
  ends date,
  says text NOT NULL,
  -- The one that somebody gave when the assessment began; what would follow otherwise is a fact of each asset.
  target text,
  CONSTRAINT assessment_sources_pkey PRIMARY KEY (tenant_id, assessment_id, survey, source),
  CONSTRAINT assessment_sources_assessment_fkey FOREIGN KEY (tenant_id, assessment_id)
    REFERENCES {{schema}}.assessments (tenant_id, id)
);

-- A column for each fact of src/engine/assess/facts.ts, then what the rules made of them.
CREATE TABLE {{schema}}.asset_facts (
  tenant_id {{tenant_type}} NOT NULL,
  assessment_id uuid NOT NULL,
  survey integer NOT NULL,
  asset_id uuid NOT NULL,
  source text NOT NULL,
  name text,
  dead boolean NOT NULL,
  dependents integer NOT NULL,
  uses bigint,
  last_use date,
  created date,
  data_bound boolean NOT NULL,
  ends date,
  elsewhere text,
  target text,
  errors text[] NOT NULL,
  asked boolean NOT NULL,
  capabilities_lost text[],
  context_lower boolean,
  parameters text,
  price_over boolean,
  other_vendor text,
  group_name text NOT NULL,
  strategy text NOT NULL,
  strategy_target text,
  confidence numeric(3,2) NOT NULL,
  rule smallint NOT NULL,
  reasons jsonb NOT NULL,
  CONSTRAINT asset_facts_pkey PRIMARY KEY (tenant_id, assessment_id, survey, asset_id, source),
  CONSTRAINT asset_facts_assessment_fkey FOREIGN KEY (tenant_id, assessment_id)
    REFERENCES {{schema}}.assessments (tenant_id, id),
  CONSTRAINT asset_facts_asset_fkey FOREIGN KEY (tenant_id, asset_id) REFERENCES {{schema}}.assets (tenant_id, id),
  CONSTRAINT asset_facts_parameters_check CHECK (parameters IN ('kept', 'changed', 'dropped')),
  CONSTRAINT asset_facts_strategy_check CHECK (strategy IN
    ('rehost', 'replatform', 'refactor', 'repurchase', 'retire', 'retain')),
  CONSTRAINT asset_facts_confidence_check CHECK (confidence BETWEEN 0.10 AND 0.95)
);

CREATE INDEX asset_facts_asset_id_idx ON {{schema}}.asset_facts (tenant_id, asset_id);

CREATE TABLE {{schema}}.decisions (
  tenant_id {{tenant_type}} NOT NULL,
  id uuid NOT NULL,
  assessment_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  source text NOT NULL,
  strategy text NOT NULL,
  target text,
  reason text,
  until date,
  owner text,
  due date,
  group_name text,
  singly boolean NOT NULL,
  actor text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  recommended text NOT NULL,
  recommended_target text,
  confidence numeric(3,2) NOT NULL,
  rule smallint NOT NULL,
  superseded_by uuid,
  CONSTRAINT decisions_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT decisions_assessment_fkey FOREIGN KEY (tenant_id, assessment_id)
    REFERENCES {{schema}}.assessments (tenant_id, id),
  CONSTRAINT decisions_asset_fkey FOREIGN KEY (tenant_id, asset_id) REFERENCES {{schema}}.assets (tenant_id, id),
  CONSTRAINT decisions_superseded_fkey FOREIGN KEY (tenant_id, superseded_by)
    REFERENCES {{schema}}.decisions (tenant_id, id),
  CONSTRAINT decisions_strategy_check CHECK (strategy IN
    ('rehost', 'replatform', 'refactor', 'repurchase', 'retire', 'retain')),
  CONSTRAINT decisions_recommended_check CHECK (recommended IN
    ('rehost', 'replatform', 'refactor', 'repurchase', 'retire', 'retain')),
  CONSTRAINT decisions_reason_check CHECK (reason IS NOT NULL OR strategy = recommended),
  CONSTRAINT decisions_target_check CHECK ((strategy IN ('rehost', 'replatform')) = (target IS NOT NULL)),
  CONSTRAINT decisions_until_check CHECK ((strategy = 'retain') = (until IS NOT NULL)),
  CONSTRAINT decisions_task_check CHECK (strategy NOT IN ('refactor', 'repurchase') OR (owner IS NOT NULL AND due IS NOT NULL))
);

-- Of two reviewers one is the first.
CREATE UNIQUE INDEX decisions_live_idx ON {{schema}}.decisions (tenant_id, assessment_id, asset_id, source) WHERE superseded_by IS NULL;
CREATE INDEX decisions_assessment_id_idx ON {{schema}}.decisions (tenant_id, assessment_id, at);
CREATE INDEX decisions_asset_id_idx ON {{schema}}.decisions (tenant_id, asset_id);
CREATE INDEX decisions_superseded_by_idx ON {{schema}}.decisions (tenant_id, superseded_by);

-- As accepted. An asset is in one wave; in none where it no longer moves.
CREATE TABLE {{schema}}.wave_members (
  tenant_id {{tenant_type}} NOT NULL,
  assessment_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  wave smallint,
  canary boolean NOT NULL DEFAULT false,
  CONSTRAINT wave_members_pkey PRIMARY KEY (tenant_id, assessment_id, asset_id),
  CONSTRAINT wave_members_assessment_fkey FOREIGN KEY (tenant_id, assessment_id)
    REFERENCES {{schema}}.assessments (tenant_id, id),
  CONSTRAINT wave_members_asset_fkey FOREIGN KEY (tenant_id, asset_id) REFERENCES {{schema}}.assets (tenant_id, id),
  CONSTRAINT wave_members_wave_check CHECK (wave BETWEEN 1 AND 10)
);

CREATE INDEX wave_members_asset_id_idx ON {{schema}}.wave_members (tenant_id, asset_id);
