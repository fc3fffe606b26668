/** Tables of models behind the names that frameworks and people give them. */
import type { SmallSchema } from './schema.ts';

const elm = ['--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1'];

export const catalogues: readonly SmallSchema[] = [
  {
    name: 'a prefix of the program, users as tenants, settings of everybody',
    script: `CREATE TABLE shop_account (id bigint PRIMARY KEY, username text NOT NULL);
      CREATE TABLE shop_vendor (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE shop_chatmodel (id bigint PRIMARY KEY, name varchar(200) NOT NULL, friendly_name varchar(200),
        vendor_id bigint REFERENCES shop_vendor, vision_enabled boolean NOT NULL, updated_at timestamptz);
      CREATE TABLE shop_bot (id bigint PRIMARY KEY, maker_id bigint REFERENCES shop_account, name text,
        chat_model_id bigint NOT NULL REFERENCES shop_chatmodel);
      CREATE TABLE shop_userconfig (id bigint PRIMARY KEY, user_id bigint NOT NULL UNIQUE REFERENCES shop_account,
        choice_id bigint REFERENCES shop_chatmodel);
      CREATE TABLE shop_serversettings (id bigint PRIMARY KEY, chat_default_id bigint REFERENCES shop_chatmodel);
      INSERT INTO shop_account VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO shop_vendor VALUES (1, 'OpenAI');
      INSERT INTO shop_chatmodel VALUES (1, 'gpt-4o', 'GPT-4o', 1, true), (2, 'gpt-4.1', 'GPT-4.1', 1, true);
      INSERT INTO shop_bot VALUES (1, NULL, 'Built in', 1), (2, 1, 'Coder', 1), (3, 2, 'Cook', 1);
      INSERT INTO shop_userconfig VALUES (1, 1, 1), (2, 2, 2);
      INSERT INTO shop_serversettings VALUES (1, 1);`,
    models: { shop_chatmodel: { name: 'name', provider: 'vendor_id' } },
    root: 'shop_account',
    places: {
      'shop_bot.chat_model_id': 'move',
      'shop_userconfig.choice_id': 'move',
      'shop_serversettings.chat_default_id': 'move',
      'shop_chatmodel.friendly_name': 'stay',
    },
    plan: elm,
  },
  {
    name: 'quoted names in mixed case',
    script: `CREATE TABLE "Tbl_Firm" ("FirmId" int PRIMARY KEY, "FirmName" text NOT NULL);
      CREATE TABLE "Tbl_LanguageModel" ("Id" int PRIMARY KEY, "FirmId" int REFERENCES "Tbl_Firm", "Vendor" text, "ModelName" text, "IsActive" boolean);
      CREATE TABLE "Tbl_Assistant" ("Id" int PRIMARY KEY, "FirmId" int NOT NULL REFERENCES "Tbl_Firm", "Title" text,
        "LanguageModelId" int REFERENCES "Tbl_LanguageModel");
      INSERT INTO "Tbl_Firm" VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO "Tbl_LanguageModel" VALUES (7, 2, 'OpenAI', 'gpt-4o', true), (8, 2, 'OpenAI', 'gpt-4.1', true), (9, 1, 'OpenAI', 'gpt-4o', true),
        (10, 1, 'OpenAI', 'gpt-4.1', true);
      INSERT INTO "Tbl_Assistant" VALUES (1, 2, 'Help', 7), (2, 1, 'Help', 9);`,
    models: { Tbl_LanguageModel: { name: 'ModelName', provider: 'Vendor', tenant: 'FirmId' } },
    root: 'Tbl_Firm',
    places: { 'Tbl_Assistant.LanguageModelId': 'move' },
    plan: elm,
  },
  {
    name: 'a list of models that is called something else',
    script: `CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE backends (id int PRIMARY KEY, slug text NOT NULL UNIQUE, label text, context_tokens int);
      CREATE TABLE desks (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, title text, backend_id int REFERENCES backends);
      CREATE TABLE letters (id int PRIMARY KEY, desk_id int NOT NULL REFERENCES desks, body text, backend_id int REFERENCES backends,
        created_at timestamptz, tokens int);
      INSERT INTO customers VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO backends VALUES (1, 'gpt-4o', 'Fast', 128000), (2, 'gpt-4.1', 'Long', 1000000);
      INSERT INTO desks VALUES (1, 1, 'Claims', 1), (2, 2, 'Sales', 1);
      INSERT INTO letters VALUES (1, 1, 'Dear', 1, '2026-01-01', 12);`,
    models: { backends: { name: 'slug' } },
    root: 'customers',
    places: { 'desks.backend_id': 'move', 'letters.backend_id': 'stay' },
    plan: elm,
  },
  {
    name: 'chat in the name of the models is no history',
    script: `CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE chat_models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text, enabled boolean);
      CREATE TABLE helpers (id int PRIMARY KEY, org_id int REFERENCES orgs, chat_model_id int REFERENCES chat_models);
      INSERT INTO orgs VALUES (1, 'Elm');
      INSERT INTO chat_models VALUES (1, 1, 'gpt-4o', true), (2, 1, 'gpt-4.1', true);
      INSERT INTO helpers VALUES (1, 1, 1);`,
    models: { chat_models: { name: 'name', tenant: 'org_id' } },
    root: 'orgs',
    places: { 'helpers.chat_model_id': 'move' },
    plan: elm,
  },
  {
    name: 'the provider lies behind a key',
    script: `CREATE TABLE tenants (id uuid PRIMARY KEY, name text);
      CREATE TABLE vendors (id uuid PRIMARY KEY, tenant_id uuid REFERENCES tenants, name text, is_active boolean);
      CREATE TABLE ai_models (id uuid PRIMARY KEY, tenant_id uuid REFERENCES tenants, provider_id uuid REFERENCES vendors, name text);
      CREATE TABLE bots (id uuid PRIMARY KEY, tenant_id uuid REFERENCES tenants, title text, model_id uuid REFERENCES ai_models);
      INSERT INTO tenants VALUES ('10000000-0000-4000-8000-000000000001', 'Elm');
      INSERT INTO vendors VALUES ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'OpenAI', true);
      INSERT INTO ai_models VALUES
        ('30000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'gpt-4o'),
        ('30000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'gpt-4.1');
      INSERT INTO bots VALUES ('40000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'Help',
        '30000000-0000-4000-8000-000000000001');`,
    models: { ai_models: { name: 'name', provider: 'provider_id' } },
    root: 'tenants',
    places: { 'bots.model_id': 'move' },
    also: {
      'model.tables.0.providers': { table: 'vendors', column: 'id', name: 'name', usable: 'is_active' },
    },
    plan: elm,
  },
  {
    name: 'the provider is a key of text, and the handles of a document name the model again',
    script: `CREATE TABLE organizations (id text PRIMARY KEY, name text NOT NULL);
      CREATE TABLE providers (id text PRIMARY KEY, name text NOT NULL, organization_id text REFERENCES organizations);
      CREATE TABLE provider_models (id text PRIMARY KEY, name text NOT NULL, handle text NOT NULL,
        provider_id text NOT NULL REFERENCES providers, organization_id text REFERENCES organizations, enabled boolean NOT NULL DEFAULT true);
      CREATE TABLE agents (id text PRIMARY KEY, organization_id text NOT NULL REFERENCES organizations, name text, llm_config json);
      CREATE TABLE steps (id text PRIMARY KEY, organization_id text REFERENCES organizations, model text, model_handle text,
        prompt_tokens int, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
      INSERT INTO organizations VALUES ('elm', 'Elm'), ('oak', 'Oak');
      INSERT INTO providers VALUES ('p1', 'openai', 'elm'), ('p2', 'own-openai', 'elm');
      INSERT INTO provider_models VALUES ('m1', 'gpt-4o', 'openai/gpt-4o', 'p1', 'elm'), ('m2', 'gpt-4.1', 'openai/gpt-4.1', 'p1', 'elm'),
        ('m3', 'gpt-4o', 'own-openai/gpt-4o', 'p2', 'elm');
      INSERT INTO agents VALUES ('a1', 'elm', 'Full', '{"model": "gpt-4o", "provider_name": "openai", "handle": "openai/gpt-4o"}'),
        ('a2', 'elm', 'Short', '{"model": "gpt-4o", "handle": null}');
      INSERT INTO steps (id, organization_id, model, model_handle, prompt_tokens) VALUES ('s1', 'elm', 'gpt-4o', 'openai/gpt-4o', 12);`,
    models: { provider_models: { name: 'name', provider: 'provider_id' } },
    root: 'organizations',
    places: {
      'agents.llm_config/model': 'ask',
      'agents.llm_config/handle': 'ask',
      'steps.model': 'ask',
      'steps.model_handle': 'ask',
      'provider_models.handle': 'stay',
    },
    also: { 'model.tables.0.providers': { table: 'providers', column: 'id', name: 'name' } },
    plan: ['--tenant', 'Elm', '--from', 'm1', '--to', 'm2'],
  },
  {
    name: 'the name at the provider stands in a column called provider, and keys are bound in tables of settings',
    script: `CREATE TABLE owners (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE models (id int PRIMARY KEY, service text NOT NULL, name text NOT NULL, provider_id text NOT NULL,
        active boolean NOT NULL DEFAULT true, successor_id int REFERENCES models, price_in numeric);
      CREATE TABLE config (id serial PRIMARY KEY, owner_id int NOT NULL, grp text NOT NULL, setting text NOT NULL, value text NOT NULL,
        UNIQUE (owner_id, grp, setting));
      CREATE TABLE prompts (id int PRIMARY KEY, owner_id int NOT NULL REFERENCES owners, topic text);
      CREATE TABLE prompt_meta (id serial PRIMARY KEY, prompt_id int NOT NULL REFERENCES prompts, key text NOT NULL, value text NOT NULL);
      CREATE TABLE messages (id serial PRIMARY KEY, owner_id int NOT NULL, body text, model_id int, created_at timestamptz DEFAULT now());
      INSERT INTO owners VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO models VALUES (9, 'Groq', 'llama 3.3 70b', 'llama-3.3-70b-versatile', true, NULL, 0.59),
        (76, 'Groq', 'gpt-oss 120b', 'openai/gpt-oss-120b', true, NULL, 0.15), (12, 'OpenAI', 'gpt-4o', 'gpt-4o', true, NULL, 2.5);
      INSERT INTO config (owner_id, grp, setting, value) VALUES (0, 'DEFAULTMODEL', 'CHAT', '9'), (1, 'DEFAULTMODEL', 'CHAT', '9'),
        (1, 'LIMITS', 'MAX_FILES', '9'), (2, 'DEFAULTMODEL', 'CHAT', '12'), (2, 'UI', 'COLUMNS', '9');
      INSERT INTO prompts VALUES (1, 1, 'general'), (2, 2, 'mail');
      INSERT INTO prompt_meta (prompt_id, key, value) VALUES (1, 'aiModel', '9'), (1, 'temperature', '9'), (2, 'aiModel', '9'), (2, 'tool', '0');
      INSERT INTO messages (owner_id, body, model_id) VALUES (1, 'hi', 9), (2, 'hi', 9);`,
    models: { models: { name: 'provider_id', provider: 'service' } },
    root: 'owners',
    places: {
      'config.value': 'move',
      'prompt_meta.value': 'move',
      'messages.model_id': 'stay',
      'models.successor_id': 'stay',
      'models.name': 'stay',
    },
    also: {
      'places.config.value.live': "grp = 'DEFAULTMODEL'",
      'places.prompt_meta.value.live': "key = 'aiModel'",
    },
    plan: ['--tenant', 'Elm', '--from', '9', '--to', '76'],
  },
  {
    name: 'two kinds of models, each with its own list of what a room offers',
    script: `CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE completion_models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text);
      CREATE TABLE speech_models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text);
      CREATE TABLE rooms (id int PRIMARY KEY, org_id int REFERENCES orgs);
      CREATE TABLE rooms_completion_models (room_id int REFERENCES rooms, chat_model_id int REFERENCES completion_models,
        PRIMARY KEY (room_id, chat_model_id));
      CREATE TABLE rooms_speech_models (room_id int REFERENCES rooms, speech_model_id int REFERENCES speech_models,
        PRIMARY KEY (room_id, speech_model_id));
      CREATE TABLE bots (id int PRIMARY KEY, room_id int REFERENCES rooms, chat_model_id int REFERENCES completion_models,
        speech_model_id int REFERENCES speech_models);
      INSERT INTO orgs VALUES (1, 'Elm');
      INSERT INTO rooms VALUES (1, 1);
      INSERT INTO completion_models VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4.1');
      INSERT INTO speech_models VALUES (1, 1, 'whisper-1'), (2, 1, 'gpt-4o-transcribe');
      INSERT INTO rooms_completion_models VALUES (1, 1);
      INSERT INTO rooms_speech_models VALUES (1, 1);
      INSERT INTO bots VALUES (1, 1, 1, 1);`,
    models: { completion_models: { name: 'name' }, speech_models: { name: 'name' } },
    root: 'orgs',
    places: {
      'bots.chat_model_id': 'move',
      'bots.speech_model_id': 'move',
      'rooms_completion_models.chat_model_id': 'move',
      'rooms_speech_models.speech_model_id': 'move',
    },
    also: {
      'places.bots.speech_model_id.enables': { grant: 'rooms_speech_models.speech_model_id', via: 'room_id' },
      'places.bots.chat_model_id.enables': { grant: 'rooms_completion_models.chat_model_id', via: 'room_id' },
    },
    plan: [...elm, '--kind', 'completion'],
  },
  {
    name: 'a key that is the name, and models that are built on another',
    script: `CREATE TABLE models (id text PRIMARY KEY, name text, base_model_id text, enabled boolean DEFAULT true);
      CREATE TABLE bots (id int PRIMARY KEY, model text);
      INSERT INTO models VALUES ('gpt-4o', '4o', NULL), ('gpt-4.1', '4.1', NULL), ('house-bot', 'House bot', 'gpt-4o');
      INSERT INTO bots VALUES (1, 'gpt-4o');`,
    models: { models: { name: 'id' } },
    root: 'none',
    places: { 'bots.model': 'move', 'models.base_model_id': 'ask' },
    plan: ['--from', 'gpt-4o', '--to', 'gpt-4.1'],
  },
  {
    name: 'models of everybody beside those of one',
    script: `CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text);
      CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model_id int REFERENCES models);
      INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO models VALUES (1, NULL, 'gpt-4o'), (2, NULL, 'gpt-4.1'), (3, 2, 'gpt-4o');
      INSERT INTO bots VALUES (1, 1, 1), (2, 2, 1), (3, 2, 3);`,
    models: { models: { name: 'name', tenant: 'org_id' } },
    root: 'orgs',
    places: { 'bots.model_id': 'move' },
    also: { 'model.tables.0.global': 'org_id IS NULL' },
    plan: ['--tenant', 'Elm', '--from', '1', '--to', '2'],
  },
  {
    name: 'vendors and models that fall back to others',
    script: `CREATE TABLE vendors (id int PRIMARY KEY, name text, default_model text);
      CREATE TABLE models (id int PRIMARY KEY, vendor_id int REFERENCES vendors, name text, fallback text);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models);
      INSERT INTO vendors VALUES (1, 'openai', 'gpt-4o');
      INSERT INTO models VALUES (1, 1, 'gpt-4o', NULL), (2, 1, 'gpt-4.1', 'gpt-4o');
      INSERT INTO bots VALUES (1, 1);`,
    models: { models: { name: 'name', provider: 'vendor_id' } },
    root: 'none',
    places: { 'bots.model_id': 'move', 'models.fallback': 'ask', 'vendors.default_model': 'move' },
    plan: ['--from', 'gpt-4o', '--to', 'gpt-4.1'],
  },
  {
    name: 'a schema for each tenant is no table of tenants',
    script: `CREATE SCHEMA elm; CREATE SCHEMA oak;
      CREATE TABLE elm.models (id int PRIMARY KEY, name text NOT NULL, provider text NOT NULL);
      CREATE TABLE elm.agents (id int PRIMARY KEY, title text, model_id int NOT NULL REFERENCES elm.models);
      CREATE TABLE oak.models (id int PRIMARY KEY, name text NOT NULL, provider text NOT NULL);
      CREATE TABLE oak.agents (id int PRIMARY KEY, title text, model_id int NOT NULL REFERENCES oak.models);
      INSERT INTO elm.models VALUES (1, 'gpt-4o', 'openai'), (2, 'gpt-4.1', 'openai');
      INSERT INTO oak.models VALUES (1, 'o3', 'openai'), (2, 'claude-sonnet-4-6', 'anthropic');
      INSERT INTO elm.agents VALUES (1, 'A', 1);
      INSERT INTO oak.agents VALUES (1, 'B', 1);`,
    schemas: 'elm',
    models: { models: { name: 'name', provider: 'provider' } },
    root: 'none',
    places: { 'agents.model_id': 'move' },
    plan: ['--from', 'gpt-4o', '--to', 'gpt-4.1'],
  },
];
