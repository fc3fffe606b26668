/**
 * `npm run bench [-- ROWS …]`: one tenant, references growing ten-fold, on a real server that writes to disk. Each contender gets a fresh
 * clone of the same database; they take turns, and the median of the rounds counts. Ratios travel, absolute times do not; those of
 * processor time (the least of the rounds, without the start of a process) are disturbed least by a busy machine.
 */
import Table from 'cli-table3';
import { startPostgres } from '../test/support/postgres-server.ts';
import { drover, plainSql, rowByRow } from './contenders.ts';
import type { Measured } from './contenders.ts';
import { buildTemplate, withClone } from './fixture.ts';

const contenders = { plain: plainSql, drover, rowByRow } as const;
type Name = keyof typeof contenders;

const labels: Record<Name, string> = { plain: 'plain SQL', drover: 'drover', rowByRow: 'row by row' };

/** A row-by-row script over a million rows says nothing new and takes minutes. */
const rowByRowLimit = 100_000;

interface Size {
  readonly rows: number;
  readonly rounds: number;
}

const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((rows) => rows > 0);
const sizes: Size[] = (asked.length > 0 ? asked : [1_000, 10_000, 100_000, 1_000_000]).map((rows) => ({
  rows,
  rounds: rows > 100_000 ? 3 : 5,
}));

const server = await startPostgres({ durable: true });
try {
  const table = new Table({
    head: [
      'rows',
      'contender',
      'median',
      'rows/s',
      'of plain SQL',
      'processor time',
      'of plain SQL',
      'WAL per row',
      'peak memory',
    ],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const size of sizes) table.push(...(await measureSize(server.url, size)));
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await server.stop();
}

async function measureSize(url: string, { rows, rounds }: Size): Promise<string[][]> {
  const template = `bench_${rows}`;
  await buildTemplate(url, template, rows);
  const results: Record<Name, Measured[]> = { plain: [], drover: [], rowByRow: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(contenders) as Name[]) {
      if (name === 'rowByRow' && (rows > rowByRowLimit || round > 1)) continue;
      results[name].push(await withClone(url, template, contenders[name]));
      process.stderr.write(
        `${rows} rows, round ${round + 1}/${rounds}: ${name} ${Math.round(results[name].at(-1)?.ms ?? 0)} ms\n`,
      );
    }
  }
  return report(rows, results);
}

function report(rows: number, results: Record<Name, Measured[]>): string[][] {
  const plain = median(results.plain.map((one) => one.ms));
  const plainSpent = least(results.plain);
  return (Object.keys(contenders) as Name[])
    .filter((name) => results[name].length > 0)
    .map((name) => {
      const ms = median(results[name].map((one) => one.ms));
      const spent = least(results[name]);
      const wal = median(results[name].map((one) => one.walBytes)) / rows;
      const peak = Math.max(...results[name].map((one) => one.peakBytes ?? 0));
      return [
        rows.toLocaleString('en'),
        labels[name],
        `${Math.round(ms)} ms`,
        Math.round((rows / ms) * 1000).toLocaleString('en'),
        (plain / ms).toFixed(2),
        `${Math.round(spent)} ms`,
        (plainSpent / spent).toFixed(2),
        `${Math.round(wal)} B`,
        peak === 0 ? '' : `${Math.round(peak / 1024 / 1024)} MB`,
      ];
    });
}

/** Whatever else the machine does only adds to it. */
function least(results: readonly Measured[]): number {
  return Math.min(...results.map(({ processorMs }) => processorMs));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
