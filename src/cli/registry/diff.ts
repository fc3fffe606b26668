import type { Command } from 'commander';
import { DroverError } from '../../errors.ts';
import { diffRegistries, hasConsequences } from '../../registry/import/diff.ts';
import { allPairs } from '../../registry/verdict/pairs.ts';
import type { RegistryDiff, StoredPair } from '../../registry/import/diff.ts';
import { openPlatform } from '../../platform/open.ts';
import { listStoredPairs } from '../../platform/workspaces/stored-pairs.ts';
import { withList } from '../options.ts';
import type { ListOption } from '../options.ts';
import { loadValid } from '../../registry/load/folder.ts';
import { readJson } from './folder.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { isForPrograms, showList, showTable } from '../terminal/table.ts';
import type { TableContent } from '../terminal/table.ts';
import { onErrorStream } from '../terminal/terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inLines } from '../terminal/wrap.ts';
import { ownDatabase } from '../own-database.ts';
import { withDatabase } from '../../site/open.ts';
import { usage } from '../../site/where.ts';

interface DiffOptions extends ListOption {
  readonly pairs?: string;
  readonly data?: string;
  readonly database?: string;
}

/** `drover registry diff`: what a new registry would do to what runs. */
export const compareRegistries: Verb = {
  name: 'diff',
  summary: 'compare two registries: what would no longer run, who would pay, what goes away',
  define: (command) =>
    withList(
      command
        .argument('<old>', 'the folder in use')
        .argument('<new>', 'the folder that shall take its place'),
    )
      .option('--database <url>', 'compare by what the workspaces of this server have, tenant by tenant')
      .option('--data <folder>', 'the same with an embedded database')
      .option(
        '--pairs <file>',
        'JSON list of { tenant, runtime, model, secrets, count } that are stored (default: every pair that OLD can name)',
      ),
  run: runDiff,
};

async function runDiff(session: Session, command: Command): Promise<number> {
  const { terminal } = session;
  const options = command.opts<DiffOptions>();
  const { json, csv } = options;
  const [before, after] = [loadValid(command.args[0] ?? ''), loadValid(command.args[1] ?? '')];
  const stored = await readStored(session, options);
  const pairs = stored ?? allPairs(before);
  const diff = diffRegistries(before, after, pairs);
  // Compared the other way round, what no longer runs is what becomes possible.
  const routable = diffRegistries(after, before, stored ?? allPairs(after)).orphaned;
  const gained = routable.map(({ tenant, runtime, model, count }) => ({ tenant, runtime, model, count }));
  if (json === true)
    terminal.out(JSON.stringify({ ...diff, compared: pairs.length, routable: gained }, null, 2));
  else if (isForPrograms(terminal, csv)) {
    showSum(onErrorStream(terminal), diff, { compared: pairs.length, gained: gained.length });
    showList(terminal, diffTable(diff), csv);
  } else showDiff(terminal, diff, { compared: pairs.length, gained: gained.length });
  return hasConsequences(diff) ? exitStatus.changes : exitStatus.done;
}

/** What is in use, where it was said: in a file, or in a database. */
async function readStored(session: Session, options: DiffOptions): Promise<StoredPair[] | undefined> {
  const { pairs, data, database } = options;
  if ([pairs, data, database].filter((each) => each !== undefined).length > 1)
    throw usage('--pairs, --data and --database name the pairs twice; give one of them.');
  if (pairs !== undefined) return readPairs(pairs);
  if (data === undefined && database === undefined) return undefined;
  return withDatabase(ownDatabase(session, options).where, async (opened) =>
    listStoredPairs(await openPlatform(opened, { install: false })),
  );
}

/** @throws FEED_INVALID */
function readPairs(file: string): StoredPair[] {
  const value = readJson(file);
  const wrong = new DroverError('FEED_INVALID', `${file} is no list of { tenant, runtime, model }.`, {
    file,
  });
  if (!Array.isArray(value)) throw wrong;
  return value.map((each: Partial<StoredPair> | null) => {
    const { tenant, runtime, model, secrets, count } = each ?? {};
    if (typeof tenant !== 'string' || typeof runtime !== 'string' || typeof model !== 'string') throw wrong;
    return { tenant, runtime, model, secrets, count };
  });
}

interface DiffCounts {
  readonly compared: number;
  readonly gained: number;
}

/** What is concerned, by what becomes of it. */
function concerned({ orphaned, payerFlips, retirements }: RegistryDiff): readonly ConcernedRows[] {
  const lost = orphaned.map((each) => [...namesOf(each), each.suggestions.join(', ')]);
  const flipped = payerFlips.map((each) => [...namesOf(each), `${each.from} → ${each.to}`]);
  const ending = retirements.map((each) => [...namesOf(each), endOf(each)]);
  return [
    { title: 'No longer runs', column: 'take instead', rows: lost },
    { title: 'Paid by somebody else', column: 'payer', rows: flipped },
    { title: 'Goes away', column: 'when', rows: ending },
  ];
}

interface ConcernedRows {
  readonly title: string;
  readonly column: string;
  readonly rows: readonly (readonly string[])[];
}

/** For programs. */
function diffTable(diff: RegistryDiff): TableContent {
  const rows = concerned(diff).flatMap((each) => each.rows.map((row) => [each.title.toLowerCase(), ...row]));
  return { head: ['what', 'tenant', 'runtime', 'model', 'detail'], rows };
}

function showDiff(terminal: Terminal, diff: RegistryDiff, counts: DiffCounts): void {
  const { out, style } = terminal;
  inLines(terminal)(comparedText(diff, counts));
  for (const { title, column, rows } of concerned(diff)) {
    if (rows.length === 0) continue;
    const mark = title === 'No longer runs' ? style.error : style.warning;
    out();
    out(`${mark(title)}: ${rows.length}`);
    showTable(terminal, { head: ['tenant', 'runtime', 'model', column], rows });
  }
  if (counts.gained > 0) out();
  for (const line of closing(diff, counts)) inLines(terminal)(line);
}

/** The difference without its rows. */
function showSum({ out }: Terminal, diff: RegistryDiff, counts: DiffCounts): void {
  for (const line of [comparedText(diff, counts), ...closing(diff, counts)]) out(line);
}

function comparedText({ from, to }: RegistryDiff, { compared }: DiffCounts): string {
  return `${from} → ${to}: ${compared} pairs compared.`;
}

function closing(diff: RegistryDiff, { gained }: DiffCounts): string[] {
  return [
    ...(gained > 0 ? [`${gained} pairs become possible.`] : []),
    ...(hasConsequences(diff) ? [] : ['Nothing that runs is concerned.']),
  ];
}

function namesOf({
  tenant,
  runtime,
  model,
  count,
}:
  | RegistryDiff['orphaned'][number]
  | RegistryDiff['payerFlips'][number]
  | RegistryDiff['retirements'][number]): string[] {
  return [count === 1 ? tenant : `${tenant} (${count})`, runtime, model];
}

function endOf({ status, shutdown, replacement }: RegistryDiff['retirements'][number]): string {
  return `${shutdown ?? status}${replacement === null ? '' : `, replaced by ${replacement}`}`;
}
