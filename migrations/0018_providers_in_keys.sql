-- for: platform
-- The same model may come from two providers: the key of a model includes who serves it. Which of the two a name means is decided where
-- it is resolved, and a move from one to the other is a migration like any other.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.completion_models
  DROP CONSTRAINT completion_models_name_family_key,
  ADD CONSTRAINT completion_models_name_family_provider_key UNIQUE (tenant_id, name, family, provider_id);
ALTER TABLE {{schema}}.transcription_models
  DROP CONSTRAINT transcription_models_name_family_key,
  ADD CONSTRAINT transcription_models_name_family_provider_key UNIQUE (tenant_id, name, family, provider_id);
ALTER TABLE {{schema}}.embedding_models
  DROP CONSTRAINT embedding_models_name_family_key,
  ADD CONSTRAINT embedding_models_name_family_provider_key UNIQUE (tenant_id, name, family, provider_id);
