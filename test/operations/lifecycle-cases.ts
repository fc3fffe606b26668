/** For each operation a small database on which it is the point of the migration, and what must come of it. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Step } from '../../src/engine/plan/plan-types.ts';

export interface LifecycleCase {
  /** The tables of the case and their rows; tenants, models and spaces are there already. */
  readonly sql: string;
  readonly places: NonNullable<Config['places']>;
  readonly rows?: Config['rows'];
  readonly tenant?: Partial<Config['tenant']>;
  readonly retire?: Readonly<Record<string, string>>;
  readonly intent?: Partial<Intent>;
  /** The table that the operation writes to. */
  readonly table: string;
  /** Columns of that table, and all its rows before and after. */
  readonly columns: string;
  readonly before: readonly (readonly (string | null)[])[];
  readonly after: readonly (readonly (string | null)[])[];
}

/** Acme moves from `old` (1) to `new` (2); Globex has models of the same names (3, 4). */
export const surroundings = `
  CREATE TABLE tenants (id text PRIMARY KEY);
  CREATE TABLE models (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, name text NOT NULL, state text NOT NULL, successor int);
  CREATE TABLE spaces (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants);
  INSERT INTO tenants VALUES ('acme'), ('globex');
  INSERT INTO models VALUES (1, 'acme', 'old', 'here', NULL), (2, 'acme', 'new', 'here', NULL), (3, 'globex', 'old', 'here', NULL), (4, 'globex', 'new', 'here', NULL);
  INSERT INTO spaces VALUES (1, 'acme'), (2, 'acme'), (3, 'acme'), (4, 'globex');`;

const links = `
  CREATE TABLE links (space_id int NOT NULL REFERENCES spaces, model_id int NOT NULL REFERENCES models, note text, PRIMARY KEY (space_id, model_id));`;

/** A key for each operation of the union `Step`: one that is forgotten does not compile. */
export const lifecycleCases: Readonly<Record<Step['operation'], LifecycleCase>> = {
  repoint: {
    sql: `CREATE TABLE agents (id int PRIMARY KEY, tenant_id text NOT NULL, model_id int REFERENCES models, spare_id int REFERENCES models, settings json, effort text);
      INSERT INTO agents VALUES (1, 'acme', 1, NULL, '{ "t" : 1 }', 'high'), (2, 'acme', 1, 1, '{}', NULL), (3, 'acme', 2, 1, '{"t":2}', 'high'), (4, 'acme', NULL, NULL, NULL, NULL), (5, 'globex', 3, 3, '{"t":3}', 'high');`,
    places: [
      { at: 'agents.model_id', parameters: 'settings', companions: { effort: { map: { high: 'medium' } } } },
      { at: 'agents.spare_id' },
    ],
    table: 'agents',
    columns: 'id, model_id, spare_id, settings::text, effort',
    before: [
      ['1', '1', null, '{ "t" : 1 }', 'high'],
      ['2', '1', '1', '{}', null],
      ['3', '2', '1', '{"t":2}', 'high'],
      ['4', null, null, null, null],
      ['5', '3', '3', '{"t":3}', 'high'],
    ],
    after: [
      ['1', '2', null, '{}', 'medium'],
      ['2', '2', '2', '{}', null],
      ['3', '2', '2', '{"t":2}', 'high'],
      ['4', null, null, null, null],
      ['5', '3', '3', '{"t":3}', 'high'],
    ],
  },
  rekey: {
    sql: `CREATE TABLE printers (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, name text, spare text REFERENCES printers);
      CREATE TABLE jobs (id int PRIMARY KEY, printer_id text NOT NULL REFERENCES printers ON DELETE CASCADE ON UPDATE CASCADE, note text);
      CREATE TABLE pages (printer_id text, job int, n int, PRIMARY KEY (printer_id, job, n), UNIQUE (job, n));
      ALTER TABLE jobs ADD UNIQUE (printer_id, id);
      ALTER TABLE pages ADD FOREIGN KEY (printer_id, job) REFERENCES jobs (printer_id, id);
      CREATE TABLE hooks (id int PRIMARY KEY, tenant_id text NOT NULL, url text, list jsonb);
      CREATE INDEX ON jobs (printer_id); CREATE INDEX ON printers (spare);
      INSERT INTO printers VALUES ('0af1-kitchen-printer', 'acme', 'Kitchen', NULL), ('0af2-bar-printer-00', 'acme', 'Bar', '0af1-kitchen-printer'), ('0af9-theirs-printer', 'globex', 'Kitchen', NULL);
      INSERT INTO jobs VALUES (1, '0af1-kitchen-printer', 'a'), (2, '0af2-bar-printer-00', 'b'), (3, '0af9-theirs-printer', 'c');
      INSERT INTO pages VALUES ('0af1-kitchen-printer', 1, 1), ('0af1-kitchen-printer', 1, 2);
      INSERT INTO hooks VALUES (1, 'acme', 'https://x/printers/0af1-kitchen-printer/on?a=1', '["0af1-kitchen-printer", "x"]');`,
    places: [],
    rows: [
      {
        table: 'printers',
        natural: ['name'],
        names: [
          { at: 'hooks.url', as: '/printers/{key}', within: 'token' },
          { at: 'hooks.list', json: '', shape: 'list' },
        ],
      },
    ],
    intent: { rows: 'printers', from: 'Kitchen', to: '0bb1-kitchen-printer', parameters: 'keep' },
    table: 'printers',
    columns: 'id, tenant_id, spare',
    before: [
      ['0af1-kitchen-printer', 'acme', null],
      ['0af2-bar-printer-00', 'acme', '0af1-kitchen-printer'],
      ['0af9-theirs-printer', 'globex', null],
    ],
    after: [
      ['0af2-bar-printer-00', 'acme', '0bb1-kitchen-printer'],
      ['0af9-theirs-printer', 'globex', null],
      ['0bb1-kitchen-printer', 'acme', null],
    ],
  },
  'merge-rows': {
    sql: `CREATE TABLE customers (id int PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, email text, phone text, parent int REFERENCES customers, UNIQUE (tenant_id, email));
      CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE, spare_id int REFERENCES customers);
      CREATE TABLE presets (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE, name text, note text, UNIQUE (customer_id, name));
      CREATE TABLE uses (id int PRIMARY KEY, preset_id int REFERENCES presets ON DELETE SET NULL, n int, UNIQUE (preset_id, n));
      INSERT INTO customers VALUES (11, 'acme', 'a@x', '1', NULL), (12, 'acme', 'b@x', NULL, 11), (13, 'acme', 'c@x', NULL, 11), (19, 'globex', 'a@x', '9', NULL);
      INSERT INTO orders VALUES (1, 11, 12), (2, 12, 11), (3, 13, NULL), (4, 19, 19);
      INSERT INTO presets VALUES (1, 11, 'draft', 'old'), (2, 12, 'draft', 'new'), (3, 11, 'fine', 'own'), (4, 19, 'draft', 'theirs');
      INSERT INTO uses VALUES (1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 1), (5, NULL, 1), (6, 4, 1);`,
    places: [],
    rows: [
      {
        table: 'customers',
        values: { phone: 'fill', email: 'target' },
        names: [
          { at: 'presets.customer_id', merge: 'keep-source' },
          { at: 'uses.preset_id', merge: 'keep-target' },
        ],
      },
    ],
    intent: { rows: 'customers', merge: true, from: '11', to: '12', parameters: 'keep' },
    table: 'presets',
    columns: 'id, customer_id, name, note',
    before: [
      ['1', '11', 'draft', 'old'],
      ['2', '12', 'draft', 'new'],
      ['3', '11', 'fine', 'own'],
      ['4', '19', 'draft', 'theirs'],
    ],
    after: [
      ['2', '12', 'draft', 'old'],
      ['3', '12', 'fine', 'own'],
      ['4', '19', 'draft', 'theirs'],
    ],
  },
  merge: {
    sql: `${links}
      INSERT INTO links VALUES (1, 1, 'goes'), (1, 2, 'stays'), (2, 1, 'moves'), (4, 3, 'theirs'), (4, 4, 'theirs');`,
    places: [{ at: 'links.model_id', role: 'grant' }],
    table: 'links',
    columns: 'space_id, model_id, note',
    before: [
      ['1', '1', 'goes'],
      ['1', '2', 'stays'],
      ['2', '1', 'moves'],
      ['4', '3', 'theirs'],
      ['4', '4', 'theirs'],
    ],
    after: [
      ['1', '2', 'stays'],
      ['2', '2', 'moves'],
      ['4', '3', 'theirs'],
      ['4', '4', 'theirs'],
    ],
  },
  'rewrite-json': {
    sql: `CREATE TABLE flows (id int PRIMARY KEY, tenant_id text NOT NULL, graph json, settings text);
      INSERT INTO flows VALUES (1, 'acme', '{"nodes": [ {"model":"old", "n":1.50}, {"model" : "older"} ]}', 'plain'), (2, 'acme', '{"nodes":[]}', NULL), (3, 'globex', '{"nodes":[{"model":"old"}]}', NULL);`,
    places: [{ at: 'flows.graph', json: '/nodes/*/model' }],
    table: 'flows',
    columns: 'id, graph::text',
    before: [
      ['1', '{"nodes": [ {"model":"old", "n":1.50}, {"model" : "older"} ]}'],
      ['2', '{"nodes":[]}'],
      ['3', '{"nodes":[{"model":"old"}]}'],
    ],
    after: [
      ['1', '{"nodes": [ {"model":"new", "n":1.50}, {"model" : "older"} ]}'],
      ['2', '{"nodes":[]}'],
      ['3', '{"nodes":[{"model":"old"}]}'],
    ],
  },
  'rewrite-text': {
    sql: `CREATE TABLE keys (id int PRIMARY KEY, tenant_id text NOT NULL, allowed text);
      INSERT INTO keys VALUES (1, 'acme', 'old, other ,new'), (2, 'acme', ' old'), (3, 'acme', NULL), (4, 'globex', 'old');`,
    places: [{ at: 'keys.allowed', shape: 'comma' }],
    table: 'keys',
    columns: 'id, allowed',
    before: [
      ['1', 'old, other ,new'],
      ['2', ' old'],
      ['3', null],
      ['4', 'old'],
    ],
    after: [
      ['1', 'new, other'],
      ['2', ' new'],
      ['3', null],
      ['4', 'old'],
    ],
  },
  'rewrite-array': {
    sql: `CREATE TABLE menus (id int PRIMARY KEY, tenant_id text NOT NULL, models int[]);
      INSERT INTO menus VALUES (1, 'acme', '{1,5,NULL}'), (2, 'acme', '{2,1,1}'), (3, 'acme', '{}'), (4, 'globex', '{3}');`,
    places: [{ at: 'menus.models' }],
    table: 'menus',
    columns: 'id, models::text',
    before: [
      ['1', '{1,5,NULL}'],
      ['2', '{2,1,1}'],
      ['3', '{}'],
      ['4', '{3}'],
    ],
    after: [
      ['1', '{2,5,NULL}'],
      ['2', '{2}'],
      ['3', '{}'],
      ['4', '{3}'],
    ],
  },
  enable: {
    sql: `CREATE TABLE links (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, space_id int NOT NULL REFERENCES spaces, model_id int NOT NULL REFERENCES models, note text);
      CREATE TABLE agents (id int PRIMARY KEY, space_id int NOT NULL REFERENCES spaces, model_id int REFERENCES models);
      INSERT INTO links (space_id, model_id, note) VALUES (1, 1, 'copied'), (1, 1, 'copied'), (2, 1, 'kept'), (2, 2, 'there'), (3, 1, 'unused'), (4, 3, 'theirs');
      INSERT INTO agents VALUES (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 4, 3);`,
    places: [
      { at: 'links.model_id', role: 'grant' },
      { at: 'agents.model_id', enables: { grant: 'links.model_id', via: 'space_id' } },
    ],
    intent: { entityTypes: ['agents'] },
    table: 'links',
    columns: 'space_id, model_id, note',
    before: [
      ['1', '1', 'copied'],
      ['1', '1', 'copied'],
      ['2', '1', 'kept'],
      ['2', '2', 'there'],
      ['3', '1', 'unused'],
      ['4', '3', 'theirs'],
    ],
    after: [
      ['1', '1', 'copied'],
      ['1', '1', 'copied'],
      ['1', '2', 'copied'],
      ['2', '1', 'kept'],
      ['2', '2', 'there'],
      ['3', '1', 'unused'],
      ['4', '3', 'theirs'],
    ],
  },
  retire: {
    sql: `CREATE TABLE agents (id int PRIMARY KEY, tenant_id text NOT NULL, model_id int REFERENCES models);
      INSERT INTO agents VALUES (1, 'acme', 1), (2, 'globex', 3);`,
    places: [{ at: 'agents.model_id' }],
    retire: { state: 'gone', successor: '$target' },
    table: 'models',
    columns: 'id, state, successor',
    before: [
      ['1', 'here', null],
      ['2', 'here', null],
      ['3', 'here', null],
      ['4', 'here', null],
    ],
    after: [
      ['1', 'gone', '2'],
      ['2', 'here', null],
      ['3', 'here', null],
      ['4', 'here', null],
    ],
  },
};
