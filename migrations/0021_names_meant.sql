-- for: platform
-- Which models a pair means, by all names that a tenant's row of one may have: what the fence of workspaces goes by
-- (src/isolation/workspace-fence.ts). The registry alone knows that `anthropic/claude-haiku-4-5` is claude-haiku-4-5, and SQL asks no
-- registry. Empty until a registry is brought in: nobody has said it of earlier pairs and verdicts.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.registry_pairs ADD COLUMN names text[];
ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN names text[];
