-- for: platform
-- Model providers, models and the tenant's defaults. Each tenant has rows of its own: the same model has another id in
-- each, and (name, family) is what they have in common.
--
-- The fence: a live reference carries a column that is always true, and its foreign key includes it. A retired model
-- has `is_live` false, so the key itself refuses to retire a model that something live names, and refuses a live
-- reference that arrives late. A row lock or a check before the write would let a concurrent insert through.
-- History refers to (tenant_id, id) without it: a record goes on naming the model that did the work.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.model_providers (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  has_credentials boolean NOT NULL DEFAULT false,
  region text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT model_providers_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT model_providers_name_key UNIQUE (tenant_id, name),
  CONSTRAINT model_providers_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES {{schema}}.tenants (id)
);

-- Prices are per million tokens.
CREATE TABLE {{schema}}.completion_models (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  family text NOT NULL,
  provider_id uuid NOT NULL,
  is_enabled boolean NOT NULL DEFAULT true,
  is_deprecated boolean NOT NULL DEFAULT false,
  lifecycle text NOT NULL DEFAULT 'active',
  is_live boolean NOT NULL DEFAULT true,
  retired_at timestamptz,
  successor_id uuid,
  shutdown_on date,
  context_tokens integer,
  output_tokens integer,
  supports_vision boolean NOT NULL DEFAULT false,
  supports_tools boolean NOT NULL DEFAULT false,
  supports_reasoning boolean NOT NULL DEFAULT false,
  supports_audio boolean NOT NULL DEFAULT false,
  supports_structured boolean NOT NULL DEFAULT false,
  price_in numeric(12, 4),
  price_out numeric(12, 4),
  region text,
  security_classification integer NOT NULL DEFAULT 0,
  supported_parameters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT completion_models_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT completion_models_name_family_key UNIQUE (tenant_id, name, family),
  CONSTRAINT completion_models_is_live_key UNIQUE (tenant_id, id, is_live),
  CONSTRAINT completion_models_provider_fkey FOREIGN KEY (tenant_id, provider_id)
    REFERENCES {{schema}}.model_providers (tenant_id, id),
  CONSTRAINT completion_models_successor_fkey FOREIGN KEY (tenant_id, successor_id)
    REFERENCES {{schema}}.completion_models (tenant_id, id),
  CONSTRAINT completion_models_lifecycle_check
    CHECK (lifecycle IN ('active', 'deprecated', 'withdrawn', 'retired')),
  CONSTRAINT completion_models_is_live_check CHECK (is_live = (lifecycle <> 'retired')),
  CONSTRAINT completion_models_security_classification_check CHECK (security_classification >= 0)
);

CREATE INDEX completion_models_provider_id_idx ON {{schema}}.completion_models (tenant_id, provider_id);
CREATE INDEX completion_models_successor_id_idx ON {{schema}}.completion_models (tenant_id, successor_id);

-- Prices are per minute of audio.
CREATE TABLE {{schema}}.transcription_models (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  family text NOT NULL,
  provider_id uuid NOT NULL,
  is_enabled boolean NOT NULL DEFAULT true,
  is_deprecated boolean NOT NULL DEFAULT false,
  lifecycle text NOT NULL DEFAULT 'active',
  is_live boolean NOT NULL DEFAULT true,
  retired_at timestamptz,
  successor_id uuid,
  shutdown_on date,
  price_in numeric(12, 4),
  price_out numeric(12, 4),
  region text,
  security_classification integer NOT NULL DEFAULT 0,
  supported_parameters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT transcription_models_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT transcription_models_name_family_key UNIQUE (tenant_id, name, family),
  CONSTRAINT transcription_models_is_live_key UNIQUE (tenant_id, id, is_live),
  CONSTRAINT transcription_models_provider_fkey FOREIGN KEY (tenant_id, provider_id)
    REFERENCES {{schema}}.model_providers (tenant_id, id),
  CONSTRAINT transcription_models_successor_fkey FOREIGN KEY (tenant_id, successor_id)
    REFERENCES {{schema}}.transcription_models (tenant_id, id),
  CONSTRAINT transcription_models_lifecycle_check
    CHECK (lifecycle IN ('active', 'deprecated', 'withdrawn', 'retired')),
  CONSTRAINT transcription_models_is_live_check CHECK (is_live = (lifecycle <> 'retired')),
  CONSTRAINT transcription_models_security_classification_check CHECK (security_classification >= 0)
);

CREATE INDEX transcription_models_provider_id_idx ON {{schema}}.transcription_models (tenant_id, provider_id);
CREATE INDEX transcription_models_successor_id_idx ON {{schema}}.transcription_models (tenant_id, successor_id);

-- Vectors belong to the model that made them; their number of dimensions never changes.
CREATE TABLE {{schema}}.embedding_models (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  family text NOT NULL,
  provider_id uuid NOT NULL,
  is_enabled boolean NOT NULL DEFAULT true,
  is_deprecated boolean NOT NULL DEFAULT false,
  lifecycle text NOT NULL DEFAULT 'active',
  is_live boolean NOT NULL DEFAULT true,
  retired_at timestamptz,
  successor_id uuid,
  shutdown_on date,
  context_tokens integer,
  dimensions integer NOT NULL,
  price_in numeric(12, 4),
  price_out numeric(12, 4),
  region text,
  security_classification integer NOT NULL DEFAULT 0,
  supported_parameters jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT embedding_models_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT embedding_models_name_family_key UNIQUE (tenant_id, name, family),
  CONSTRAINT embedding_models_is_live_key UNIQUE (tenant_id, id, is_live),
  CONSTRAINT embedding_models_provider_fkey FOREIGN KEY (tenant_id, provider_id)
    REFERENCES {{schema}}.model_providers (tenant_id, id),
  CONSTRAINT embedding_models_successor_fkey FOREIGN KEY (tenant_id, successor_id)
    REFERENCES {{schema}}.embedding_models (tenant_id, id),
  CONSTRAINT embedding_models_lifecycle_check
    CHECK (lifecycle IN ('active', 'deprecated', 'withdrawn', 'retired')),
  CONSTRAINT embedding_models_is_live_check CHECK (is_live = (lifecycle <> 'retired')),
  CONSTRAINT embedding_models_dimensions_check CHECK (dimensions > 0),
  CONSTRAINT embedding_models_security_classification_check CHECK (security_classification >= 0)
);

CREATE INDEX embedding_models_provider_id_idx ON {{schema}}.embedding_models (tenant_id, provider_id);
CREATE INDEX embedding_models_successor_id_idx ON {{schema}}.embedding_models (tenant_id, successor_id);

-- What a tenant uses where nothing else is chosen.
CREATE TABLE {{schema}}.tenant_defaults (
  tenant_id uuid NOT NULL,
  completion_model_id uuid,
  completion_model_live boolean NOT NULL DEFAULT true,
  transcription_model_id uuid,
  transcription_model_live boolean NOT NULL DEFAULT true,
  embedding_model_id uuid,
  embedding_model_live boolean NOT NULL DEFAULT true,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tenant_defaults_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_defaults_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES {{schema}}.tenants (id),
  CONSTRAINT tenant_defaults_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id, completion_model_live)
    REFERENCES {{schema}}.completion_models (tenant_id, id, is_live),
  CONSTRAINT tenant_defaults_transcription_model_fkey
    FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live)
    REFERENCES {{schema}}.transcription_models (tenant_id, id, is_live),
  CONSTRAINT tenant_defaults_embedding_model_fkey FOREIGN KEY (tenant_id, embedding_model_id, embedding_model_live)
    REFERENCES {{schema}}.embedding_models (tenant_id, id, is_live),
  CONSTRAINT tenant_defaults_completion_model_live_check CHECK (completion_model_live),
  CONSTRAINT tenant_defaults_transcription_model_live_check CHECK (transcription_model_live),
  CONSTRAINT tenant_defaults_embedding_model_live_check CHECK (embedding_model_live)
);

CREATE INDEX tenant_defaults_completion_model_id_idx
  ON {{schema}}.tenant_defaults (tenant_id, completion_model_id);
CREATE INDEX tenant_defaults_transcription_model_id_idx
  ON {{schema}}.tenant_defaults (tenant_id, transcription_model_id);
CREATE INDEX tenant_defaults_embedding_model_id_idx
  ON {{schema}}.tenant_defaults (tenant_id, embedding_model_id);
