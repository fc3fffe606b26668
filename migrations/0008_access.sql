-- for: platform
-- Who may: four roles (viewer < member < admin < sysadmin) and keys for programs. The words of the roles change, so the
-- rows that are there are renamed. Row-level security is forced and binds the owner, too: it is lifted for the length
-- of this transaction, under the table's exclusive lock, and the generated policies force it again.

SET LOCAL lock_timeout = '5s';

ALTER TABLE {{schema}}.user_roles NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.user_roles DROP CONSTRAINT user_roles_role_check;
ALTER TABLE {{schema}}.user_roles DROP CONSTRAINT user_roles_scope_check;

-- Two of the old words become one: where a person held both in one place, the second is withdrawn.
UPDATE {{schema}}.user_roles AS twice SET is_active = false
WHERE twice.is_active AND twice.role = 'user' AND EXISTS (
  SELECT FROM {{schema}}.user_roles AS other
  WHERE other.tenant_id = twice.tenant_id AND other.user_id = twice.user_id AND other.role = 'editor'
    AND other.is_active AND other.scope = twice.scope AND other.space_id IS NOT DISTINCT FROM twice.space_id
);

UPDATE {{schema}}.user_roles SET role = CASE role
  WHEN 'administrator' THEN 'admin' WHEN 'auditor' THEN 'viewer' ELSE 'member' END;

-- A sysadmin works across tenants, so the role is held in no tenant and no space.
ALTER TABLE {{schema}}.user_roles ADD CONSTRAINT user_roles_role_check
  CHECK (role IN ('sysadmin', 'admin', 'member', 'viewer')) NOT VALID;
ALTER TABLE {{schema}}.user_roles ADD CONSTRAINT user_roles_scope_check
  CHECK (scope IN ('system', 'tenant', 'space') AND (role = 'sysadmin') = (scope = 'system')) NOT VALID;
ALTER TABLE {{schema}}.user_roles VALIDATE CONSTRAINT user_roles_role_check;
ALTER TABLE {{schema}}.user_roles VALIDATE CONSTRAINT user_roles_scope_check;
ALTER TABLE {{schema}}.user_roles FORCE ROW LEVEL SECURITY;

-- A key names its tenant, so it is looked up in that tenant's own transaction. What proves it is random and long, so a
-- plain SHA-256 is enough; the prefix shows people which key it is.
CREATE TABLE {{schema}}.api_keys (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  secret_hash text NOT NULL,
  scopes text[] NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT api_keys_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES {{schema}}.users (tenant_id, id),
  CONSTRAINT api_keys_name_check CHECK (name <> ''),
  CONSTRAINT api_keys_prefix_check CHECK (length(prefix) = 8),
  CONSTRAINT api_keys_secret_hash_check CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT api_keys_scopes_check CHECK (cardinality(scopes) > 0)
);

CREATE INDEX api_keys_prefix_idx ON {{schema}}.api_keys (tenant_id, prefix);
CREATE INDEX api_keys_user_id_idx ON {{schema}}.api_keys (tenant_id, user_id);
CREATE INDEX api_keys_created_at_idx ON {{schema}}.api_keys (tenant_id, created_at DESC, id);
