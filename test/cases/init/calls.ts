/** Calls of models, prices, settings of providers, and assistants: each names models, and none is a list of them to choose from. */
import type { SmallSchema } from './schema.ts';

const orgs = `CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL); INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');`;
const elm = ['--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1'];
const bots = `CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
  INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'o3');`;

/** Rows that say which model was called and what it took, and others that refer to them. */
function called(table: string, column: string, took: string): SmallSchema {
  return {
    name: `what was called is no list of models, though ${table} are referred to`,
    script: `${orgs} ${bots}
      CREATE TABLE ${table} (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, ${column} text NOT NULL, ${took});
      CREATE TABLE scores (id int PRIMARY KEY, call_id int REFERENCES ${table}, value int);
      CREATE TABLE remarks (id int PRIMARY KEY, call_id int NOT NULL REFERENCES ${table}, body text);
      INSERT INTO ${table} (id, org_id, ${column}) VALUES (1, 1, 'gpt-4o'), (2, 1, 'o3'), (3, 2, 'gpt-4o'), (4, 2, 'gpt-4o');
      INSERT INTO scores VALUES (1, 1, 5);`,
    root: 'orgs',
    places: { 'bots.model': 'move', [`${table}.${column}`]: 'stay' },
    plan: elm,
  };
}

/** Rows that are told what to do, by settings that a model has, too. */
function told(table: string, column: string, more: string): SmallSchema {
  return {
    name: `${table} are told what to do, and are no models, whatever they say of one`,
    script: `${orgs}
      CREATE TABLE ${table} (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text NOT NULL, ${column} text NOT NULL, ${more},
        context_length int, embeddings_provider text NOT NULL DEFAULT 'openai');
      CREATE TABLE files (id int PRIMARY KEY, helper_id int NOT NULL REFERENCES ${table});
      CREATE TABLE notes (id int PRIMARY KEY, helper_id int NOT NULL REFERENCES ${table});
      CREATE TABLE tools (id int PRIMARY KEY, helper_id int NOT NULL REFERENCES ${table});
      INSERT INTO ${table} (id, org_id, name, ${column}) VALUES (1, 1, 'Sales', 'gpt-4o'), (2, 1, 'Help', 'gpt-4.1'),
        (3, 2, 'Desk', 'gpt-4o');`,
    root: 'orgs',
    places: { [`${table}.${column}`]: 'move' },
    also: { [`places.${table}.${column}.partner`]: undefined },
    plan: elm,
  };
}

export const calls: readonly SmallSchema[] = [
  told('assistants', 'model', 'prompt text, temperature real'),
  told('helpers', 'llm', 'instructions text'),
  told('guides', 'model_name', 'system_prompt text, top_p real'),
  called('run', 'name', 'created_at timestamptz DEFAULT now(), completion_tokens int'),
  called('generations', 'model', 'started_at timestamptz DEFAULT now(), total_tokens int'),
  called('exchanges', 'model_name', 'started_at timestamptz DEFAULT now(), latency_ms int'),
  {
    name: 'prices from a day on are no list of models, and a provider stands in the settings that a model belongs to',
    script: `${orgs}
      CREATE TYPE server AS ENUM ('openai', 'azure');
      CREATE TABLE projects (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs);
      CREATE TABLE server_settings (id int PRIMARY KEY, project_id int NOT NULL REFERENCES projects, server server NOT NULL);
      CREATE TABLE server_models (id int PRIMARY KEY, settings_id int NOT NULL REFERENCES server_settings, name text NOT NULL);
      CREATE TABLE model_prices (id int PRIMARY KEY, name text, pattern text, input_cost numeric, start_date date);
      CREATE TABLE studies (id int PRIMARY KEY, project_id int NOT NULL REFERENCES projects, providers jsonb);
      INSERT INTO projects VALUES (1, 1), (2, 2);
      INSERT INTO server_settings VALUES (1, 1, 'openai'), (2, 1, 'azure'), (3, 2, 'openai');
      INSERT INTO server_models VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o'), (3, 3, 'gpt-4.1');
      INSERT INTO model_prices VALUES (1, 'gpt-4o', '^gpt-4o$', 5, '2024-05-13'), (2, 'gpt-4o', '^gpt-4o$', 2.5, '2024-08-06'),
        (3, 'o3', '^o3$', 2, NULL);
      INSERT INTO studies VALUES (1, 1, '[{"model": "gpt-4o"}]'), (2, 2, '[{"model": "gpt-4.1"}]');`,
    root: 'orgs',
    models: { server_models: { name: 'name', provider: 'settings_id' } },
    places: {
      'studies.providers/*/model': 'ask',
      'model_prices.name': 'ask',
      'model_prices.pattern': 'ask',
    },
    plan: ['--tenant', 'Elm', '--from', 'openai/gpt-4o', '--to', 'openai/gpt-4.1'],
  },
];
