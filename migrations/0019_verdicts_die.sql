-- for: platform
-- Verdicts die with what they stand for. Without this, SQL could bring back a pair that nobody may have any more: by moving a workspace
-- away from it and back, or by deleting the workspace and inserting another one with its id.
--
-- A verdict dies with its workspace (workspace_verdicts_workspace_fkey). One that only says that a workspace still has what runs no more
-- (`ended`) holds on to the pair of that workspace (`held_…`). When the pair changes, the key lets go of it, the verdict is not usable any
-- more, and nothing can rest on it again. What a rollback may give back, `allowed` and `kept`, holds on to nothing.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN held_tenant_id uuid;
ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN held_id uuid;
ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN held_runtime text;
ALTER TABLE {{schema}}.workspace_verdicts ADD COLUMN held_model text;
ALTER TABLE {{schema}}.workspace_verdicts
  ADD COLUMN usable boolean NOT NULL GENERATED ALWAYS AS (reason <> 'ended' OR held_id IS NOT NULL) STORED;
ALTER TABLE {{schema}}.workspace_verdicts
  ADD CONSTRAINT workspace_verdicts_usable_key UNIQUE (tenant_id, workspace_id, runtime, model, usable);
ALTER TABLE {{schema}}.workspace_verdicts DROP CONSTRAINT workspace_verdicts_reason_check;
ALTER TABLE {{schema}}.workspace_verdicts
  ADD CONSTRAINT workspace_verdicts_reason_check CHECK (reason IN ('allowed', 'kept', 'ended')) NOT VALID;
ALTER TABLE {{schema}}.workspace_verdicts VALIDATE CONSTRAINT workspace_verdicts_reason_check;

ALTER TABLE {{schema}}.workspaces ADD COLUMN verdict_live boolean NOT NULL DEFAULT true;
ALTER TABLE {{schema}}.workspaces ADD CONSTRAINT workspaces_verdict_live_check CHECK (verdict_live) NOT VALID;
ALTER TABLE {{schema}}.workspaces VALIDATE CONSTRAINT workspaces_verdict_live_check;
ALTER TABLE {{schema}}.workspaces ADD CONSTRAINT workspaces_verdict_key UNIQUE (tenant_id, id, runtime, verdict_model);
ALTER TABLE {{schema}}.workspaces DROP CONSTRAINT workspaces_verdict_fkey;
ALTER TABLE {{schema}}.workspaces ADD CONSTRAINT workspaces_verdict_fkey
  FOREIGN KEY (tenant_id, id, runtime, verdict_model, verdict_live)
  REFERENCES {{schema}}.workspace_verdicts (tenant_id, workspace_id, runtime, model, usable) NOT VALID;
ALTER TABLE {{schema}}.workspaces VALIDATE CONSTRAINT workspaces_verdict_fkey;

-- Of workspaces that are gone. Row-level security is forced and binds the owner, too: it is lifted for this statement, under the
-- exclusive locks of both tables.
ALTER TABLE {{schema}}.workspaces NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.workspace_verdicts NO FORCE ROW LEVEL SECURITY;
DELETE FROM {{schema}}.workspace_verdicts v WHERE NOT EXISTS
  (SELECT FROM {{schema}}.workspaces w WHERE w.tenant_id = v.tenant_id AND w.id = v.workspace_id);
ALTER TABLE {{schema}}.workspaces FORCE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.workspace_verdicts FORCE ROW LEVEL SECURITY;
-- The verdict is written before the workspace that rests on it.
ALTER TABLE {{schema}}.workspace_verdicts ADD CONSTRAINT workspace_verdicts_workspace_fkey
  FOREIGN KEY (tenant_id, workspace_id) REFERENCES {{schema}}.workspaces (tenant_id, id)
  ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE {{schema}}.workspace_verdicts VALIDATE CONSTRAINT workspace_verdicts_workspace_fkey;
ALTER TABLE {{schema}}.workspace_verdicts
  ADD CONSTRAINT workspace_verdicts_held_key UNIQUE (held_tenant_id, held_id, held_runtime, held_model);
-- Its own pair, and no other.
ALTER TABLE {{schema}}.workspace_verdicts ADD CONSTRAINT workspace_verdicts_held_check
  CHECK ((held_tenant_id, held_id, held_runtime, held_model) = (tenant_id, workspace_id, runtime, model)) NOT VALID;
ALTER TABLE {{schema}}.workspace_verdicts VALIDATE CONSTRAINT workspace_verdicts_held_check;
ALTER TABLE {{schema}}.workspace_verdicts ADD CONSTRAINT workspace_verdicts_held_fkey
  FOREIGN KEY (held_tenant_id, held_id, held_runtime, held_model)
  REFERENCES {{schema}}.workspaces (tenant_id, id, runtime, verdict_model)
  ON UPDATE SET NULL ON DELETE SET NULL NOT VALID;
ALTER TABLE {{schema}}.workspace_verdicts VALIDATE CONSTRAINT workspace_verdicts_held_fkey;
