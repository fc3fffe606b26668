/**
 * `drover rekey --map FILE`: the keys of many rows from a file. What is wrong with it, by itself and by the rows of the database, is told
 * at once with its lines, and then nothing is written. A file about several tenants is done tenant by tenant, each in a transaction of
 * its own.
 */
import type { Command } from 'commander';
import { keysText } from '../../engine/key-pairs.ts';
import { DroverError } from '../../errors.ts';
import { mappingInvalid } from '../../postgres/facts/rows/pair.ts';
import { planMove } from '../../postgres/move/plan.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { intentOn } from '../../site/intent.ts';
import { withSite } from '../../site/open.ts';
import { resolveUnit } from '../../site/tenant.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import { readRekey } from '../options.ts';
import type { MoveCommandOptions, ReadsIntent, RekeyOptions } from '../options.ts';
import { readMapping } from './mapping-file.ts';
import type { LineProblem, MappingEntry } from './mapping-file.ts';
import { exitStatus } from '../session.ts';
import type { Session } from '../session.ts';
import { reportFailure } from '../failure.ts';
import { readBytes } from '../terminal/files.ts';

interface MapOptions extends RekeyOptions {
  readonly allTenants?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly out?: string;
  readonly sql?: boolean;
}

type Run = (read: ReadsIntent) => Promise<number>;

/** Does what a command does with one row or with a file of them: once, or once for each tenant. */
export async function forEachMap(session: Session, command: Command, run: Run): Promise<number> {
  const options = command.opts<MapOptions>();
  if (options.map === undefined) {
    if (options.allTenants === true) throw usage('--all-tenants is for a file (--map) with a column tenant.');
    return run(readRekey);
  }
  const { entries, problems, tenants } = readMapping(readBytes(options.map));
  const parts = partsOf(options, { entries, tenants });
  await refuseFaults(session, options, { parts, problems });
  if (options.allTenants !== true) return run(readsPart(parts[0]?.entries ?? []));
  return eachTenant(session, command, { parts, run });
}

/** What is asked of one tenant. */
interface MapPart {
  /** As the file calls it; undefined where the file has no such column. */
  readonly tenant: string | undefined;
  readonly entries: readonly MappingEntry[];
}

function partsOf(
  options: MapOptions,
  { entries, tenants }: { readonly entries: readonly MappingEntry[]; readonly tenants: boolean },
): MapPart[] {
  const isMany = options.allTenants === true;
  if (!tenants && isMany)
    throw usage('--all-tenants needs a column tenant in the file: from,to,tenant. Without it give --tenant.');
  if (!tenants) return [{ tenant: options.tenant, entries }];
  const parts = [...Map.groupBy(entries, ({ tenant = '' }) => tenant)].map(([tenant, own]) => ({
    tenant,
    entries: own,
  }));
  if (isMany) {
    if (options.tenant !== undefined || options.shared === true)
      throw usage('--tenant names one tenant, --all-tenants all of the file; give one of them.');
    const about = [options.json, options.csv, options.out, options.sql].some((one) => one !== undefined);
    if (about)
      throw usage(
        '--json, --csv, --out and --sql are about one tenant: give --tenant, and its lines are taken.',
      );
    return parts;
  }
  if (options.tenant === undefined)
    throw usage(
      'The file says whose rows they are: --all-tenants takes all of it, --tenant the lines of one.',
    );
  const own = parts.filter(({ tenant }) => tenant === options.tenant);
  if (own.length > 0) return own;
  throw usage(`The file has no line of tenant ${options.tenant}; it calls them as column tenant says.`);
}

function readsPart(entries: readonly MappingEntry[]): ReadsIntent {
  const pairs = entries.map(({ from, to }) => ({ from, to }));
  return (options) => ({
    ...readRekey({
      ...options,
      from: keysText(pairs.map(({ from }) => from)),
      to: keysText(pairs.map(({ to }) => to)),
    }),
    pairs,
  });
}

/** Plans each part, which only reads. @throws MAPPING_INVALID with all lines of all tenants */
async function refuseFaults(
  session: Session,
  options: MapOptions,
  { parts, problems }: { readonly parts: readonly MapPart[]; readonly problems: readonly LineProblem[] },
): Promise<void> {
  const asked = parts.filter(({ entries }) => entries.length > 0);
  // One tenant's part is looked at by the plan itself, but for a file in which lines are wrong anyway.
  const found =
    asked.length === 0 || (asked.length === 1 && problems.length === 0)
      ? []
      : await withSite(resolveWhere(options, session.environment), { mayWrite: false }, async (site) => {
          const all: LineProblem[] = [];
          for (const part of asked) all.push(...(await faultsOf(site, options, part)));
          return all;
        });
  const all = [...problems, ...found].toSorted((a, b) => a.line - b.line);
  if (all.length > 0) throw mappingInvalid(all, ({ line }) => `line ${line}`);
}

async function faultsOf(site: Site, options: MapOptions, part: MapPart): Promise<LineProblem[]> {
  try {
    const tenant = await resolveUnit(site, {
      ...options,
      ...(part.tenant === undefined ? {} : { tenant: part.tenant }),
    });
    await planMove(site, intentOn(site, readsPart(part.entries)(options), tenant));
    return [];
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    if (error.code === 'MAPPING_INVALID') return linesOf(error, part.entries);
    return [{ line: part.entries[0]?.line ?? 1, message: error.message }];
  }
}

/** The problems of pairs, by the lines on which these stand. */
function linesOf({ data }: DroverError, entries: readonly MappingEntry[]): LineProblem[] {
  const { problems } = data;
  return (Array.isArray(problems) ? (problems as unknown[]) : []).flatMap((problem) => {
    const isOne = typeof problem === 'object' && problem !== null && 'at' in problem && 'message' in problem;
    return isOne ? [{ line: entries[Number(problem.at)]?.line ?? 1, message: String(problem.message) }] : [];
  });
}

/** What a map is refused for is told by lines, not by the numbers of pairs. */
export async function withLines(
  options: MoveCommandOptions & RekeyOptions,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (options.map === undefined || !(error instanceof DroverError) || error.code !== 'MAPPING_INVALID')
      throw error;
    const { entries } = readMapping(readBytes(options.map));
    const own = entries.filter(({ tenant }) => tenant === undefined || tenant === options.tenant);
    const lines = linesOf(error, own);
    throw lines.length === 0 ? error : mappingInvalid(lines, ({ line }) => `line ${line}`);
  }
}

/** A tenant that fails does not keep the others from being done. */
async function eachTenant(
  session: Session,
  command: Command,
  { parts, run }: { readonly parts: readonly MapPart[]; readonly run: Run },
): Promise<number> {
  const { terminal, version } = session;
  const statuses: number[] = [];
  command.setOptionValue('allTenants', undefined);
  for (const { tenant, entries } of parts) {
    command.setOptionValue('tenant', tenant);
    terminal.err(`Tenant ${tenant ?? ''}: ${entries.length} ${entries.length === 1 ? 'key' : 'keys'}`);
    statuses.push(
      await run(readsPart(entries)).catch((error: unknown) =>
        reportFailure(terminal, error, { json: false, debug: false, version }),
      ),
    );
  }
  const known: readonly number[] = Object.values(exitStatus);
  return (
    statuses.find((status) => !known.includes(status)) ??
    (statuses.includes(exitStatus.failed) ? exitStatus.failed : Math.max(...statuses))
  );
}
