import type { Command } from 'commander';
import { writeCalendar } from '../../engine/calendar.ts';
import { modelLabel } from '../../engine/model-label.ts';
import { retirementEvent } from '../../engine/retirements.ts';
import type { Retirement } from '../../engine/retirements.ts';
import { readRetirements } from '../../postgres/retirements.ts';
import type { Site } from '../../postgres/site.ts';
import { listTenants } from '../../postgres/tenants.ts';
import { withJson, withWhere } from '../options.ts';
import type { JsonOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showTable } from '../table.ts';
import { chooseTenant } from '../tenant.ts';
import type { Terminal } from '../terminal.ts';
import { resolveWhere, usage, withSite } from '../where.ts';
import type { WhereOptions } from '../where.ts';

interface RetirementOptions extends WhereOptions, JsonOption, TenantOption {
  readonly ics?: boolean;
}

/** `drover retirements`: the models in use that end on a known day. */
export const retirements: Verb = {
  name: 'retirements',
  summary: 'list the models in use that end on a known day, with tenants and rows',
  define: (command) =>
    withWhere(
      withJson(command)
        .option('--tenant <tenant>', 'only of this tenant: its key or name')
        .option('--ics', 'print a calendar (iCalendar) instead'),
    ),
  run: listRetirements,
};

async function listRetirements({ terminal, environment }: Session, command: Command): Promise<number> {
  const options = command.opts<RetirementOptions>();
  if (options.ics === true && options.json === true) throw usage('--ics and --json: one of them.');
  const found = await withSite(resolveWhere(options, environment), { mayWrite: false }, (site) =>
    readFor(site, options.tenant),
  );
  if (options.ics === true) showCalendar(terminal, found);
  else if (options.json === true) terminal.out(JSON.stringify({ retirements: found }, null, 2));
  else showRetirements(terminal, found);
  return exitStatus.done;
}

async function readFor(site: Site, text: string | undefined): Promise<Retirement[]> {
  const { tenant, model } = site.config;
  if ((model.tables ?? []).every(({ facts }) => facts?.['shutdown'] === undefined))
    throw usage(
      'The configuration does not say which column holds the last day of a model: add `shutdown` under `model.tables[].facts`.',
    );
  if (tenant.root === 'none') return readRetirements(site, 'single');
  const tenants = await listTenants(site);
  return readRetirements(site, text === undefined ? tenants : [chooseTenant(tenants, text)]);
}

function showCalendar({ streams }: Terminal, found: readonly Retirement[]): void {
  const madeAt = new Date().toISOString();
  streams.stdout.write(
    writeCalendar({ name: 'Model retirements', events: found.map(retirementEvent), madeAt }),
  );
}

function showRetirements(terminal: Terminal, found: readonly Retirement[]): void {
  if (found.length === 0) return terminal.err('No model in use has a last day that is known.');
  const rows = found.map(({ day, kind, components, tenants, rows: affected }) => [
    day,
    kind,
    tenants.length === 0 ? '' : tenants.length,
    affected,
    modelLabel({ components }),
  ]);
  const head = ['last day', 'kind', 'tenants', 'rows', 'model'];
  showTable(terminal, { head, rows });
}
