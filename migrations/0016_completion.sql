-- for: state, platform
-- The words `complete`, `complete for the tenant` and `partial` instead of a truth value: see docs/guides/attached.md. Of what was
-- complete before these words nobody knows whether rows of everybody were left, so no more than the second word is said of it.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.migrations ADD COLUMN completion text;
ALTER TABLE {{schema}}.run_tenants ADD COLUMN completion text;
ALTER TABLE {{schema}}.runs ADD COLUMN completion text;

UPDATE {{schema}}.migrations SET completion = CASE WHEN NOT complete THEN 'partial' WHEN kind = 'rollback' THEN 'complete'
  ELSE 'complete for the tenant' END WHERE status = 'succeeded';
UPDATE {{schema}}.run_tenants SET completion = CASE WHEN complete THEN 'complete for the tenant' ELSE 'partial' END
  WHERE complete IS NOT NULL;

ALTER TABLE {{schema}}.migrations DROP COLUMN complete;
ALTER TABLE {{schema}}.run_tenants DROP COLUMN complete;
