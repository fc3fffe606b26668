-- for: platform
-- Who pays is not known of pairs that were brought in before it was asked: empty until a registry is brought in, and no migration of
-- models moves a workspace to such a pair. A verdict says it, too, since a pair that rests on one stands in no list: the pair that a
-- registry took away, or one that the secrets decided. Of earlier verdicts nobody knows it.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.registry_pairs DROP COLUMN payers;
ALTER TABLE {{schema}}.registry_pairs ADD COLUMN payers text;
ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN payers text;
