/**
 * `npm run bench:documents [-- ROWS …]`: a migration of JSON documents beside a plain `UPDATE … jsonb_set` of the same rows, rows growing
 * ten-fold: where SQL knows the way (`jsonb`), and where an editor reads every document (`json`, of which each byte is kept). Each contender gets a table of its own with the same rows, the statement first. Nobody else works there. The elapsed time
 * and the processor's, of this process and the server's, stand side by side. Ratios travel, absolute times do not.
 */
import Table from 'cli-table3';
import pg from 'pg';
import type { Intent } from '../src/engine/plan/intent.ts';
import type { Config } from '../src/engine/rules/config.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import { applyMove } from '../src/postgres/move/move.ts';
import { planMove } from '../src/postgres/move/plan.ts';
import { openSite } from '../src/postgres/scope/site.ts';
import { processorTime } from './processor-time.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((rows) => rows > 0);
const config: Config = {
  version: 1,
  model: { identity: ['name'] },
  tenant: { root: 'tenants', key: 'id', display: 'name', column: 'tenant_id' },
  places: [{ at: 'assistants.settings', json: '/model' }],
};

const kinds = ['jsonb', 'json'] as const;

type Kind = (typeof kinds)[number];
const intent: Intent = {
  tenant: '1',
  from: 'gpt-4o',
  to: 'gpt-4.1',
  parameters: 'keep',
  answers: {},
  leaveAsks: true,
};

interface Spent {
  readonly ms: number;
  readonly processorMs: number;
}

const server = await startPostgres();
try {
  const table = new Table({
    head: [
      'documents',
      'type',
      'size',
      'jsonb_set',
      'a plan',
      'apply',
      'of its speed',
      'processor',
      'peak memory',
    ],
    style: { head: [], border: [] },
    colAligns: Array.from({ length: 9 }, () => 'right' as const),
  });
  for (const rows of asked.length > 0 ? asked : [1_000, 10_000, 100_000])
    for (const kind of kinds) table.push(await measure(server.url, rows, kind));
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

async function measure(url: string, rows: number, kind: Kind): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET max_parallel_workers_per_gather = 0');
  await fill(client, rows, kind);
  const plain = await timed(() =>
    client.query(
      `UPDATE assistants SET settings = jsonb_set(settings::jsonb, '{model}', '"gpt-4.1"')::${kind} WHERE tenant_id = 1 AND settings ->> 'model' = 'gpt-4o'`,
    ),
  );
  const size = await fill(client, rows, kind);
  const database = await openDatabase({ url });
  const site = await openSite({ database, config });
  const planned = await timed(() => planMove(site, intent));
  let moved = 0;
  const applied = await timed(async () => {
    const { steps } = await applyMove(site, { intent, confirm: true, actor: 'bench' });
    moved = steps.reduce((sum, { actual }) => sum + actual, 0);
  });
  if (moved !== rows) throw new Error(`${moved} of ${rows} documents were moved`);
  const memory = `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`;
  await database.close();
  await client.query('DROP SCHEMA IF EXISTS drover CASCADE');
  await client.query('DROP TABLE assistants, tenants');
  await client.end();
  return [
    rows.toLocaleString('en'),
    kind,
    size,
    shown(plain),
    shown(planned),
    shown(applied),
    (plain.ms / applied.ms).toFixed(2),
    (plain.processorMs / applied.processorMs).toFixed(2),
    memory,
  ];
}

function shown({ ms, processorMs }: Spent): string {
  return `${Math.round(ms)} ms (${Math.round(processorMs)})`;
}

/** One tenant's documents of some 350 bytes, each of which names the source once. */
async function fill(client: pg.Client, rows: number, kind: Kind): Promise<string> {
  await client.query(
    `DROP TABLE IF EXISTS assistants, tenants;
     CREATE TABLE tenants (id int PRIMARY KEY, name text);
     INSERT INTO tenants VALUES (1, 'Bench'), (2, 'Another');
     CREATE TABLE assistants (id bigint PRIMARY KEY, name text, settings ${kind}, tenant_id int REFERENCES tenants)`,
  );
  await client.query(
    `INSERT INTO assistants SELECT n, 'Assistant ' || md5(n::text),
       ${kind}_build_object('model', 'gpt-4o', 'temperature', 0.7, 'notes', md5((n * 7)::text), 'tools', ${kind}_build_array('search', 'files'),
         'prompt', repeat('You answer letters of the office, number ' || n || E'.\\n', 3), 'limits', ${kind}_build_object('tokens', n, 'steps', 5)), 1
       FROM generate_series(1, $1::int) AS n`,
    [rows],
  );
  await client.query('CREATE INDEX ON assistants (tenant_id)');
  await client.query('VACUUM ANALYZE');
  const { rows: sizes } = await client.query<{ size: string }>(
    `SELECT pg_size_pretty(pg_table_size('assistants')) AS size`,
  );
  return sizes[0]?.size ?? '';
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const processor = processorTime();
  const begin = performance.now();
  await work();
  return { ms: performance.now() - begin, processorMs: (processorTime() - processor) / 1000 };
}
