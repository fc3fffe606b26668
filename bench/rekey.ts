/**
 * `npm run bench:rekey [-- REFERENCES …]`: one row gets another key while so many rows of four tables refer to it, by composite keys with
 * indexes. Ours, with plan, journal, verification and record, against one `ON UPDATE CASCADE`, statements written by hand (insert,
 * repoint, delete) and a script that goes row by row (up to 10,000). Then pairs of a map with a hundred references each, against plain
 * UPDATEs joined to the mapping. Each way has its own filled database. Ratios travel, absolute times do not.
 */
import Table from 'cli-table3';
import type pg from 'pg';
import type { Intent } from '../src/engine/plan/intent.ts';
import type { Config } from '../src/engine/rules/config.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import { applyMove } from '../src/postgres/move/move.ts';
import { planMove } from '../src/postgres/move/plan.ts';
import { openSite, prepareState } from '../src/postgres/scope/site.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { withClient } from './fixture.ts';

const config: Config = {
  version: 1,
  tenant: { root: 'tenants', key: 'id', column: 'tenant_id' },
  rows: [{ table: 'printers' }],
};
const asked = { rows: 'printers', tenant: '1', parameters: 'keep', answers: {}, leaveAsks: false } as const;
const children = ['a', 'b', 'c', 'd'];
/** Only so many references are worth the wait row by row. */
const mostByScript = 10_000;
const perPair = 100;
const cascade = 'UPDATE printers SET id = 1000001 WHERE tenant_id = 1 AND id = 1';

interface Measured {
  readonly ms: number;
  readonly walBytes: number;
}

type Way = (url: string, pairs: number) => Promise<void>;

const server = await startPostgres({ durable: true });
try {
  const sizes = process.argv.slice(2).map(Number);
  const table = new Table({
    head: ['pairs', 'references', 'way', 'it took', 'to the first way', 'WAL of a reference'],
    style: { head: [], border: [] },
  });
  const add = async (
    pairs: number,
    references: number,
    ways: Readonly<Record<string, Way>>,
  ): Promise<void> => {
    let first: Measured | undefined;
    for (const [way, work] of Object.entries(ways)) {
      await fill({ pairs, references, cascades: way === 'one CASCADE' });
      const measured = await measure(() => work(server.url, pairs));
      first ??= measured;
      const line = [
        pairs.toLocaleString('en'),
        references.toLocaleString('en'),
        way,
        `${(measured.ms / 1000).toFixed(2)} s`,
        (measured.ms / first.ms).toFixed(2),
        `${Math.round(measured.walBytes / references)} B`,
      ];
      process.stderr.write(`${line.join('  ')}\n`);
      table.push(line);
    }
  };
  for (const references of sizes.length > 0 ? sizes : [1000, 10_000, 100_000])
    await add(1, references, {
      ours,
      'one CASCADE': (url) => withClient(url, (client) => client.query(cascade).then(() => undefined)),
      'by hand': (url) => withClient(url, byHand),
      ...(references > mostByScript ? {} : { 'row by row': (url: string) => withClient(url, rowByRow) }),
    });
  for (const pairs of [100, 1000])
    await add(pairs, pairs * perPair, {
      ours,
      'five UPDATEs': (url, many) => withClient(url, (client) => joined(client, many)),
    });
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

async function fill({
  pairs,
  references,
  cascades,
}: {
  readonly pairs: number;
  readonly references: number;
  readonly cascades: boolean;
}): Promise<void> {
  const action = cascades ? 'ON UPDATE CASCADE' : pairs > 1 ? 'DEFERRABLE' : '';
  await withClient(server.url, async (client) => {
    await client.query(`DROP SCHEMA IF EXISTS drover CASCADE; DROP TABLE IF EXISTS a, b, c, d, printers, tenants;
      CREATE TABLE tenants (id int PRIMARY KEY); INSERT INTO tenants VALUES (1), (2);
      CREATE TABLE printers (tenant_id int REFERENCES tenants, id int, name text, PRIMARY KEY (tenant_id, id));
      INSERT INTO printers SELECT t, n, 'name' FROM generate_series(1, 2) t, generate_series(1, ${pairs + 1}) n`);
    for (const child of children)
      await client.query(`CREATE TABLE ${child} (tenant_id int, n int, printer_id int, filler text, PRIMARY KEY (tenant_id, n),
          CONSTRAINT ${child}_key FOREIGN KEY (tenant_id, printer_id) REFERENCES printers ${action});
        INSERT INTO ${child} SELECT 1, n, 1 + n % ${pairs}, repeat(md5(n::text), 8) FROM generate_series(1, ${references / children.length}) n;
        CREATE INDEX ON ${child} (tenant_id, printer_id)`);
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
  });
}

async function measure(work: () => Promise<void>): Promise<Measured> {
  const at = (): Promise<string> =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
      return rows[0]?.at ?? '0/0';
    });
  const from = await at();
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  const to = await at();
  const walBytes = await withClient(server.url, async (client) => {
    const { rows } = await client.query<{ bytes: string }>('SELECT pg_wal_lsn_diff($1, $2)::text AS bytes', [
      to,
      from,
    ]);
    return Number(rows[0]?.bytes ?? 0);
  });
  return { ms, walBytes };
}

/** Keys from 1 on become keys from a million on. */
function mapOf(pairs: number): { readonly from: string; readonly to: string }[] {
  return Array.from({ length: pairs }, (_, at) => ({ from: String(at + 1), to: String(at + 1_000_001) }));
}

async function ours(url: string, pairs: number): Promise<void> {
  const database = await openDatabase({ url });
  try {
    const site = await openSite({ database, config });
    await prepareState(site);
    const map = mapOf(pairs);
    const [first = { from: '', to: '' }] = map;
    const intent: Intent = { ...asked, ...first, ...(pairs === 1 ? {} : { pairs: map }) };
    const plan = await planMove(site, intent);
    await applyMove(site, { intent, plan, confirm: true, actor: 'bench' });
  } finally {
    await database.close();
  }
}

async function byHand(client: pg.Client): Promise<void> {
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO printers SELECT tenant_id, 1000001, name FROM printers WHERE tenant_id = 1 AND id = 1`,
  );
  for (const child of children)
    await client.query(`UPDATE ${child} SET printer_id = 1000001 WHERE tenant_id = 1 AND printer_id = 1`);
  await client.query('DELETE FROM printers WHERE tenant_id = 1 AND id = 1');
  await client.query('COMMIT');
}

async function rowByRow(client: pg.Client): Promise<void> {
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO printers SELECT tenant_id, 1000001, name FROM printers WHERE tenant_id = 1 AND id = 1`,
  );
  for (const child of children) {
    const { rows } = await client.query<{ n: number }>(
      `SELECT n FROM ${child} WHERE tenant_id = 1 AND printer_id = 1`,
    );
    for (const { n } of rows)
      await client.query(`UPDATE ${child} SET printer_id = 1000001 WHERE tenant_id = 1 AND n = $1`, [n]);
  }
  await client.query('DELETE FROM printers WHERE tenant_id = 1 AND id = 1');
  await client.query('COMMIT');
}

async function joined(client: pg.Client, pairs: number): Promise<void> {
  await client.query('BEGIN');
  await client.query('SET CONSTRAINTS ALL DEFERRED');
  await client.query(
    'CREATE TEMP TABLE map ON COMMIT DROP AS SELECT n AS f, n + 1000000 AS t FROM generate_series(1, $1::int) n',
    [pairs],
  );
  await client.query('ANALYZE map');
  await client.query('UPDATE printers p SET id = m.t FROM map m WHERE p.tenant_id = 1 AND p.id = m.f');
  for (const child of children)
    await client.query(
      `UPDATE ${child} c SET printer_id = m.t FROM map m WHERE c.tenant_id = 1 AND c.printer_id = m.f`,
    );
  await client.query('COMMIT');
}
