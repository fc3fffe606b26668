-- for: platform
-- Who pays for a pair, so that a migration of models moves no workspace to what somebody else would pay: 'platform' or 'tenant', or
-- where the available secrets decide, the providers in their order. Filled when a registry is brought in.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.registry_pairs ADD COLUMN payers text NOT NULL DEFAULT '';
