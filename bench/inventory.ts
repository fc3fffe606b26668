/**
 * `npm run bench:inventory [-- ROWS …]`: an inventory beside a plain `LIKE` scan of the same columns for one text, rows growing
 * ten-fold. They take turns, and the best of the rounds counts, since whatever else a machine does only adds time. No statement uses
 * several processes of the server. Beside the elapsed time stands the processor's, of this process and the server's: an inventory
 * spends it on two processors at once. Ratios travel, absolute times do not. The last figures are of a plan for one of a hundred tenants,
 * beside a `LIKE` scan of that tenant's rows.
 */
import Table from 'cli-table3';
import pg from 'pg';
import type { Intent } from '../src/engine/plan/intent.ts';
import type { Config } from '../src/engine/rules/config.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import type { Database } from '../src/postgres/driver/database.ts';
import { takeInventory } from '../src/postgres/inventory/take-inventory.ts';
import { planMove } from '../src/postgres/move/plan.ts';
import { openSite } from '../src/postgres/scope/site.ts';
import { inventoryModels } from '../src/registry/known/inventory-models.ts';
import { loadRegistryFolder } from '../src/registry/load/folder.ts';
import { processorTime } from './processor-time.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const loaded = loadRegistryFolder();
if (loaded.kind !== 'ok') throw new Error('The registry has mistakes.');
const { terms } = inventoryModels(loaded);
const sought = 'gpt-4o';
const names = [...new Set(terms.map(({ model }) => model))];

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((rows) => rows > 0);
const sizes = asked.length > 0 ? asked : [10_000, 100_000, 1_000_000];
const rounds = 5;
const config: Config = {
  version: 1,
  model: { identity: ['name'] },
  tenant: { root: 'tenants', key: 'id', display: 'name', column: 'tenant_id' },
  places: [{ at: 'assistants.settings', json: '/model' }],
};
const intent: Intent = {
  tenant: '1',
  from: sought,
  to: 'gpt-4.1',
  parameters: 'keep',
  answers: {},
  leaveAsks: true,
};
const never: Spent = { ms: Infinity, processorMs: Infinity };

const server = await startPostgres();
try {
  const table = new Table({
    head: [
      'rows',
      'size',
      'LIKE, one text',
      'one model',
      'of LIKE',
      'processor',
      'all models',
      'of LIKE',
      'processor',
      'occurrences',
      'LIKE, a tenant',
      'a plan',
      'beyond it',
      'peak memory',
    ],
    style: { head: [], border: [] },
    colAligns: Array.from({ length: 14 }, () => 'right' as const),
  });
  for (const rows of sizes) table.push(await measure(server.url, rows));
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

async function measure(url: string, rows: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'ALTER ROLE CURRENT_USER SET max_parallel_workers_per_gather = 0; SET max_parallel_workers_per_gather = 0',
  );
  const size = await fill(client, rows);
  const db = await openDatabase({ url });
  const best = { like: never, one: never, all: never, own: never, plan: never };
  const site = await openSite({ database: db, config });
  await planMove(site, intent);
  let [occurrences, peakBytes] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    best.like = better(best.like, await timed(() => scanLike(client)));
    best.one = better(best.one, await timed(() => take(db, sought)));
    best.all = better(best.all, await timed(async () => (occurrences = await take(db, undefined))));
    best.own = better(best.own, await timed(() => scanLike(client, 'tenant_id = 1')));
    best.plan = better(best.plan, await timed(() => planMove(site, intent)));
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
    process.stderr.write(`${rows} rows, round ${round + 1}/${rounds}\n`);
  }
  await db.close();
  await client.query('DROP TABLE assistants, tenants');
  await client.end();
  const ratio = (of: Spent, what: keyof Spent): string => (of[what] / best.like[what]).toFixed(2);
  const cells = [best.one, best.all].flatMap((each) => [
    shown(each),
    ratio(each, 'ms'),
    ratio(each, 'processorMs'),
  ]);
  const memory = `${Math.round(peakBytes / 2 ** 20)} MB`;
  return [
    rows.toLocaleString('en'),
    size,
    shown(best.like),
    ...cells,
    occurrences.toLocaleString('en'),
    shown(best.own),
    shown(best.plan),
    `${Math.round(best.plan.ms - best.own.ms)} ms`,
    memory,
  ];
}

interface Spent {
  readonly ms: number;
  readonly processorMs: number;
}

function better(a: Spent, b: Spent): Spent {
  return { ms: Math.min(a.ms, b.ms), processorMs: Math.min(a.processorMs, b.processorMs) };
}

function shown({ ms }: Spent): string {
  return `${Math.round(ms)} ms`;
}

/**
 * Four columns of text and documents, some 350 bytes a row; 23 % of the rows name one of the registry's models. One row in a hundred is
 * of the tenant that a plan is made for, and no place covers any of the columns but one: the plan looks through the others by value.
 */
async function fill(client: pg.Client, rows: number): Promise<string> {
  await client.query(
    `CREATE TABLE tenants (id int PRIMARY KEY, name text);
     INSERT INTO tenants SELECT n, 'Tenant ' || n FROM generate_series(1, 100) n;
     CREATE TABLE assistants (id bigint PRIMARY KEY, name text, prompt text, settings jsonb, tags text, tenant_id int REFERENCES tenants)`,
  );
  await client.query(
    `INSERT INTO assistants SELECT n, 'Assistant ' || md5(n::text),
       repeat('You answer letters of the office, number ' || n || E'.\\n', 3) || CASE WHEN n % 20 = 0 THEN 'Never use ' || ($1::text[])[1 + n % cardinality($1::text[])] ELSE '' END,
       jsonb_build_object('model', CASE WHEN n % 100 < 18 THEN ($1::text[])[1 + n % cardinality($1::text[])] ELSE 'none-' || n % 97 END, 'temperature', 0.7, 'notes', md5((n * 7)::text)),
       'alpha,beta,gamma', 1 + (n / 7) % 100 FROM generate_series(1, $2::int) AS n`,
    [names, rows],
  );
  await client.query('CREATE INDEX ON assistants (tenant_id)');
  await client.query('VACUUM ANALYZE assistants');
  const { rows: sizes } = await client.query<{ size: string }>(
    `SELECT pg_size_pretty(pg_table_size('assistants')) AS size`,
  );
  return sizes[0]?.size ?? '';
}

async function scanLike(client: pg.Client, only = 'true'): Promise<void> {
  const columns = ['name', 'prompt', 'settings::text', 'tags'].map(
    (column) => `${column} LIKE '%${sought}%'`,
  );
  await client.query(`SELECT count(*) FROM assistants WHERE ${only} AND (${columns.join(' OR ')})`);
}

async function take(db: Database, model: string | undefined): Promise<number> {
  const one = model === undefined ? {} : { sought: terms.filter((term) => term.model === model) };
  const { occurrences } = await takeInventory(db, { terms, ...one });
  return occurrences.reduce((sum, { rows }) => sum + rows, 0);
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const processor = processorTime();
  const begin = performance.now();
  await work();
  return { ms: performance.now() - begin, processorMs: (processorTime() - processor) / 1000 };
}
