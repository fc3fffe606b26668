/**
 * `npm run bench:fleet [-- TENANTS …]`: all tenants of a fleet, 100 assistants each, their number growing ten-fold, on a real server that
 * writes to disk. Each contender gets a fresh clone of the same database. Those that take very long do a part of the tenants, and
 * their time for all is told from it. Ratios travel, absolute times do not.
 */
import Table from 'cli-table3';
import { startPostgres } from '../test/support/postgres-server.ts';
import { withClone } from './fixture.ts';
import type { Spent } from './fleet-contenders.ts';
import { limit, loop, oneByOne, rowLoop, run } from './fleet-contenders.ts';
import { buildFleet } from './fleet-fixture.ts';

const rows = 100;
const part = 200;

interface Contender {
  readonly name: string;
  /** For all tenants. */
  readonly measure: (url: string, tenants: number) => Promise<Spent>;
}

/** Only the first tenants, told for all. */
function partly(measure: Contender['measure']): Contender['measure'] {
  return async (url, tenants) => {
    const some = Math.min(part, tenants);
    const { ms, processorMs } = await measure(url, some);
    return { ms: (ms / some) * tenants, processorMs: (processorMs / some) * tenants };
  };
}

/** Waves of 200, smaller where there are few tenants, so that every worker has some. */
function runBy(processes: number): Contender['measure'] {
  return (url, tenants) => run(url, { processes, waveSize: Math.min(200, Math.ceil(tenants / 4)) });
}

const contenders: readonly Contender[] = [
  { name: 'one UPDATE over all (the limit)', measure: limit },
  { name: 'run, two processes', measure: runBy(2) },
  { name: 'run, one process', measure: runBy(1) },
  { name: `drover, a transaction a tenant (${part})`, measure: partly(oneByOne) },
  { name: `loop, a statement a table and space (${part})`, measure: partly(loop) },
  { name: `loop, row by row (${part})`, measure: partly(rowLoop) },
];

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((tenants) => tenants > 0);

const server = await startPostgres({ durable: true });
try {
  const table = new Table({
    head: ['tenants', 'contender', 'time', 'tenants/s', 'of the limit', 'processor time', 'of the limit'],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const tenants of asked.length > 0 ? asked : [100, 1_000, 10_000])
    table.push(...(await measureFleet(server.url, tenants)));
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

async function measureFleet(url: string, tenants: number): Promise<string[][]> {
  const template = `fleet_${tenants}`;
  await buildFleet(url, template, { tenants, rows });
  const rounds = tenants > 1_000 ? 1 : 3;
  const times = new Map<string, Spent[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure } of contenders) {
      const spent = await withClone(url, template, (clone) => measure(clone, tenants));
      times.set(name, [...(times.get(name) ?? []), spent]);
      process.stderr.write(
        `${tenants} tenants, round ${round + 1}/${rounds}: ${name} ${Math.round(spent.ms)} ms\n`,
      );
    }
  }
  const best = typical(times.get(contenders[0]?.name ?? ''));
  return contenders.map(({ name }) => {
    const { ms, processorMs } = typical(times.get(name));
    const perSecond = Math.round((tenants / ms) * 1000).toLocaleString('en');
    const own = [`${Math.round(ms)} ms`, perSecond, (best.ms / ms).toFixed(2)];
    const spent = [`${Math.round(processorMs)} ms`, (best.processorMs / processorMs).toFixed(2)];
    return [tenants.toLocaleString('en'), name, ...own, ...spent];
  });
}

/** The median by the clock, and the least of processor time, to which whatever else the machine does only adds. */
function typical(all: readonly Spent[] = []): Spent {
  return {
    ms: median(all.map(({ ms }) => ms)),
    processorMs: Math.min(...all.map(({ processorMs }) => processorMs)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
