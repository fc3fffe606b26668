/** The three ways to move one tenant's references: plain SQL (the limit), Drover, and the script that people write. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ids, withClient } from './fixture.ts';
import { processorTime, serverTime } from './processor-time.ts';

export interface Measured {
  readonly ms: number;
  /** Of PostgreSQL, and of the process that migrates or saves rows. */
  readonly processorMs: number;
  readonly walBytes: number;
  /** Peak memory of our own process; only Drover's is measured. */
  readonly peakBytes?: number;
}

/** What a careful DBA writes: one UPDATE per table and the mark on the model, in one transaction; no journal, no checks. */
export function plainSql(url: string): Promise<Measured> {
  return measured(url, (query) =>
    query(
      `BEGIN;
       UPDATE migration.assistants SET completion_model_id = '${ids.target}', parameters = '{}' WHERE tenant_id = '${ids.tenant}' AND completion_model_id = '${ids.source}';
       UPDATE migration.completion_models SET is_live = false, lifecycle = 'retired', retired_at = now() WHERE tenant_id = '${ids.tenant}' AND id = '${ids.source}';
       COMMIT`,
    ),
  );
}

/** What people write today: read the rows, save each one. */
export function rowByRow(url: string): Promise<Measured> {
  return measured(url, async (query) => {
    await query('BEGIN');
    const { rows } = await query(
      `SELECT id FROM migration.assistants WHERE tenant_id = '${ids.tenant}' AND completion_model_id = '${ids.source}'`,
    );
    for (const { id } of rows) {
      await query(
        `UPDATE migration.assistants SET completion_model_id = $1, parameters = '{}' WHERE tenant_id = $2 AND id = $3`,
        [ids.target, ids.tenant, id],
      );
    }
    await query('COMMIT');
  });
}

type Query = (text: string, values?: unknown[]) => Promise<{ rows: { id: string }[] }>;

function measured(url: string, work: (query: Query) => Promise<unknown>): Promise<Measured> {
  return withClient(url, async (client) => {
    const before = await walPosition(url);
    const startedAt = performance.now();
    const spentBefore = processorTime();
    await work((text, values) => client.query(text, values));
    const ms = performance.now() - startedAt;
    const processorMs = (processorTime() - spentBefore) / 1000;
    return { ms, processorMs, walBytes: (await walPosition(url)) - before };
  });
}

async function walPosition(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes`,
    );
    return Number(rows[0]?.bytes);
  });
}

/** Drover, whole: plan, locks, checks, journal, verification, record. In a process of its own, so that its memory is its own. */
export async function drover(url: string): Promise<Measured> {
  const before = await walPosition(url);
  const spentBefore = serverTime();
  const output = await run(fileURLToPath(new URL('./drover.ts', import.meta.url)), [url]);
  const serverMs = (serverTime() - spentBefore) / 1000;
  const result = JSON.parse(output) as { ms: number; processorMs: number; peakBytes: number };
  const processorMs = result.processorMs + serverMs;
  return { ...result, processorMs, walBytes: (await walPosition(url)) - before };
}

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child
      .on('error', reject)
      .on('close', (code) =>
        code === 0 ? resolve(output) : reject(new Error(`${file} ended with ${code}`)),
      );
  });
}
