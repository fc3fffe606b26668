import { given } from '../../engine/given.ts';
import { sharedRows } from '../../engine/tenant.ts';
import { listChanges } from '../../postgres/records/history.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { countUpTo, withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { findMigration, listRecords } from '../../site/records.ts';
import type { FoundMigration } from '../../site/records.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import {
  changeTable,
  migrationTable,
  showChanges,
  showMigration,
  showMigrations,
  showStoredResult,
  stepTable,
} from './show-history.ts';
import { isForPrograms, showList } from '../terminal/table.ts';
import { readMoment } from '../terminal/times.ts';
import { noteUnderWay } from '../under-way.ts';
import type { UnderWayJson } from '../under-way.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

interface HistoryOptions extends WhereOptions, ListOption, TenantOption {
  readonly limit: number;
  readonly before?: string;
  readonly changes?: boolean;
}

/** `drover history`: what was done, by whom, and every changed value. */
export const history: Verb = {
  name: 'history',
  summary: 'list past migrations, or show one: steps, findings, changed values',
  define: (command) =>
    withWhere(
      withList(command.argument('[migration]', 'the id of one'))
        .option('--tenant <tenant>', 'only those of this tenant, by key or name')
        .option('--shared', 'only those of the rows that are nobody’s alone')
        .option('--limit <count>', 'at most so many migrations, or changes of one', countUpTo(100_000), 50)
        .option('--before <time>', 'only what began before, as 2026-11-21T10:00:00Z')
        .option('--changes', 'of one migration: every changed value, before and after'),
    ),
  run: (session, command) => {
    const { before, ...rest } = command.opts<HistoryOptions>();
    const began = before === undefined ? {} : { before: readMoment('--before', before).toISOString() };
    const options = { ...rest, ...began, ...(rest.shared === true ? { tenant: sharedRows } : {}) };
    const id = command.args[0];
    const where = resolveWhere(options, session.environment);
    return withSite(where, { mayWrite: false }, async (site) => {
      const underWay = await noteUnderWay(session, site, { tenant: options.tenant, where });
      return id === undefined
        ? showMany(session, site, { options, underWay })
        : showOne(session, site, { id, options });
    });
  },
};

async function showMany(
  { terminal }: Session,
  site: Site,
  { options, underWay }: { readonly options: HistoryOptions; readonly underWay: UnderWayJson[] | null },
): Promise<number> {
  const { tenant, limit, before, json, csv } = options;
  const records = await listRecords(site, { tenant, limit, ...given({ before }) });
  if (json === true) terminal.out(JSON.stringify({ migrations: records, underWay }, null, 2));
  else if (isForPrograms(terminal, csv)) showList(terminal, migrationTable(records), csv);
  else showMigrations(terminal, records);
  return exitStatus.done;
}

async function showOne(
  { terminal }: Session,
  site: Site,
  { id, options }: { id: string; options: HistoryOptions },
): Promise<number> {
  const found = await findMigration(site, { id, tenant: options.tenant });
  const changes = options.changes === true ? await changesOf(site, found, options.limit) : undefined;
  if (options.json === true)
    terminal.out(JSON.stringify({ ...found.record, ...(changes === undefined ? {} : { changes }) }, null, 2));
  else if (options.csv === true)
    showList(terminal, changes === undefined ? stepTable(found.record) : changeTable(changes), true);
  else {
    showMigration(terminal, found.record);
    showStoredResult(terminal, found.record);
    if (changes !== undefined) showChanges(terminal, changes);
  }
  return exitStatus.done;
}

function changesOf(
  site: Site,
  { record, tenant }: FoundMigration,
  limit: number,
): ReturnType<typeof listChanges> {
  return listChanges(site, { tenant, id: record.id, limit });
}
