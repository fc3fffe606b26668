-- for: platform
-- What happened: questions to assistants and runs of apps. The foreign keys to models leave out the fence of 0003, so
-- that a model can be retired and its past work still says who did it.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.questions (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  assistant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  completion_model_id uuid NOT NULL,
  question text NOT NULL,
  answer text NOT NULL DEFAULT '',
  tokens_in integer NOT NULL DEFAULT 0,
  tokens_out integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT questions_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT questions_assistant_fkey FOREIGN KEY (tenant_id, assistant_id)
    REFERENCES {{schema}}.assistants (tenant_id, id),
  CONSTRAINT questions_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT questions_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id)
    REFERENCES {{schema}}.completion_models (tenant_id, id)
);

CREATE INDEX questions_assistant_id_idx ON {{schema}}.questions (tenant_id, assistant_id);
CREATE INDEX questions_user_id_idx ON {{schema}}.questions (tenant_id, user_id);
CREATE INDEX questions_completion_model_id_idx ON {{schema}}.questions (tenant_id, completion_model_id);

CREATE TABLE {{schema}}.app_runs (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  app_id uuid NOT NULL,
  user_id uuid NOT NULL,
  completion_model_id uuid,
  transcription_model_id uuid,
  outcome text NOT NULL,
  input text NOT NULL DEFAULT '',
  output text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT app_runs_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT app_runs_app_fkey FOREIGN KEY (tenant_id, app_id) REFERENCES {{schema}}.apps (tenant_id, id),
  CONSTRAINT app_runs_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT app_runs_completion_model_fkey FOREIGN KEY (tenant_id, completion_model_id)
    REFERENCES {{schema}}.completion_models (tenant_id, id),
  CONSTRAINT app_runs_transcription_model_fkey FOREIGN KEY (tenant_id, transcription_model_id)
    REFERENCES {{schema}}.transcription_models (tenant_id, id),
  CONSTRAINT app_runs_outcome_check CHECK (outcome IN ('succeeded', 'failed'))
);

CREATE INDEX app_runs_app_id_idx ON {{schema}}.app_runs (tenant_id, app_id);
CREATE INDEX app_runs_user_id_idx ON {{schema}}.app_runs (tenant_id, user_id);
CREATE INDEX app_runs_completion_model_id_idx ON {{schema}}.app_runs (tenant_id, completion_model_id);
CREATE INDEX app_runs_transcription_model_id_idx ON {{schema}}.app_runs (tenant_id, transcription_model_id);
