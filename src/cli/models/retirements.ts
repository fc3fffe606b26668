import type { Command } from 'commander';
import { writeCalendar } from '../../engine/models/calendar.ts';
import { modelLabel } from '../../engine/models/model.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import {
  countTenants,
  daysBetween,
  retirementEvents,
  saysWhat,
  whereUsed,
} from '../../engine/models/retirements.ts';
import type { Retirement } from '../../engine/models/retirements.ts';
import { readRetirements, sharedUnit } from '../../postgres/usage/retirements.ts';
import type { TellUnread } from '../../postgres/usage/retirements.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';
import { chooseTenant } from '../../site/tenant.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { noteUnderWay } from '../under-way.ts';
import type { UnderWayJson } from '../under-way.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

interface RetirementOptions extends WhereOptions, ListOption, TenantOption {
  readonly ical?: boolean;
}

/** `drover retirements`: the models in use that end. */
export const retirements: Verb = {
  name: 'retirements',
  summary: 'list the models in use that end: until when, with tenants and rows',
  define: (command) =>
    withWhere(
      withList(command)
        .option('--tenant <tenant>', 'only of this tenant: its key or name')
        .option('--ical', 'print a calendar (iCalendar) instead'),
    ),
  run: listRetirements,
};

async function listRetirements(session: Session, command: Command): Promise<number> {
  const { terminal, environment } = session;
  const options = command.opts<RetirementOptions>();
  if (options.ical === true && (options.json === true || options.csv === true))
    throw usage('--ical, --json and --csv: one of them.');
  const unread: string[] = [];
  const where = resolveWhere(options, environment);
  const { found, registry, underWay } = await withSite(where, { mayWrite: false }, async (site) => {
    const noted = await noteUnderWay(session, site, { tenant: undefined, where });
    const tell: TellUnread = (tenant, { message }) => unread.push(`${tenant.key}: ${message}`);
    return { ...(await readFor(site, options.tenant, tell)), underWay: noted };
  });
  const today = new Date().toISOString().slice(0, 10);
  if (options.ical === true) showCalendar(terminal, found);
  else if (options.json === true) showJson(terminal, { found, registry, today, underWay });
  else showRetirements(terminal, found, { today, csv: options.csv });
  for (const why of unread) terminal.err(`Not read: ${why}`);
  return unread.length === 0 ? exitStatus.done : exitStatus.failed;
}

interface FoundRetirements {
  readonly found: readonly Retirement[];
  /** Which registry was asked. */
  readonly registry: string | undefined;
}

async function readFor(
  site: Site,
  text: string | undefined,
  tellUnread: TellUnread,
): Promise<FoundRetirements> {
  const registry = site.knowledge()?.name;
  if (tenancyOf(site.config) === 'single') return { found: await readRetirements(site, 'single'), registry };
  const tenants = await listTenants(site);
  const asked = text === undefined ? [...tenants, sharedUnit] : [chooseTenant(tenants, text)];
  return { found: await readRetirements(site, asked, tellUnread), registry };
}

function showCalendar({ streams }: Terminal, found: readonly Retirement[]): void {
  const madeAt = new Date().toISOString();
  const events = retirementEvents(found);
  streams.stdout.write(writeCalendar({ name: 'Model retirements', events, madeAt }));
}

function showJson(
  terminal: Terminal,
  {
    found,
    registry,
    today,
    underWay,
  }: FoundRetirements & { readonly today: string; readonly underWay: UnderWayJson[] | null },
): void {
  const retirements = found.map((one) => ({ ...one, daysLeft: daysLeft(one, today) }));
  terminal.out(JSON.stringify({ today, registry: registry ?? null, underWay, retirements }, null, 2));
}

function daysLeft({ day }: Retirement, today: string): number | null {
  return day === null ? null : daysBetween(today, day);
}

function showRetirements(
  terminal: Terminal,
  found: readonly Retirement[],
  { today, csv }: { readonly today: string; readonly csv: boolean | undefined },
): void {
  if (found.length === 0) return terminal.err('No model in use is known to end.');
  const names = found.map(({ components: { name = '' } }) => name);
  const rows = found.map((one) => {
    const { name = '' } = one.components;
    const alone = names.indexOf(name) === names.lastIndexOf(name);
    return [
      one.day ?? one.status,
      csv === true ? (daysLeft(one, today) ?? '') : countdown(daysLeft(one, today)),
      alone ? name : modelLabel(one),
      one.successor?.name ?? '',
      one.tenants.length === 0 ? '' : countTenants(one),
      one.rows,
      saysWhat(one),
      shortly(whereUsed(one)),
    ];
  });
  const head = ['shut down', 'days left', 'model', 'successor', 'tenants', 'rows', 'says', 'where'];
  showList(terminal, { head, rows }, csv);
}

/** Overdue is said, because a minus is easily overlooked. */
function countdown(days: number | null): string | number {
  if (days === null) return '';
  return days > 0 ? days : days === 0 ? 'today' : `${-days} over`;
}

/** The type with the most rows; JSON has all of them. */
function shortly(where: string): string {
  const [most = '', ...others] = where.split(', ');
  return others.length <= 1 ? where : `${most}, ${others.length} more`;
}
