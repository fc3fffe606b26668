-- for: platform
-- Organisations and their people. A tenant's defaults are a table of their own (0003), so that a tenant can change its
-- default model without being able to write the row that says whether it is suspended, and so that `tenants`, which
-- has a key across all tenants, names no row of a tenant and can be replicated by a fleet.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.tenants (
  id uuid NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  state text NOT NULL DEFAULT 'active',
  is_demo boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tenants_pkey PRIMARY KEY (id),
  CONSTRAINT tenants_slug_key UNIQUE (slug),
  CONSTRAINT tenants_slug_check CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  CONSTRAINT tenants_state_check CHECK (state IN ('active', 'suspended'))
);

CREATE TABLE {{schema}}.users (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  email text NOT NULL,
  display_name text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT users_email_key UNIQUE (tenant_id, email),
  -- Two spellings of one address would be two people.
  CONSTRAINT users_email_check CHECK (email = lower(email)),
  CONSTRAINT users_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES {{schema}}.tenants (id)
);
