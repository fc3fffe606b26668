-- for: platform
-- Since when a model is deprecated: what it says in the header Deprecation (RFC 9745), which is a date. Of models that
-- were deprecated before, nobody knows it; it stays empty, and the header says when they were changed last.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.completion_models ADD COLUMN deprecated_at timestamptz;
ALTER TABLE {{schema}}.transcription_models ADD COLUMN deprecated_at timestamptz;
ALTER TABLE {{schema}}.embedding_models ADD COLUMN deprecated_at timestamptz;
