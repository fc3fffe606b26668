import { listAliases } from '../../postgres/records/aliases.ts';
import type { Alias } from '../../postgres/records/aliases.ts';
import { withList, withWhere } from '../options.ts';
import type { ListOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';
import { readMoment } from '../terminal/times.ts';
import { tenantsToAsk } from '../../site/tenant.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere } from '../../site/where.ts';
import type { WhereOptions } from '../../site/where.ts';

interface AliasesOptions extends WhereOptions, ListOption, TenantOption {
  readonly table?: string;
  readonly since?: string;
}

/** `drover aliases`: the keys that rows had, and where each leads now. */
export const aliases: Verb = {
  name: 'aliases',
  summary: 'list the keys that rows had, and where each leads now',
  define: (command) =>
    withWhere(
      withList(command)
        .option('--table <table>', 'only of this table')
        .option('--since <time>', 'only those made since, as 2026-11-21T10:00:00Z')
        .option('--tenant <tenant>', 'only those of this tenant, by key or name'),
    ),
  run: (session, command) => {
    const options = command.opts<AliasesOptions>();
    const since =
      options.since === undefined ? undefined : readMoment('--since', options.since).toISOString();
    return withSite(resolveWhere(options, session.environment), { mayWrite: false }, async (site) => {
      const found: Alias[] = [];
      for (const tenant of await tenantsToAsk(site, options.tenant))
        found.push(...(await listAliases(site, { tenant, table: options.table, since })));
      show(session, found, options);
      return exitStatus.done;
    });
  },
};

function show({ terminal }: Session, found: readonly Alias[], { json, csv }: AliasesOptions): void {
  if (json === true) return terminal.out(JSON.stringify({ aliases: found }, null, 2));
  const rows = found.map(({ tenant, table, from, to, since }) => [tenant, table, from, to, since]);
  showList(terminal, { head: ['tenant', 'table', 'from', 'to', 'since'], rows }, csv);
}
