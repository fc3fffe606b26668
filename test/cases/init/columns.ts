/** Models named by text: in columns, lists and documents, and in records of what happened. */
import type { SmallSchema } from './schema.ts';

const elm = ['--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1'];
const orgs = `CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL); INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');`;

export const columns: readonly SmallSchema[] = [
  {
    name: 'two spellings in one column, and words of a command line',
    script: `CREATE TABLE workspaces (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE runners (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES workspaces, provider text NOT NULL);
      CREATE TABLE bots (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES workspaces, runner_id int NOT NULL REFERENCES runners,
        name text NOT NULL, model text, extra_args jsonb NOT NULL DEFAULT '[]');
      INSERT INTO workspaces VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO runners VALUES (1, 1, 'claude'), (2, 1, 'opencode');
      INSERT INTO bots VALUES (1, 1, 1, 'Bare', 'claude-sonnet-4-20250514', '[]'),
        (2, 1, 2, 'Prefixed', 'anthropic/claude-sonnet-4-20250514', '[]'),
        (3, 1, 1, 'Two words', NULL, '["--model", "claude-sonnet-4-20250514", "--max-turns", "50"]'),
        (4, 1, 1, 'One word', NULL, '["--model=claude-sonnet-4-20250514"]');`,
    root: 'workspaces',
    places: { 'bots.model': 'move', 'bots.extra_args/*': 'ask' },
    also: {
      'places.bots.model.also': ['{spelling}'],
      'places.bots.extra_args/*.shape': 'inside',
    },
    plan: ['--tenant', 'Elm', '--from', 'claude-sonnet-4-20250514', '--to', 'claude-sonnet-4-5-20250929'],
  },
  {
    name: 'budgets are no tenants, spend by day and deleted rows are records, limits are keyed by the model',
    script: `CREATE TABLE "GW_OrganizationTable" (organization_id text PRIMARY KEY, organization_alias text NOT NULL, budget_id text);
      CREATE TABLE "GW_BudgetTable" (budget_id text PRIMARY KEY, max_budget numeric, model_limits jsonb);
      ALTER TABLE "GW_OrganizationTable" ADD FOREIGN KEY (budget_id) REFERENCES "GW_BudgetTable";
      CREATE TABLE "GW_TeamTable" (team_id text PRIMARY KEY, organization_id text NOT NULL REFERENCES "GW_OrganizationTable", models text[],
        model_limits jsonb NOT NULL DEFAULT '{}', budget_id text REFERENCES "GW_BudgetTable");
      CREATE TABLE "GW_KeyTable" (token text PRIMARY KEY, team_id text REFERENCES "GW_TeamTable", models text[],
        budget_id text REFERENCES "GW_BudgetTable");
      CREATE TABLE "GW_DailySpend" (id text PRIMARY KEY, team_id text REFERENCES "GW_TeamTable", date text NOT NULL, model text, spend numeric,
        updated_at timestamp NOT NULL DEFAULT now(), UNIQUE (team_id, date, model));
      CREATE TABLE "GW_DeletedTeamTable" (id text PRIMARY KEY, organization_id text, models text[], deleted_at timestamp NOT NULL DEFAULT now());
      INSERT INTO "GW_BudgetTable" VALUES ('b1', 100, NULL);
      INSERT INTO "GW_OrganizationTable" VALUES ('elm', 'Elm', 'b1'), ('oak', 'Oak', 'b1');
      INSERT INTO "GW_TeamTable" VALUES ('t1', 'elm', '{gpt-4o,gpt-4o-mini}', '{"gpt-4o": {"limit": 50}, "gpt-4o-mini": {"limit": 5}}'),
        ('t2', 'oak', '{gpt-4o}', '{}');
      INSERT INTO "GW_KeyTable" VALUES ('k1', 't1', '{gpt-4o}');
      INSERT INTO "GW_DailySpend" VALUES ('d1', 't1', '2026-11-01', 'gpt-4o', 3.5);
      INSERT INTO "GW_DeletedTeamTable" (id, organization_id, models) VALUES ('x1', 'elm', '{gpt-4o}');`,
    root: 'GW_OrganizationTable',
    places: {
      'GW_TeamTable.models': 'move',
      'GW_TeamTable.model_limits/~key': 'move',
      'GW_KeyTable.models': 'move',
      'GW_DailySpend.model': 'stay',
      'GW_DeletedTeamTable.models': 'stay',
    },
    plan: elm,
  },
  {
    name: 'a provider beside the name that the models lack, prices of a model in tiers, and how its tokens are counted',
    script: `CREATE TABLE projects (id text PRIMARY KEY, name text NOT NULL);
      CREATE TABLE models (id text PRIMARY KEY, project_id text REFERENCES projects, model_name text NOT NULL, input_price numeric,
        tokenizer_id text, made_by text);
      CREATE TABLE pricing_tiers (id text PRIMARY KEY, model_id text NOT NULL REFERENCES models, name text, priority int, UNIQUE (model_id, name));
      CREATE TABLE prices (id text PRIMARY KEY, model_id text NOT NULL REFERENCES models, project_id text REFERENCES projects,
        tier_id text REFERENCES pricing_tiers, usage_type text NOT NULL, price numeric NOT NULL, UNIQUE (model_id, usage_type, tier_id));
      CREATE TABLE llm_defaults (id text PRIMARY KEY, project_id text NOT NULL REFERENCES projects, model text);
      CREATE TABLE judges (id text PRIMARY KEY, project_id text NOT NULL REFERENCES projects, name text NOT NULL, provider text, model text);
      CREATE TABLE prompts (id text PRIMARY KEY, project_id text NOT NULL REFERENCES projects, config json NOT NULL);
      INSERT INTO projects VALUES ('elm', 'Elm'), ('oak', 'Oak');
      INSERT INTO models VALUES ('g1', NULL, 'gpt-4o', 5, 'openai', NULL), ('g2', NULL, 'gpt-4.1', 4, 'openai', 'openai'), ('a1', 'elm', 'gpt-4o', 5, 'openai', NULL);
      INSERT INTO pricing_tiers VALUES ('t1', 'a1', 'standard', 1);
      INSERT INTO prices VALUES ('p1', 'a1', 'elm', 't1', 'input', 2.5), ('p2', 'a1', 'elm', 't1', 'output', 10);
      INSERT INTO llm_defaults VALUES ('d1', 'elm', 'gpt-4o');
      INSERT INTO judges VALUES ('j1', 'elm', 'Helpful', 'openai', 'gpt-4o'), ('j2', 'elm', 'On Azure', 'azure-eu', 'gpt-4o');
      INSERT INTO prompts VALUES ('r1', 'elm', '{"model_name": "gpt-4o", "provider": "openai"}');`,
    models: { models: { name: 'model_name', tenant: 'project_id' } },
    root: 'projects',
    places: {
      'judges.model': 'ask',
      'prompts.config/model_name': 'ask',
      'prices.model_id': 'stay',
      'pricing_tiers.model_id': 'stay',
      'llm_defaults.model': 'move',
    },
    also: { 'places.llm_defaults.model.defaultOf': 'tenant' },
    plan: ['--tenant', 'Elm', '--from', 'a1', '--to', 'g2'],
  },
  {
    name: 'assistants that say how long a context may be, and a provider of embeddings beside a model of another kind',
    script: `CREATE TABLE workspaces (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE folders (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES workspaces);
      CREATE TABLE assistants (id int PRIMARY KEY, folder_id int REFERENCES folders, name text NOT NULL, model text NOT NULL,
        context_length int NOT NULL, embeddings_provider text NOT NULL, prompt text);
      CREATE TABLE presets (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES workspaces, name text NOT NULL, model text NOT NULL,
        embeddings_provider text NOT NULL);
      CREATE TABLE chats (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES workspaces, assistant_id int REFERENCES assistants);
      CREATE TABLE files (id int PRIMARY KEY, assistant_id int REFERENCES assistants);
      CREATE TABLE assistant_tools (assistant_id int REFERENCES assistants, tool text, PRIMARY KEY (assistant_id, tool));
      CREATE TABLE assistant_workspaces (assistant_id int REFERENCES assistants, workspace_id int REFERENCES workspaces,
        PRIMARY KEY (assistant_id, workspace_id));
      INSERT INTO workspaces VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO assistants SELECT n, NULL, 'A' || n, (ARRAY['gpt-4o', 'claude-sonnet-4-20250514', 'gpt-4o-mini'])[1 + n % 3], 4000, 'openai'
        FROM generate_series(1, 12) n;
      INSERT INTO assistant_workspaces SELECT n, 1 + n % 2 FROM generate_series(1, 12) n;
      INSERT INTO presets VALUES (1, 1, 'P', 'gpt-4o', 'openai'), (2, 2, 'Q', 'gpt-4o', 'openai');
      INSERT INTO chats VALUES (1, 1, 1), (2, 2, 2);`,
    root: 'workspaces',
    places: { 'assistants.model': 'move', 'presets.model': 'move' },
    plan: elm,
  },
  {
    name: 'runs that wait, policies with limits, preferences',
    script: `${orgs}
      CREATE TABLE org_model_policies (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL,
        enabled boolean NOT NULL DEFAULT true, is_default boolean NOT NULL DEFAULT false, credit_limit int, UNIQUE (org_id, model));
      CREATE TABLE member_preferences (org_id int NOT NULL REFERENCES orgs, member_id int NOT NULL, selected_model text,
        PRIMARY KEY (org_id, member_id));
      CREATE TABLE runs (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, selected_model text NOT NULL, status text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now());
      INSERT INTO org_model_policies VALUES (1, 1, 'gpt-4o', true, true, 100), (2, 1, 'gpt-4.1', false, false, 5);
      INSERT INTO member_preferences VALUES (1, 1, 'gpt-4o'), (1, 2, NULL);
      INSERT INTO runs VALUES (1, 1, 'gpt-4o', 'completed'), (2, 1, 'gpt-4o', 'queued');`,
    root: 'orgs',
    places: {
      'org_model_policies.model': 'move',
      'member_preferences.selected_model': 'move',
      'runs.selected_model': 'ask',
    },
    also: {
      'places.runs.selected_model.live': "status = 'queued'",
      'places.org_model_policies.model.collision': 'ask',
    },
    plan: elm,
  },
  {
    name: 'what the database computes, documents that only grow, and text that happens to be a name',
    script: `${orgs}
      CREATE TABLE agents (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL);
      CREATE TABLE message_docs (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, doc jsonb NOT NULL, updated_at timestamptz);
      CREATE TABLE pins (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, thread text,
        model text GENERATED ALWAYS AS (thread) STORED);
      CREATE TABLE badges (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, slogan text);
      INSERT INTO agents VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o');
      INSERT INTO message_docs VALUES (1, 1, '{"parts": [{"type": "model", "selectedModel": "gpt-4o"}]}'), (2, 2, '{"parts": []}');
      INSERT INTO pins (id, org_id, thread) VALUES (1, 1, 'gpt-4o');
      INSERT INTO badges VALUES (1, 1, 'gpt-4o');
      CREATE TABLE quizzes (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, expected jsonb, filter jsonb, setup jsonb);
      INSERT INTO quizzes VALUES (1, 1, '{"a": "gpt-4o"}', '[{"column": "kind", "value": ["gpt-4o"]}]', '{"fallbacks": ["gpt-4o"]}');`,
    root: 'orgs',
    places: {
      'agents.model': 'move',
      'message_docs.doc/parts/*/selectedModel': 'ask',
      'pins.thread': 'ask',
      'badges.slogan': 'ask',
      'quizzes.expected/a': 'ask',
      'quizzes.filter/*/value': 'ask',
      'quizzes.setup/fallbacks': 'move',
    },
    plan: elm,
  },
  {
    name: 'settings that hold references are no parameters',
    script: `${orgs}
      CREATE TABLE routers (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL, fallback_model text, settings jsonb);
      CREATE TABLE tutors (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL, settings jsonb);
      CREATE TABLE clerks (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL, settings jsonb);
      INSERT INTO routers VALUES (1, 1, 'gpt-4o', 'gpt-4.1', '{"primary": "gpt-4o", "fallbacks": ["gpt-4.1", "gpt-4o-mini"]}'),
        (2, 1, 'gpt-4o-mini', 'gpt-4o', '{"primary": "gpt-4o-mini", "fallbacks": ["gpt-4o"]}');
      INSERT INTO tutors VALUES (1, 1, 'gpt-4o', '{"theme": "dark", "locale": "de"}');
      INSERT INTO clerks VALUES (1, 1, 'gpt-4o', '{"reasoning_effort": "low"}');`,
    root: 'orgs',
    places: {
      'routers.model': 'move',
      'routers.fallback_model': 'move',
      'routers.settings/primary': 'move',
      'routers.settings/fallbacks': 'move',
      'tutors.model': 'move',
      'clerks.model': 'move',
    },
    also: {
      'places.routers.model.parameters': undefined,
      'places.tutors.model.parameters': undefined,
      'places.clerks.model.parameters': 'settings',
    },
    plan: elm,
  },
  {
    name: 'lists that forbid, and a suspended customer',
    script: `CREATE TABLE orgs (id int PRIMARY KEY, name text, state text, blocked_models text[]);
      CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
      CREATE TABLE excluded_models (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
      CREATE TABLE gallery (id int PRIMARY KEY, title text, model text);
      CREATE TABLE banners (id int PRIMARY KEY, headline text, model text);
      INSERT INTO orgs VALUES (1, 'Elm', 'active', '{gpt-4o}'), (2, 'Oak', 'suspended', '{}');
      INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o');
      INSERT INTO excluded_models VALUES (1, 1, 'gpt-4o');
      INSERT INTO gallery VALUES (1, 'Starter', 'gpt-4o');
      INSERT INTO banners VALUES (1, 'New', 'gpt-4o');`,
    root: 'orgs',
    places: {
      'bots.model': 'move',
      'orgs.blocked_models': 'stay',
      'excluded_models.model': 'stay',
      'gallery.model': 'move',
      'banners.model': 'move',
    },
    also: { 'tenant.suspended': "state = 'suspended'", 'tenant.global': ['banners', 'gallery'] },
    plan: elm,
  },
  {
    name: 'embedding models: of documents, and as a default',
    script: `CREATE TABLE docs (id int PRIMARY KEY, embedding_model text); CREATE TABLE defaults (id int PRIMARY KEY, model text);
      INSERT INTO docs VALUES (1, 'text-embedding-ada-002'); INSERT INTO defaults VALUES (1, 'text-embedding-ada-002');`,
    root: 'none',
    places: { 'docs.embedding_model': 'stay', 'defaults.model': 'ask' },
    plan: ['--from', 'text-embedding-ada-002', '--to', 'text-embedding-3-small'],
  },
  {
    name: 'documents: JSON in a string, YAML in a text, a comma list in a document',
    script: `CREATE TABLE bots (id int PRIMARY KEY, model text); INSERT INTO bots VALUES (1, 'gpt-4o');
      CREATE TABLE feeds (id int PRIMARY KEY, body jsonb); INSERT INTO feeds VALUES (1, '{"detail": "{\\"model\\":\\"gpt-4o\\"}"}');
      CREATE TABLE flows (id int PRIMARY KEY, body text); INSERT INTO flows VALUES (1, E'steps:\\n- model: gpt-4o\\n');
      CREATE TABLE prefs (key text PRIMARY KEY, value jsonb); INSERT INTO prefs VALUES ('a', '{"order": "gpt-4o,mistral-small"}');`,
    root: 'none',
    places: {
      'bots.model': 'move',
      'feeds.body/detail/~json/model': 'move',
      'flows.body': 'ask',
      'prefs.value/order': 'move',
    },
    plan: ['--from', 'gpt-4o', '--to', 'gpt-4.1'],
  },
  {
    name: 'lists in order, a status that says draft, an open log',
    script: `${orgs}
      CREATE TABLE gateways (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model_names text[], fallbacks jsonb, order_list text,
        default_model text, status text);
      CREATE TABLE logs (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, body jsonb);
      INSERT INTO gateways VALUES (1, 1, '{gpt-4.1,gpt-4o}', '["gpt-4.1", "gpt-4o"]', 'gpt-4.1, gpt-4o', 'gpt-4o', 'active'),
        (2, 2, '{gpt-4o}', '["gpt-4o"]', 'gpt-4o', 'gpt-4o', 'draft');
      INSERT INTO logs VALUES (1, 1, '{"m": "gpt-4o"}');`,
    root: 'orgs',
    places: {
      'gateways.model_names': 'move',
      'gateways.fallbacks': 'move',
      'gateways.order_list': 'move',
      'gateways.default_model': 'move',
      'logs.body/m': 'stay',
    },
    also: { 'places.gateways.default_model.ask': "status = 'draft'" },
    plan: elm,
  },
  {
    name: 'versions of which a flag says which is in use; ids that a generator made; columns called like empty tables',
    script: `${orgs}
      CREATE TABLE job_status (id text PRIMARY KEY, org_id int REFERENCES orgs); CREATE TABLE sso_provider (id text PRIMARY KEY, org_id int REFERENCES orgs);
      CREATE TABLE teams (id text PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
      CREATE TABLE outbox (id int PRIMARY KEY, status text, provider_id text, team_id text);
      CREATE TABLE flows (id text PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
      CREATE TABLE flow_deploy_version (id text PRIMARY KEY, flow_id text NOT NULL REFERENCES flows, state json, is_active boolean NOT NULL);
      CREATE TABLE deploys (id int PRIMARY KEY, flow_id text REFERENCES flows, previous_active_version_id text REFERENCES flow_deploy_version);
      INSERT INTO flows VALUES ('f1', 1), ('f2', 2);
      INSERT INTO flow_deploy_version SELECT f.id || v, f.id,
        json_build_object('blocks', json_build_object(k, json_build_object('model', 'gpt-4o'))), v = 2
        FROM flows f, generate_series(1, 2) v, unnest(ARRAY['V1StGXR8_Z5jdHi6B-myT', 'clh3x2a7k0000qzrmn831i7rn', 'node-3', '01ARZ3NDEKTSV4RRFFQ69G5FAV']) k
        WHERE (f.id = 'f1') = (k LIKE 'V%' OR k LIKE 'n%') AND (v = 1) = (k LIKE 'V%' OR k LIKE '0%');`,
    root: 'orgs',
    places: { 'flow_deploy_version.state/blocks/*/model': 'move' },
    also: {
      'places.flow_deploy_version.state/blocks/*/model.live': 'is_active',
      'tenant.links': { outbox: 'team_id -> teams.id' },
    },
    plan: elm,
  },
  {
    name: 'versions to which nothing points: the newest of each is in use; a second list of versions is referred to',
    script: `${orgs}
      CREATE TABLE prompts (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
      CREATE TABLE prompt_versions (id int PRIMARY KEY, prompt_id int NOT NULL REFERENCES prompts, version int NOT NULL, model text, UNIQUE (prompt_id, version));
      CREATE TABLE rule_versions (id int PRIMARY KEY, prompt_id int NOT NULL REFERENCES prompts, version int NOT NULL, model text, UNIQUE (prompt_id, version));
      CREATE TABLE pins (id int PRIMARY KEY, rule_version_id int REFERENCES rule_versions);
      INSERT INTO prompts VALUES (1, 1), (2, 2);
      INSERT INTO prompt_versions SELECT p * 10 + v, p, v, 'gpt-4o' FROM generate_series(1, 2) p, generate_series(1, 3) v;
      INSERT INTO rule_versions SELECT p * 10 + v, p, v, 'gpt-4o' FROM generate_series(1, 2) p, generate_series(1, 3) v;`,
    root: 'orgs',
    places: { 'prompt_versions.model': 'move', 'rule_versions.model': 'ask' },
    also: { 'places.prompt_versions.model.live': 'newest by prompt_id, version' },
    plan: elm,
  },
  {
    name: 'a name in a title, in a bubble of a flow, in a list of remarks and in a short text is asked about, one in prose is not',
    script: `${orgs}
      CREATE TABLE flows (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, label text, groups jsonb, remarks text[], body text);
      INSERT INTO flows SELECT n, 1 + n % 2, 'Chat with gpt-4o ' || n,
        '[{"title": "Chat with gpt-4o", "blocks": [{"model": "gpt-4o", "bubble": {"text": "We use gpt-4o here"}}]}]',
        ARRAY['Try gpt-4o first'], 'Here somebody wrote at length about what gpt-4o does well and what it does not do at all.'
        FROM generate_series(1, 4) n;`,
    root: 'orgs',
    places: {
      'flows.groups/*/blocks/*/model': 'move',
      'flows.groups/*/title': 'ask',
      'flows.groups/*/blocks/*/bubble/text': 'ask',
      'flows.remarks': 'ask',
      'flows.label': 'ask',
    },
    plan: elm,
  },
];
