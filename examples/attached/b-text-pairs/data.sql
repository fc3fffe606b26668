-- Iris has every difficulty, Juno is clean, Kite has settings for both models.
INSERT INTO accounts (id, name) VALUES ('iris', 'Iris Publishing'), ('juno', 'Juno Logistics'), ('kite', 'Kite Travel');

INSERT INTO groups (id, account_id, name, members) VALUES
  ('iris-editors', 'iris', 'Editors', '["person-1", "person-2"]'),
  ('iris-sales',   'iris', 'Sales',   '["person-2", "person-3"]'),
  ('iris-interns', 'iris', 'Interns', '[]'),
  ('juno-drivers', 'juno', 'Drivers', '["person-4"]'),
  ('kite-agents',  'kite', 'Agents',  '["person-5"]');
INSERT INTO people (id, email) VALUES
  ('person-1', 'ada@iris.example'), ('person-2', 'ben@iris.example'), ('person-3', 'cleo@iris.example'),
  ('person-4', 'dora@juno.example'), ('person-5', 'emil@kite.example'), ('person-6', 'gone@nowhere.example');
-- person-2 is in two groups of one account; person-6 is in none.
INSERT INTO preferences (person_id, provider, model) VALUES
  ('person-1', 'openai', 'gpt-4o'),
  ('person-2', 'vendor/openai', 'gpt-4o'),
  ('person-3', 'openai', 'gpt-5.4'),
  ('person-4', 'openai', 'gpt-4o'),
  ('person-6', 'openai', 'gpt-4o');

INSERT INTO agents (id, account_id, name, instructions, provider, model, status, response_format, reasoning_effort, verbosity, max_tokens, options) VALUES
  ('iris-1', 'iris', 'Intake',     'Be kind.', 'openai',        'gpt-4o',  'active',   NULL, 'high',    'long',  800,  '{"temperature": 0.20}'),
  ('iris-2', 'iris', 'Triage',     'Be quick.', 'vendor/openai', 'gpt-4o',  'active',   NULL, 'low',     NULL,    NULL, '{}'),
  ('iris-3', 'iris', 'gpt-4o',     'Once we had gpt-4o, now we have you.', 'openai', 'gpt-5.4', 'active', NULL, 'high', 'long', 500, '{"temperature": 0.90}'),
  ('iris-4', 'iris', 'Sketch',     '', 'openai',        'gpt-4o',  'draft',    NULL, NULL,      'short', 100,  '{"temperature": 0.4}'),
  ('iris-5', 'iris', 'Extractor',  'Answer in JSON.', 'openai', 'gpt-4o',  'active', '{"type": "json_schema", "strict": true}', 'minimal', NULL, 4000, '{"seed": 5}'),
  ('iris-6', 'iris', 'Old desk',   '', 'openai',        'gpt-4o',  'archived', NULL, 'high',    'long',  700,  '{"temperature": 0.6}'),
  ('iris-7', 'iris', 'Azure twin', '', 'azure',         'gpt-4o',  'active',   NULL, 'high',    'long',  600,  '{"temperature": 0.7}'),
  ('iris-8', 'iris', 'Rhymes',     'Not like gpt-4o, please.', 'anthropic', 'claude-3-7-sonnet', 'active', NULL, NULL, NULL, NULL, '{"temperature": 1}'),
  ('juno-1', 'juno', 'Dispatch',   '', 'openai',        'gpt-4o',  'active',   NULL, 'high',    NULL,    300,  '{"temperature": 0.1}'),
  ('juno-2', 'juno', 'Customs',    '', 'vendor/openai', 'gpt-4o',  'active',   NULL, NULL,      NULL,    NULL, '{}'),
  ('juno-3', 'juno', 'Tolls',      '', 'openai',        'gpt-4o',  'archived', NULL, NULL,      NULL,    NULL, '{"temperature": 0.3}'),
  ('kite-1', 'kite', 'Booking',    '', 'openai',        'gpt-4o',  'active',   NULL, NULL,      NULL,    NULL, '{"temperature": 0.8}');
INSERT INTO agents (id, account_id, name, provider, model, options)
SELECT 'iris-1' || lpad(n::text, 2, '0'), 'iris', 'Proof reader ' || n, 'openai', 'gpt-4o', jsonb_build_object('round', n) FROM generate_series(1, 10) AS n;

-- 2: its agent is archived. 4: its agent is gone, so that nobody owns it.
INSERT INTO tasks (id, agent_id, provider, model) VALUES
  (1, 'iris-1', 'openai', 'gpt-4o'), (2, 'iris-6', 'openai', 'gpt-4o'), (3, 'iris-2', NULL, NULL),
  (4, 'iris-99', 'openai', 'gpt-4o'), (5, 'iris-4', 'vendor/openai', 'gpt-4o'), (6, 'iris-7', 'azure', 'gpt-4o'), (7, 'juno-1', 'openai', 'gpt-4o');

INSERT INTO routes (id, account_id, path, target) VALUES
  (1, 'iris', '/chat', 'openai/gpt-4o'), (2, 'iris', '/draft', 'vendor/openai/gpt-4o'), (3, 'iris', '/eu', 'azure/gpt-4o'),
  (4, 'iris', '/cheap', 'openai/gpt-4o-mini'), (5, 'juno', '/chat', 'vendor/openai/gpt-4o'), (6, 'kite', '/chat', 'anthropic/claude-3-7-sonnet');

INSERT INTO flows (id, account_id, name, current_version_id) VALUES
  ('iris-flow-1', 'iris', 'Manuscripts', 'iris-v3'), ('iris-flow-2', 'iris', 'Reviews', 'iris-v4'), ('juno-flow-1', 'juno', 'Freight', 'juno-v1');
INSERT INTO flow_versions (id, flow_id, graph) VALUES
  ('iris-v1', 'iris-flow-1', '{"nodes": [{"data": {"model": {"provider": "openai", "name": "gpt-4o"}}}]}'),
  ('iris-v2', 'iris-flow-1', '{"nodes": [{"data": {"model": {"provider": "openai", "name": "gpt-4o"}}}], "edges": []}'),
  ('iris-v3', 'iris-flow-1', $${ "version": 3.0,
  "nodes": [
    {"id": "a.1/x", "data": {"model": {"name": "gpt-4o", "provider": "openai", "mode":"chat"}, "temperature": 7.0e-1}},
    {"id": "b", "data": {"branches": [[{"model": {"provider":"vendor\/openai","name":"gpt-4o"}}], [ ]],
      "prompt": "caf\u00e9, not gpt-4o", "title": "gpt-4o"}},
    {"id":"c","data":{"model":{"provider":"azure","name":"gpt-4o"},"big":12345678901234567890}}
  ],
  "edges": [["a.1/x","b"],["b","c"]], "edges_seen": 1, "edges_seen": 2 }$$),
  ('iris-v4', 'iris-flow-2', '{"nodes":[{"data":{"model":{"provider":"openai","name":"gpt-5.4"},"temperature":1.0}}]}'),
  ('juno-v1', 'juno-flow-1', '{"nodes":[ {"data" : {"model":{"provider":"openai","name":"gpt-4o"}}} ]}');
INSERT INTO pinned_conversations (id, flow_version_id) VALUES (1, 'iris-v2');

INSERT INTO apps (id, account_id, settings) VALUES
  ('iris-app-1', 'iris', '{"title": "gpt-4o", "engine": {"vendor": "openai", "id": "gpt-4o", "weight": 1.50}, "slots": {"chat.main/v2": {"vendor": "vendor/openai", "id": "gpt-4o"}, "chat.main": {"vendor": "azure", "id": "gpt-4o"}}}'),
  ('iris-app-2', 'iris', '{"slots": {"chat.main/v2": {"vendor": "openai", "id": "gpt-4o"}}, "threshold": 0.10}'),
  ('iris-app-3', 'iris', '{"engine": {"vendor": "openai", "id": "gpt-5.4", "weight": 2.00}}'),
  ('juno-app-1', 'juno', '{"engine": {"vendor": "openai", "id": "gpt-4o", "weight": 3.00}}'),
  ('kite-app-1', 'kite', '{"engine": {"vendor": "anthropic", "id": "claude-3-7-sonnet"}}');
INSERT INTO app_profiles (app_id, body) VALUES
  ('iris-app-1', '{ "models" : ["gpt-4o",  "gpt-5.4-mini"], "limit": 1.0e2, "limit": 7,"note":"gpt-4o" }'),
  ('iris-app-2', '{"models":[ "o3" ],   "limit": 1e1}'),
  ('juno-app-1', '{"limit":5.0,   "models":["o3","gpt-4o"]}');

INSERT INTO menus (id, account_id, model_names, pairs) VALUES
  (1, 'iris', '{gpt-4o,o3}', '{}'),
  (2, 'iris', '{o3}', '{azure/gpt-4o,openai/gpt-4o,vendor/openai/gpt-4o,openai/gpt-4o-mini}'),
  (3, 'iris', '{}', '{openai/gpt-5.4}'),
  (4, 'juno', '{o3,gpt-4o}', '{}');
INSERT INTO api_keys (id, account_id, label, allowed) VALUES
  (1, 'iris', 'press',   'o3, gpt-4o,text-embedding-3-small'),
  (2, 'iris', 'web',     'gpt-4o-mini,o3'),
  (3, 'iris', 'archive', 'gpt-4o'),
  (4, 'juno', 'scanner', 'gpt-4o , o3'),
  (5, 'kite', 'site',    'o3');

INSERT INTO allowed_models (id, account_id, group_id, provider, model, note, revoked_on) VALUES
  (1, 'iris', 'iris-editors', 'openai',        'gpt-4o',  'since 2024', NULL),
  (2, 'iris', 'iris-editors', 'openai',        'gpt-5.4', 'trial',      NULL),
  (3, 'iris', 'iris-sales',   'openai',        'gpt-4o',  NULL,         NULL),
  (4, 'iris', 'iris-interns', 'openai',        'gpt-4o',  'too dear',   '2025-08-01'),
  (5, 'iris', 'iris-interns', 'openai',        'gpt-5.4', NULL,         NULL),
  (6, 'iris', NULL,           'openai',        'gpt-4o',  'all',        NULL),
  (7, 'iris', NULL,           'openai',        'gpt-5.4', 'all, new',   NULL),
  (8, 'iris', 'iris-sales',   'vendor/openai', 'gpt-4o',  'old import', NULL),
  (9, 'iris', 'iris-sales',   'azure',         'gpt-4o',  'eu',         NULL),
  (10, 'juno', 'juno-drivers', 'openai',       'gpt-4o',  NULL,         NULL);

INSERT INTO model_defaults (id, account_id, group_id, purpose, provider, model, rank) VALUES
  (1, 'iris', NULL,           'chat',    'openai', 'gpt-4o',  1),
  (2, 'iris', NULL,           'chat',    'openai', 'gpt-5.4', 2),
  (3, 'iris', 'iris-editors', 'chat',    'openai', 'gpt-4o',  1),
  (4, 'iris', NULL,           'summary', 'openai', 'gpt-4o',  1),
  (5, 'juno', NULL,           'chat',    'openai', 'gpt-4o',  1);

INSERT INTO model_settings (account_id, provider, model, temperature) VALUES
  ('iris', 'openai', 'gpt-4o', 0.30), ('iris', 'azure', 'gpt-4o', 0.40),
  ('kite', 'openai', 'gpt-4o', 0.50), ('kite', 'openai', 'gpt-5.4', 0.60);

-- iris-bot-3: the two disagree.
INSERT INTO bots (id, account_id, provider, model, engine) VALUES
  ('iris-bot-1', 'iris', 'openai',        'gpt-4o',  'openai/gpt-4o'),
  ('iris-bot-2', 'iris', 'vendor/openai', 'gpt-4o',  'vendor/openai/gpt-4o'),
  ('iris-bot-3', 'iris', 'openai',        'gpt-4o',  'openai/o3'),
  ('iris-bot-4', 'iris', 'openai',        'gpt-5.4', 'openai/gpt-5.4'),
  ('juno-bot-1', 'juno', 'openai',        'gpt-4o',  'openai/gpt-4o');

INSERT INTO documents (id, account_id, title, embedding_provider, embedding_model, embedding)
SELECT n, CASE WHEN n <= 3 THEN 'iris' ELSE 'juno' END, 'Document ' || n, 'openai', 'text-embedding-3-small', ARRAY[n * 0.5, 0.25]::real[] FROM generate_series(1, 5) AS n;

INSERT INTO messages (id, account_id, provider, model, tokens)
SELECT n, 'iris', CASE WHEN n > 30 THEN 'vendor/openai' ELSE 'openai' END, 'gpt-4o', n * 3 FROM generate_series(1, 35) AS n;
INSERT INTO messages (id, account_id, provider, model, tokens) SELECT 100 + n, 'iris', 'openai', 'gpt-5.4', n * 4 FROM generate_series(1, 10) AS n;
INSERT INTO messages (id, account_id, provider, model, tokens) SELECT 200 + n, 'juno', 'openai', 'gpt-4o', n * 5 FROM generate_series(1, 12) AS n;
INSERT INTO usage_events (id, account_id, model, tokens)
SELECT n, 'iris', CASE WHEN n > 15 THEN 'vendor/openai/gpt-4o' ELSE 'openai/gpt-4o' END, n FROM generate_series(1, 20) AS n;
INSERT INTO usage_events (id, account_id, model, tokens) SELECT 100 + n, 'juno', 'openai/gpt-4o', n FROM generate_series(1, 6) AS n;

INSERT INTO search_index (id, account_id, doc) VALUES
  (1, 'iris', '{"title": "Intake", "model": "gpt-4o"}'), (2, 'iris', '{"title": "Triage", "model": "gpt-4o"}'), (3, 'iris', '{"title": "gpt-4o", "model": "gpt-5.4"}');
INSERT INTO gallery_agents (id, title, provider, model) VALUES (1, 'Meeting notes', 'openai', 'gpt-4o'), (2, 'Poet', 'anthropic', 'claude-3-7-sonnet');
