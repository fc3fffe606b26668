-- for: platform
-- What a tenant configures: assistants, apps, services, and the templates they start from. All of them name models
-- behind the fence of 0003. `parameters` belong to the completion model of the same row. A row with `deleted_at` can be
-- restored, so it counts as live. A pipeline names models inside its document:
-- {"nodes": [{"data": {"model": {"id": …, "name": …}}}]}.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.assistants (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  prompt text NOT NULL DEFAULT '',
  is_published boolean NOT NULL DEFAULT false,
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  parameters jsonb NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT assistants_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT assistants_space_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT assistants_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT assistants_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT assistants_completion_model_live_check CHECK (completion_model_live)
);

CREATE INDEX assistants_space_id_idx ON {{schema}}.assistants (tenant_id, space_id);
CREATE INDEX assistants_user_id_idx ON {{schema}}.assistants (tenant_id, user_id);
CREATE INDEX assistants_completion_model_id_idx ON {{schema}}.assistants (tenant_id, completion_model_id);

CREATE TABLE {{schema}}.apps (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  input_type text NOT NULL DEFAULT 'text',
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  transcription_model_id uuid,
  transcription_model_live boolean NOT NULL DEFAULT true,
  parameters jsonb NOT NULL DEFAULT '{}',
  pipeline jsonb NOT NULL DEFAULT '{"nodes": []}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT apps_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT apps_space_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT apps_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT apps_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT apps_completion_model_live_check CHECK (completion_model_live),
  CONSTRAINT apps_transcription_model_fkey FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live)
    REFERENCES {{schema}}.transcription_models (tenant_id, id, is_live),
  CONSTRAINT apps_transcription_model_live_check CHECK (transcription_model_live),
  CONSTRAINT apps_input_type_check CHECK (input_type IN ('text', 'audio', 'file', 'image'))
);

CREATE INDEX apps_space_id_idx ON {{schema}}.apps (tenant_id, space_id);
CREATE INDEX apps_user_id_idx ON {{schema}}.apps (tenant_id, user_id);
CREATE INDEX apps_completion_model_id_idx ON {{schema}}.apps (tenant_id, completion_model_id);
CREATE INDEX apps_transcription_model_id_idx ON {{schema}}.apps (tenant_id, transcription_model_id);

CREATE TABLE {{schema}}.services (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  output_format text NOT NULL DEFAULT 'text',
  output_schema jsonb,
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  transcription_model_id uuid,
  transcription_model_live boolean NOT NULL DEFAULT true,
  parameters jsonb NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT services_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT services_space_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES {{schema}}.spaces (tenant_id, id),
  CONSTRAINT services_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT services_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT services_completion_model_live_check CHECK (completion_model_live),
  CONSTRAINT services_transcription_model_fkey
    FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live)
    REFERENCES {{schema}}.transcription_models (tenant_id, id, is_live),
  CONSTRAINT services_transcription_model_live_check CHECK (transcription_model_live),
  CONSTRAINT services_output_format_check CHECK (output_format IN ('text', 'json', 'list', 'boolean'))
);

CREATE INDEX services_space_id_idx ON {{schema}}.services (tenant_id, space_id);
CREATE INDEX services_user_id_idx ON {{schema}}.services (tenant_id, user_id);
CREATE INDEX services_completion_model_id_idx ON {{schema}}.services (tenant_id, completion_model_id);
CREATE INDEX services_transcription_model_id_idx ON {{schema}}.services (tenant_id, transcription_model_id);

CREATE TABLE {{schema}}.assistant_templates (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  prompt text NOT NULL DEFAULT '',
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  parameters jsonb NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT assistant_templates_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT assistant_templates_user_fkey FOREIGN KEY (tenant_id, user_id)
    REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT assistant_templates_completion_model_fkey
    FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT assistant_templates_completion_model_live_check CHECK (completion_model_live)
);

CREATE INDEX assistant_templates_user_id_idx ON {{schema}}.assistant_templates (tenant_id, user_id);
CREATE INDEX assistant_templates_completion_model_id_idx
  ON {{schema}}.assistant_templates (tenant_id, completion_model_id);

CREATE TABLE {{schema}}.app_templates (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  prompt text NOT NULL DEFAULT '',
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  parameters jsonb NOT NULL DEFAULT '{}',
  pipeline jsonb NOT NULL DEFAULT '{"nodes": []}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT app_templates_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT app_templates_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT app_templates_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT app_templates_completion_model_live_check CHECK (completion_model_live)
);

CREATE INDEX app_templates_user_id_idx ON {{schema}}.app_templates (tenant_id, user_id);
CREATE INDEX app_templates_completion_model_id_idx ON {{schema}}.app_templates (tenant_id, completion_model_id);

-- Templates for everybody. They belong to no tenant, so they name a model by what it is called, not by a tenant's row.
CREATE TABLE {{schema}}.global_assistant_templates (
  id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  prompt text NOT NULL DEFAULT '',
  completion_model_name text,
  completion_model_family text,
  parameters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT global_assistant_templates_pkey PRIMARY KEY (id),
  CONSTRAINT global_assistant_templates_name_key UNIQUE (name),
  CONSTRAINT global_assistant_templates_model_check
    CHECK ((completion_model_name IS NULL) = (completion_model_family IS NULL))
);

CREATE TABLE {{schema}}.global_app_templates (
  id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  prompt text NOT NULL DEFAULT '',
  completion_model_name text,
  completion_model_family text,
  parameters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT global_app_templates_pkey PRIMARY KEY (id),
  CONSTRAINT global_app_templates_name_key UNIQUE (name),
  CONSTRAINT global_app_templates_model_check
    CHECK ((completion_model_name IS NULL) = (completion_model_family IS NULL))
);
