/**
 * `npm run bench:rls [-- ROWS TENANTS]`: what row-level security costs a statement of one tenant. A table of so many rows under the policy
 * that Drover writes, beside a twin without any, whose statements name the tenant themselves. The same role, the same transaction, pairs
 * one after the other in alternating order; what is said is the median of their ratios. Naming role and tenant is measured apart.
 */
import Table from 'cli-table3';
import pg from 'pg';
import { ofTenant } from '../src/isolation/policies.ts';
import { startPostgres } from '../test/support/postgres-server.ts';

const [rows = 1_000_000, tenants = 1000] = process.argv.slice(2).map(Number);
const each = Math.floor(rows / tenants);

interface Kind {
  readonly name: string;
  readonly pairs: number;
  /** Of the table; `own` says whose rows: a condition, or nothing where a policy does. */
  readonly sql: (table: string, own: string) => string;
  readonly values: (tenant: number) => readonly number[];
}

const id = (tenant: number): number => tenant * each + (tenant % each) + 1;
const kinds: readonly Kind[] = [
  {
    name: 'point read',
    pairs: 2000,
    sql: (table, own) => `SELECT note FROM ${table} WHERE id = $1${own}`,
    values: (tenant) => [id(tenant)],
  },
  {
    name: 'tenant scan',
    pairs: 300,
    sql: (table, own) => `SELECT count(*), sum(amount) FROM ${table} WHERE amount >= $1${own}`,
    values: () => [0],
  },
  {
    name: 'tenant update',
    pairs: 100,
    sql: (table, own) => `UPDATE ${table} SET amount = amount + 1 WHERE amount >= $1${own}`,
    values: () => [0],
  },
];

const server = await startPostgres();
const client = new pg.Client({ connectionString: server.url });
try {
  await client.connect();
  await fill();
  const table = new Table({
    head: ['statement', 'prepared', 'unprepared', 'prepared, protected'],
    style: { head: [], border: [] },
  });
  for (const kind of kinds) {
    const [prepared, unprepared] = [await compare(kind, true), await compare(kind, false)];
    table.push([
      kind.name,
      prepared.ratio.toFixed(2),
      unprepared.ratio.toFixed(2),
      `${prepared.ms.toFixed(2)} ms`,
    ]);
  }
  console.log(
    `${rows.toLocaleString('en')} rows of ${tenants.toLocaleString('en')} tenants; ratios to the twin, medians of pairs`,
  );
  console.log(table.toString());
  console.log(`The opening (role and tenant of a transaction): ${(await opening()).toFixed(2)} ms`);
} finally {
  await client.end();
  await server.stop();
}

async function fill(): Promise<void> {
  const made = (name: string): string =>
    `CREATE TABLE ${name} (org_id bigint NOT NULL, id bigint NOT NULL, amount integer NOT NULL, note text NOT NULL);
     INSERT INTO ${name} SELECT n / ${each}, n + 1, n % 97, 'note ' || n FROM generate_series(0, ${each * tenants - 1}) AS n;
     ALTER TABLE ${name} ADD PRIMARY KEY (org_id, id); GRANT SELECT, UPDATE ON ${name} TO bench_app; ANALYZE ${name};`;
  await client.query(`CREATE ROLE bench_app; ${made('guarded')} ${made('twin')}
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded TO bench_app USING (${ofTenant('org_id', 'app.org', 'bigint')});`);
  await client.query('VACUUM guarded');
  await client.query('VACUUM twin');
}

async function compare(kind: Kind, prepared: boolean): Promise<{ ratio: number; ms: number }> {
  const ratios: number[] = [];
  const times: number[] = [];
  const ask = async (table: 'guarded' | 'twin', tenant: number): Promise<number> => {
    const own = table === 'guarded' ? '' : ` AND org_id = ${prepared ? '$2' : '$2::bigint'}`;
    const text = kind.sql(table, own);
    const values = [...kind.values(tenant), ...(table === 'guarded' ? [] : [tenant])];
    const query = prepared ? { name: `${table} ${kind.name}`, text, values } : { text, values };
    const from = performance.now();
    await client.query(query);
    return performance.now() - from;
  };
  for (let pair = 0; pair < kind.pairs; pair += 1) {
    const tenant = (pair * 7) % tenants;
    await client.query(`BEGIN; SET LOCAL ROLE bench_app; SET LOCAL app.org = '${tenant}'`);
    const order = pair % 2 === 0 ? (['guarded', 'twin'] as const) : (['twin', 'guarded'] as const);
    const took = { guarded: 0, twin: 0 };
    for (const table of order) took[table] = await ask(table, tenant);
    await client.query('ROLLBACK');
    ratios.push(took.guarded / took.twin);
    times.push(took.guarded);
  }
  return { ratio: median(ratios), ms: median(times) };
}

async function opening(): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 500; at += 1) {
    await client.query('BEGIN');
    const from = performance.now();
    await client.query(`SET LOCAL ROLE bench_app; SET LOCAL app.org = '${at % tenants}'`);
    times.push(performance.now() - from);
    await client.query('ROLLBACK');
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
