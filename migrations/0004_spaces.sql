-- for: platform
-- Spaces, in which people of a tenant work together, the roles people hold, and which models a space may use. The
-- links to models and the default are live references, behind the fence of 0003.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.spaces (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  security_classification integer NOT NULL DEFAULT 0,
  default_completion_model_id uuid,
  default_completion_model_live boolean NOT NULL DEFAULT true,
  archived_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT spaces_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT spaces_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES {{schema}}.tenants (id),
  CONSTRAINT spaces_default_completion_model_fkey
    FOREIGN KEY (tenant_id, default_completion_model_id, default_completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT spaces_default_completion_model_live_check CHECK (default_completion_model_live),
  CONSTRAINT spaces_security_classification_check CHECK (security_classification >= 0)
);

CREATE INDEX spaces_default_completion_model_id_idx
  ON {{schema}}.spaces (tenant_id, default_completion_model_id);

-- A role in a tenant, or in one of its spaces; `user_id` holds it and `granted_by` gave it.
CREATE TABLE {{schema}}.user_roles (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL,
  scope text NOT NULL,
  space_id uuid,
  granted_by uuid,
  expires_at timestamptz,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_roles_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT user_roles_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT user_roles_granted_by_fkey FOREIGN KEY (tenant_id, granted_by)
    REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT user_roles_space_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT user_roles_role_check CHECK (role IN ('administrator', 'editor', 'user', 'auditor')),
  CONSTRAINT user_roles_scope_check CHECK (scope IN ('tenant', 'space')),
  CONSTRAINT user_roles_space_check CHECK ((scope = 'space') = (space_id IS NOT NULL))
);

-- One live grant of a role per user and scope; what was withdrawn stays as a record.
CREATE UNIQUE INDEX user_roles_live_key ON {{schema}}.user_roles (tenant_id, user_id, role, scope, space_id)
  NULLS NOT DISTINCT WHERE is_active;
CREATE INDEX user_roles_user_id_idx ON {{schema}}.user_roles (tenant_id, user_id);
CREATE INDEX user_roles_granted_by_idx ON {{schema}}.user_roles (tenant_id, granted_by);
CREATE INDEX user_roles_space_id_idx ON {{schema}}.user_roles (tenant_id, space_id);

-- Which models a space may use.
CREATE TABLE {{schema}}.space_completion_models (
  tenant_id uuid NOT NULL,
  space_id uuid NOT NULL,
  model_id uuid NOT NULL,
  model_live boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT space_completion_models_pkey PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT space_completion_models_space_fkey FOREIGN KEY (tenant_id, space_id)
    REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT space_completion_models_model_fkey FOREIGN KEY (tenant_id, model_id, model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT space_completion_models_model_live_check CHECK (model_live)
);

CREATE INDEX space_completion_models_model_id_idx ON {{schema}}.space_completion_models (tenant_id, model_id);

CREATE TABLE {{schema}}.space_transcription_models (
  tenant_id uuid NOT NULL,
  space_id uuid NOT NULL,
  model_id uuid NOT NULL,
  model_live boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT space_transcription_models_pkey PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT space_transcription_models_space_fkey FOREIGN KEY (tenant_id, space_id)
    REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT space_transcription_models_model_fkey FOREIGN KEY (tenant_id, model_id, model_live)
    REFERENCES {{schema}}.transcription_models (tenant_id, id, is_live),
  CONSTRAINT space_transcription_models_model_live_check CHECK (model_live)
);

CREATE INDEX space_transcription_models_model_id_idx ON {{schema}}.space_transcription_models (tenant_id, model_id);

CREATE TABLE {{schema}}.space_embedding_models (
  tenant_id uuid NOT NULL,
  space_id uuid NOT NULL,
  model_id uuid NOT NULL,
  model_live boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT space_embedding_models_pkey PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT space_embedding_models_space_fkey FOREIGN KEY (tenant_id, space_id)
    REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT space_embedding_models_model_fkey FOREIGN KEY (tenant_id, model_id, model_live)
    REFERENCES {{schema}}.embedding_models (tenant_id, id, is_live),
  CONSTRAINT space_embedding_models_model_live_check CHECK (model_live)
);

CREATE INDEX space_embedding_models_model_id_idx ON {{schema}}.space_embedding_models (tenant_id, model_id);
