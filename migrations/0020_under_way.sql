-- for: state, platform
-- A migration that is committed in parts (`drover apply --online`) is `under_way` from its first part to its last.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.migrations DROP CONSTRAINT migrations_status_check;
ALTER TABLE {{schema}}.migrations ADD CONSTRAINT migrations_status_check
  CHECK (status IN ('running', 'prepared', 'under_way', 'succeeded', 'failed')) NOT VALID;
ALTER TABLE {{schema}}.migrations VALIDATE CONSTRAINT migrations_status_check;
