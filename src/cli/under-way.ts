/** Migrations in parts, in words: what `--online` will do, and what is under way. */
import { retiresSource } from '../engine/operations/operations.ts';
import type { Plan } from '../engine/plan/plan-types.ts';
import { changeCount } from '../engine/plan/row-text.ts';
import type { TenantKey } from '../engine/tenant.ts';
import { DroverError } from '../errors.ts';
import type { previewOnline } from '../postgres/move/online.ts';
import { listUnderWay, underWayText, waysOn } from '../postgres/records/under-way.ts';
import type { UnderWay } from '../postgres/records/under-way.ts';
import type { Site } from '../postgres/scope/site.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal/terminal.ts';
import { wrapLine } from './terminal/wrap.ts';
import { whereWords } from '../site/where.ts';
import type { Where } from '../site/where.ts';
import { tenantsToAsk } from '../site/tenant.ts';

export type Preview = Awaited<ReturnType<typeof previewOnline>>;

/** What `--online` changes about a plan, before somebody agrees to it. */
export function previewLines(plan: Plan, { steps, underWay }: Preview, width: number): string[] {
  const goesOn =
    underWay === undefined
      ? []
      : [`Goes on with migration ${underWay.id}: ${changeCount(underWay.rows)} committed so far.`];
  const lines = [...goesOn, ...partsText(plan, steps)];
  return lines.length === 0 ? [] : ['Online', ...lines.flatMap((line) => wrapLine(`  ${line}`, width))];
}

function partsText({ steps: all }: Plan, steps: Preview['steps']): string[] {
  if (all.length === 0) return [];
  if (steps.length === 0)
    return [
      'No documents of this plan can be committed in parts: what it has to do is done in one transaction, as without --online.',
    ];
  const rows = steps.reduce((sum, { expected }) => sum + expected, 0);
  const columns = steps.map(({ table, column }) => `${table}.${column}`).join(', ');
  const retires = retiresSource(all);
  const rest = all.length > steps.length ? ' Everything else moves in the last transaction.' : '';
  return [
    `${changeCount(rows)} of ${columns} are committed in parts, without a lock on the table.${rest}`,
    'Until then readers find some documents on the source and some on the target, so both models must work. ' +
      `${retires ? 'The source is retired with the last transaction, which' : 'The last transaction'} alone locks the tables.`,
    'What is committed stays when this is stopped: the same command goes on, `drover rollback` takes it back.',
  ];
}

/** A migration under way as JSON has it, with the commands that go on and take back. */
export interface UnderWayJson {
  readonly id: string;
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  /** Row changes that are committed. */
  readonly committed: number;
  readonly goOn: string;
  readonly takeBack: string;
}

/** Says on the error stream what is under way, for one tenant or for all, and gives it; null where the login may not read that. */
export async function noteUnderWay(
  { terminal }: Session,
  site: Site,
  { tenant, where }: { readonly tenant: TenantKey; readonly where: Where },
): Promise<UnderWayJson[] | null> {
  const found = await readUnderWay(terminal, site, await tenantsToAsk(site, tenant));
  for (const underWay of found ?? [])
    terminal.err(terminal.errStyle.warning(underWayText(underWay, whereWords(where))));
  return found?.map((underWay) => underWayJson(underWay, where)) ?? null;
}

function underWayJson(underWay: UnderWay, where: Where): UnderWayJson {
  const { id, tenant, from, to, rows: committed } = underWay;
  const [goOn, takeBack] = waysOn(underWay).map((command) => `${command} ${whereWords(where)}`);
  return { id, tenant, from, to, committed, goOn: goOn ?? '', takeBack: takeBack ?? '' };
}

/** A login that plans need not be able to read records; then that is said. */
async function readUnderWay(
  terminal: Terminal,
  site: Site,
  tenants: readonly TenantKey[],
): Promise<UnderWay[] | undefined> {
  try {
    return await listUnderWay(site, tenants);
  } catch (error) {
    if (!(error instanceof DroverError) || !unreadable.includes(error.code)) throw error;
    terminal.err(terminal.errStyle.muted('Whether a migration is under way cannot be read by this login.'));
    return undefined;
  }
}

const unreadable: readonly string[] = ['NOT_PERMITTED', 'FLEET_UNAVAILABLE'];

/** The commands that an error names, complete with the database. */
export function completeIn(error: unknown, where: Where): unknown {
  if (!(error instanceof DroverError)) return error;
  const { commands } = error.data;
  if (!Array.isArray(commands)) return error;
  const message = commands
    .map(String)
    .reduce(
      (text, command) => text.replaceAll(`\`${command}\``, `\`${command} ${whereWords(where)}\``),
      error.message,
    );
  return new DroverError(error.code, message, error.data, { cause: error });
}
