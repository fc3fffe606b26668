/**
 * `npm run bench:online [-- DOCUMENTS …]`: how long another tenant's inserts wait while one tenant's documents move, at once and with
 * `--online`. A process of its own inserts a row every few milliseconds and tells its longest wait. The two ways take turns, each from a
 * table filled anew. Ratios travel, absolute times do not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import Table from 'cli-table3';
import type { Intent } from '../src/engine/plan/intent.ts';
import type { Config } from '../src/engine/rules/config.ts';
import { openDatabase } from '../src/postgres/driver/connect.ts';
import { applyMove } from '../src/postgres/move/move.ts';
import { applyOnline } from '../src/postgres/move/online.ts';
import { openSite } from '../src/postgres/scope/site.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { withClient } from './fixture.ts';

const config: Config = {
  version: 1,
  model: { identity: ['name'] },
  tenant: { root: 'tenants', key: 'id', display: 'name', column: 'tenant_id' },
  places: [{ at: 'flows.graph', json: '/steps/*/model' }],
};
const intent: Intent = {
  tenant: '1',
  from: 'gpt-4o',
  to: 'gpt-4.1',
  parameters: 'keep',
  answers: {},
  leaveAsks: true,
};
const ways = { 'at once': applyMove, online: applyOnline } as const;

interface Measured {
  readonly ms: number;
  readonly longestMs: number;
  readonly inserts: number;
}

if (process.argv[2] === 'insert') await insert(process.argv[3] ?? '');
else await main(process.argv.slice(2).map(Number));

async function main(asked: readonly number[]): Promise<void> {
  const server = await startPostgres();
  try {
    const table = new Table({
      head: ['documents', 'way', 'it took', 'inserts', 'the longest wait of one'],
      style: { head: [], border: [] },
    });
    for (const documents of asked.length > 0 ? asked : [100_000, 1_000_000])
      for (const [way, apply] of Object.entries(ways)) {
        await fill(server.url, documents);
        const { ms, longestMs, inserts } = await measure(server.url, apply);
        const line = [documents.toLocaleString('en'), way, seconds(ms), inserts, seconds(longestMs)];
        process.stderr.write(`${line.join('  ')}\n`);
        table.push(line);
      }
    process.stdout.write(`${table.toString()}\n`);
  } finally {
    await server.stop();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Documents of about a kilobyte, of which all name the source. */
function fill(url: string, documents: number): Promise<void> {
  return withClient(url, async (client) => {
    await client.query('DROP SCHEMA IF EXISTS drover CASCADE; DROP TABLE IF EXISTS flows, tenants');
    await client.query(`CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL)`);
    await client.query(
      `CREATE TABLE flows (id bigserial PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, graph jsonb NOT NULL)`,
    );
    await client.query(`INSERT INTO tenants VALUES (1, 'North'), (2, 'South')`);
    await client.query(
      `INSERT INTO flows (tenant_id, graph) SELECT 1, jsonb_build_object('steps', jsonb_build_array(
         jsonb_build_object('model', 'gpt-4o', 'say', repeat(md5(n::text), 20)), jsonb_build_object('tool', repeat(md5('t' || n), 8)))) FROM generate_series(1, $1::int) n`,
      [documents],
    );
    await client.query('VACUUM ANALYZE flows');
    await client.query('CHECKPOINT');
  });
}

async function measure(url: string, apply: typeof applyMove): Promise<Measured> {
  const writer = spawn(process.execPath, [fileURLToPath(import.meta.url), 'insert', url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let told = '';
  writer.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await once(writer.stdout, 'data');
  const database = await openDatabase({ url });
  const site = await openSite({ database, config });
  const startedAt = performance.now();
  await apply(site, { intent, confirm: true, actor: 'bench' });
  const ms = performance.now() - startedAt;
  await database.close();
  writer.stdin.end();
  await once(writer, 'exit');
  const { longestMs, inserts } = JSON.parse(told.trim().split('\n').at(-1) ?? '{}') as Omit<Measured, 'ms'>;
  return { ms, longestMs, inserts };
}

/** Inserts until nobody listens any more. */
async function insert(url: string): Promise<void> {
  const ended = new AbortController();
  process.stdin.on('end', () => ended.abort()).resume();
  await withClient(url, async (client) => {
    let [longestMs, inserts] = [0, 0];
    process.stdout.write('ready\n');
    while (!ended.signal.aborted) {
      const startedAt = performance.now();
      await client.query(
        `INSERT INTO flows (tenant_id, graph) VALUES (2, '{"steps": [{"model": "gpt-4.1"}]}')`,
      );
      longestMs = Math.max(longestMs, performance.now() - startedAt);
      inserts += 1;
      await pause(5);
    }
    process.stdout.write(`${JSON.stringify({ longestMs, inserts })}\n`);
  });
}
