/** The ways to move all tenants: the single statement (the limit), runs, one transaction for each tenant, and the loop that people write. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type pg from 'pg';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRun } from '../src/fleet/create.ts';
import { openPlatform } from '../src/platform/open.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { withClient } from './fixture.ts';
import { fleetId } from './fleet-fixture.ts';
import { processorTime } from './processor-time.ts';

const source = 'claude-3-7-sonnet';
const target = 'claude-sonnet-4-6';

export interface Spent {
  readonly ms: number;
  /** Of PostgreSQL and of the processes that work. */
  readonly processorMs: number;
}

/** One plain UPDATE for each table over all tenants, in one transaction, as superuser: no journal, no checks. */
export function limit(url: string): Promise<Spent> {
  const pair = `migration.completion_models s JOIN migration.completion_models x ON x.tenant_id = s.tenant_id AND x.name = '${target}' WHERE s.name = '${source}' AND t.tenant_id = s.tenant_id`;
  return withClient(url, (client) =>
    timed(() =>
      client.query(
        `BEGIN;
         UPDATE migration.assistants t SET completion_model_id = x.id, parameters = '{}' FROM ${pair} AND t.completion_model_id = s.id;
         UPDATE migration.space_completion_models t SET model_id = x.id FROM ${pair} AND t.model_id = s.id;
         UPDATE migration.completion_models SET is_live = false, lifecycle = 'retired', retired_at = now() WHERE name = '${source}';
         COMMIT`,
      ),
    ),
  );
}

type MoveRows = (client: pg.Client, table: string, values: readonly string[]) => Promise<unknown>;

/** One statement. `values`: tenant, source, target, and the space where the table has one. */
const byStatement: MoveRows = (client, table, values) =>
  client.query(
    `UPDATE migration.${table} SET completion_model_id = $3, parameters = '{}' WHERE tenant_id = $1 AND completion_model_id = $2${values.length > 3 ? ' AND space_id = $4' : ''}`,
    [...values],
  );

/** Reads the rows and saves each. */
const byRow: MoveRows = async (client, table, values) => {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM migration.${table} WHERE tenant_id = $1 AND completion_model_id = $2${values.length > 3 ? ' AND space_id = $3' : ''}`,
    values.filter((_, at) => at !== 2),
  );
  for (const { id } of rows)
    await client.query(
      `UPDATE migration.${table} SET completion_model_id = $2, parameters = '{}' WHERE tenant_id = $1 AND id = $3`,
      [values[0], values[2], id],
    );
};

/** The loop that people write: for each tenant a transaction, in it for each space and table a statement, as the login. */
export function loop(url: string, tenants: number): Promise<Spent> {
  return loopWith(byStatement, url, tenants);
}

/** The same, row by row. */
export function rowLoop(url: string, tenants: number): Promise<Spent> {
  return loopWith(byRow, url, tenants);
}

function loopWith(moveRows: MoveRows, url: string, tenants: number): Promise<Spent> {
  return withClient(url, (client) =>
    timed(async () => {
      for (let n = 1; n <= tenants; n += 1) await loopTenant(client, moveRows, n);
    }),
  );
}

async function loopTenant(client: pg.Client, moveRows: MoveRows, n: number): Promise<void> {
  const values = [fleetId(n, 0), fleetId(n, 4), fleetId(n, 5)];
  const [tenant] = values;
  await client.query('BEGIN');
  await client.query('SELECT id, name FROM migration.completion_models WHERE tenant_id = $1', [tenant]);
  const spaces = await client.query<{ id: string }>('SELECT id FROM migration.spaces WHERE tenant_id = $1', [
    tenant,
  ]);
  for (const { id } of spaces.rows) {
    for (const table of ['assistants', 'apps', 'services']) await moveRows(client, table, [...values, id]);
    await client.query(
      'UPDATE migration.space_completion_models SET model_id = $3 WHERE tenant_id = $1 AND model_id = $2 AND space_id = $4',
      [...values, id],
    );
  }
  for (const table of ['assistant_templates', 'app_templates']) await moveRows(client, table, values);
  await client.query(
    `UPDATE migration.completion_models SET is_live = false, lifecycle = 'retired', retired_at = now() WHERE tenant_id = $1 AND id = $2`,
    values.slice(0, 2),
  );
  await client.query('COMMIT');
}

/** A run by so many processes, from its making to its end: resolution, plans, journal, records, verification. */
export async function run(url: string, about: { processes: number; waveSize: number }): Promise<Spent> {
  const database = await openServer({ url });
  try {
    const { site } = await openPlatform(database, { install: false });
    let id = '';
    const { waveSize } = about;
    const asked = { from: source, to: target, waveSize, confirm: true, actor: 'bench' };
    const made = await timed(async () => (id = await createRun(site, asked)));
    const workers = await Promise.all(
      Array.from({ length: about.processes }, () => startProcess([url, 'run', id])),
    );
    const worked = await timed(() => Promise.all(workers.map((worker) => worker.finish())));
    return { ms: made.ms + worked.ms, processorMs: made.processorMs + worked.processorMs };
  } finally {
    await database.close();
  }
}

/** Drover's own moves one tenant after the other, in one process. */
export async function oneByOne(url: string, tenants: number): Promise<Spent> {
  const worker = await startProcess([url, 'moves', String(tenants)]);
  return timed(() => worker.finish());
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const startedAt = performance.now();
  const spentBefore = processorTime('all');
  await work();
  const ms = performance.now() - startedAt;
  return { ms, processorMs: (processorTime('all') - spentBefore) / 1000 };
}

/** A process that is ready to begin: the start of Node is not what is measured. */
async function startProcess(args: readonly string[]): Promise<{ finish: () => Promise<void> }> {
  const file = fileURLToPath(new URL('./fleet-worker.ts', import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await expectLine(child, lines, 'ready');
  return {
    finish: async () => {
      child.stdin.write('go\n');
      await expectLine(child, lines, 'done');
    },
  };
}

async function expectLine(
  child: ChildProcess,
  lines: AsyncIterator<string>,
  expected: string,
): Promise<void> {
  const { value, done } = await lines.next();
  if (done === true || value !== expected)
    throw new Error(`process ${child.pid} ended before it was ${expected}`);
}
