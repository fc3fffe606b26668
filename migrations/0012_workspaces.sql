-- for: platform
-- Workspaces, their secrets, and the rule that a pair of runtime and model that the registry refuses is never stored, whoever
-- writes: the server, a worker, an import or psql.
--
-- The rule is two foreign keys, of which one holds for each row. `route` says which:
--   registry: (runtime, model) stands in registry_pairs, the pairs that the current registry can name itself; '' is "no
--             model yet", so that a retired or unknown runtime is refused without a model, too;
--   verdict:  (tenant, workspace, runtime, model) stands in workspace_verdicts: a verdict that was given for this workspace,
--             because its model goes by a name, its runtime finds models itself, its secrets decided, or because it had the pair
--             before a new registry withdrew it and may keep it.
-- Both are written by the operator's role alone. The application's role reads them, so no statement of its own can make
-- a refused pair storable. A check or a trigger could not do this: a check sees one row, and triggers do not distribute.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.registry_pairs (
  runtime text NOT NULL,
  model text NOT NULL,
  CONSTRAINT registry_pairs_pkey PRIMARY KEY (runtime, model)
);

CREATE TABLE {{schema}}.workspace_verdicts (
  tenant_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  runtime text NOT NULL,
  model text NOT NULL,
  reason text NOT NULL,
  registry_version text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspace_verdicts_pkey PRIMARY KEY (tenant_id, workspace_id, runtime, model),
  CONSTRAINT workspace_verdicts_reason_check CHECK (reason IN ('allowed', 'kept'))
);

CREATE TABLE {{schema}}.workspaces (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL DEFAULT '',
  tier text NOT NULL DEFAULT 'standard',
  runtime text NOT NULL,
  model text,
  route text NOT NULL DEFAULT 'registry',
  registry_model text GENERATED ALWAYS AS (CASE WHEN route = 'registry' THEN coalesce(model, '') END) STORED,
  verdict_model text GENERATED ALWAYS AS (CASE WHEN route = 'verdict' THEN coalesce(model, '') END) STORED,
  compute jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspaces_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT workspaces_name_key UNIQUE (tenant_id, name),
  CONSTRAINT workspaces_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT workspaces_registry_pair_fkey FOREIGN KEY (runtime, registry_model)
    REFERENCES {{schema}}.registry_pairs (runtime, model),
  CONSTRAINT workspaces_verdict_fkey FOREIGN KEY (tenant_id, id, runtime, verdict_model)
    REFERENCES {{schema}}.workspace_verdicts (tenant_id, workspace_id, runtime, model),
  CONSTRAINT workspaces_route_check CHECK (route IN ('registry', 'verdict')),
  CONSTRAINT workspaces_tier_check CHECK (tier IN ('small', 'standard', 'large')),
  CONSTRAINT workspaces_model_check CHECK (model <> '')
);

CREATE INDEX workspaces_user_id_idx ON {{schema}}.workspaces (tenant_id, user_id);
CREATE INDEX workspaces_verdict_idx ON {{schema}}.workspaces (tenant_id, id, runtime, verdict_model);
CREATE INDEX workspaces_created_at_idx ON {{schema}}.workspaces (tenant_id, created_at, id);
CREATE INDEX workspaces_model_idx ON {{schema}}.workspaces (tenant_id, model);
-- Asked by the key itself, across tenants, when a registry takes a pair away.
CREATE INDEX workspaces_registry_pair_idx ON {{schema}}.workspaces (runtime, registry_model);

-- Values are sealed by AES-256-GCM before they come here; the place of a row is part of what is authenticated, so that a
-- value moved to another tenant, workspace or name cannot be opened.
CREATE TABLE {{schema}}.workspace_secrets (
  tenant_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  key_id text NOT NULL,
  nonce text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspace_secrets_pkey PRIMARY KEY (tenant_id, workspace_id, name),
  CONSTRAINT workspace_secrets_workspace_fkey FOREIGN KEY (tenant_id, workspace_id)
    REFERENCES {{schema}}.workspaces (tenant_id, id),
  CONSTRAINT workspace_secrets_name_check CHECK (name ~ '^[A-Z][A-Z0-9_]*$' AND name !~ '(^|_)MODELS?(_|$)')
);

CREATE TABLE {{schema}}.tenant_secrets (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  key_id text NOT NULL,
  nonce text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tenant_secrets_pkey PRIMARY KEY (tenant_id, name),
  CONSTRAINT tenant_secrets_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES {{schema}}.tenants (id),
  CONSTRAINT tenant_secrets_name_check CHECK (name ~ '^[A-Z][A-Z0-9_]*$' AND name !~ '(^|_)MODELS?(_|$)')
);
