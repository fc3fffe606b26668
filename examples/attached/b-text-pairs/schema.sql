-- Quillflow: agents, flows and apps, ported through three frameworks. PostgreSQL 15 and later, and PGlite.
-- The list of models is source code, a model is a pair of texts, and the database has not one foreign key.

CREATE TABLE accounts (
  id text PRIMARY KEY,
  name text NOT NULL
);

-- The people of a group are a list of ids in a document; nothing else says which account a person belongs to.
CREATE TABLE groups (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  name text NOT NULL,
  members jsonb NOT NULL DEFAULT '[]'
);
CREATE TABLE people (
  id text PRIMARY KEY,
  email text NOT NULL
);
CREATE TABLE preferences (
  person_id text PRIMARY KEY,
  provider text NOT NULL,
  model text NOT NULL
);

CREATE TABLE agents (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  name text NOT NULL,
  instructions text NOT NULL DEFAULT '',
  provider varchar(40) NOT NULL,
  model varchar(80) NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'draft', 'archived')),
  response_format jsonb,
  reasoning_effort text,
  verbosity text,
  max_tokens integer,
  options jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX agents_account ON agents (account_id);

CREATE TABLE tasks (
  id integer PRIMARY KEY,
  agent_id text NOT NULL,
  provider text,
  model text
);

-- Both halves in one text: openai/gpt-4o.
CREATE TABLE routes (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  path text NOT NULL,
  target text NOT NULL
);

-- A flow runs its current version; conversations may hold on to an older one.
CREATE TABLE flows (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  name text NOT NULL,
  current_version_id text
);
CREATE TABLE flow_versions (
  id text PRIMARY KEY,
  flow_id text NOT NULL,
  graph text NOT NULL
);
CREATE TABLE pinned_conversations (
  id integer PRIMARY KEY,
  flow_version_id text NOT NULL
);

CREATE TABLE apps (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  settings jsonb NOT NULL
);
CREATE TABLE app_profiles (
  app_id text PRIMARY KEY,
  body json NOT NULL
);
CREATE TABLE menus (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  model_names text[] NOT NULL DEFAULT '{}',
  pairs text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE api_keys (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  label text NOT NULL,
  allowed text NOT NULL
);

-- A revoked row may be repeated, and so may a row without a group, for in this index nulls are distinct.
CREATE TABLE allowed_models (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  group_id text,
  provider text NOT NULL,
  model text NOT NULL,
  note text,
  revoked_on date
);
CREATE UNIQUE INDEX allowed_models_live ON allowed_models (account_id, group_id, provider, model) WHERE revoked_on IS NULL;

-- What a chooser offers first. Here a missing group is a value like any other.
CREATE TABLE model_defaults (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  group_id text,
  purpose text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  rank integer NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX model_defaults_once ON model_defaults (account_id, group_id, purpose, provider, model) NULLS NOT DISTINCT;

-- The reference is a part of the key.
CREATE TABLE model_settings (
  account_id text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  temperature numeric(3, 2) NOT NULL,
  PRIMARY KEY (account_id, provider, model)
);

-- The same reference twice: as a pair, and as one text for the gateway.
CREATE TABLE bots (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  engine text NOT NULL
);

CREATE TABLE documents (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  title text NOT NULL,
  embedding_provider text NOT NULL,
  embedding_model text NOT NULL,
  embedding real[] NOT NULL
);

CREATE TABLE messages (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  tokens integer NOT NULL
);
CREATE TABLE usage_events (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  model text NOT NULL,
  tokens integer NOT NULL
);
-- Written again every night from agents and apps.
CREATE TABLE search_index (
  id integer PRIMARY KEY,
  account_id text NOT NULL,
  doc jsonb NOT NULL
);
-- Everybody's.
CREATE TABLE gallery_agents (
  id integer PRIMARY KEY,
  title text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL
);
