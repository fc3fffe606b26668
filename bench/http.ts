/**
 * `npm run bench:http [-- MODELS …]`: requests a second of `GET /api/v1/completion-models` with authentication under row-level security,
 * beside the same query in a bare Fastify route without either, on a real server. The load comes from a thread of its own.
 * Ratios travel, absolute figures do not; those of processor time (of the server's thread and the database) are disturbed least by a busy machine.
 */
import autocannon from 'autocannon';
import Table from 'cli-table3';
import { startPostgres } from '../test/support/postgres-server.ts';
import { processorTime } from './processor-time.ts';
import { buildModels, type Contender, openContenders } from './http-fixture.ts';

const rounds = 3;
const secondsEach = 2;
const clients = 10;

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((models) => models > 0);

const server = await startPostgres();
try {
  const table = new Table({
    head: [
      'models',
      'contender',
      'requests/s',
      'median',
      'of the bare route',
      'processor time',
      'of the bare route',
    ],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const models of asked.length > 0 ? asked : [10, 100, 1_000])
    table.push(...(await measureSize(server.url, models)));
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

interface Measured {
  readonly perSecond: number;
  readonly medianMs: number;
  /** Of the server's thread and the database, for one request. */
  readonly processorUs: number;
}

async function measureSize(serverUrl: string, models: number): Promise<string[][]> {
  const url = await buildModels(serverUrl, models);
  const { contenders, close } = await openContenders(url);
  try {
    const measured = new Map<string, Measured[]>();
    // Round by round, so that a busy moment meets all of them.
    for (let round = 0; round <= rounds; round += 1)
      for (const contender of contenders) {
        const found = await measure(contender);
        process.stderr.write(
          `${models} models, round ${round}: ${contender.name} ${Math.round(found.perSecond)}/s\n`,
        );
        // The first round warms up.
        if (round > 0) measured.set(contender.name, [...(measured.get(contender.name) ?? []), found]);
      }
    return rowsOf(models, measured);
  } finally {
    await close();
  }
}

async function measure({ url, headers }: Contender): Promise<Measured> {
  const before = processorTime();
  const result = await autocannon({ url, headers, connections: clients, duration: secondsEach, workers: 1 });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success, ${result.errors} requests failed`);
  const processorUs = (processorTime() - before) / result.requests.total;
  return { perSecond: result.requests.average, medianMs: result.latency.p50, processorUs };
}

function rowsOf(models: number, measured: ReadonlyMap<string, readonly Measured[]>): string[][] {
  const rates = [...measured].map(([name, all]) => ({
    name,
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    ms: median(all.map(({ medianMs }) => medianMs)),
    processorUs: median(all.map((each) => each.processorUs)),
  }));
  const [bare] = rates;
  return rates.map(({ name, perSecond, ms, processorUs }) => [
    models.toLocaleString('en'),
    name,
    Math.round(perSecond).toLocaleString('en'),
    `${ms} ms`,
    (perSecond / (bare?.perSecond ?? 1)).toFixed(2),
    `${(processorUs / 1000).toFixed(2)} ms`,
    ((bare?.processorUs ?? 1) / processorUs).toFixed(2),
  ]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
