/** The ties to an owner that no foreign key declares, as the configuration writes them (`tenant.links`). */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import type { Config } from './config.ts';
import { findNamedColumn, findNamedTable, splitName } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { Hop } from './ownership.ts';
import type { ConfigProblem } from './place.ts';

export interface Link {
  readonly table: TableId;
  readonly hop: Hop;
  /** The other table points here, so that a row can have several. */
  readonly junction: boolean;
}

/** All links of the configuration, and what is wrong with those that cannot be read. */
export function tenantLinks(scope: NameScope, config: Config): { links: Link[]; problems: ConfigProblem[] } {
  const links: Link[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(config.tenant.links ?? {})) {
    const table = findNamedTable(scope, name);
    for (const part of text.split(';')) {
      const link = table === undefined ? undefined : readLink(scope, table, part.trim());
      if (link === undefined)
        problems.push({
          path: ['tenant', 'links', name],
          message: `cannot resolve the link "${part.trim()}" of ${name}: write "column -> table.column", "column <- table.column" or "column in table.column"`,
        });
      else links.push(link);
    }
  }
  return { links, problems };
}

function readLink(scope: NameScope, table: Table, text: string): Link | undefined {
  const match = /^("(?:[^"]|"")+"|[^\s"]+?)\s*(->|<-|\bin\b)\s*(.+)$/.exec(text);
  const column = findColumn(table, splitName(match?.[1] ?? '')?.[0] ?? '');
  const other = match?.[3] === undefined ? undefined : findNamedColumn(scope, match[3].trim());
  if (column === undefined || other === undefined) return undefined;
  const how = match?.[2] === 'in' ? 'member' : 'equal';
  return {
    table: table.id,
    hop: { table: other.table.id, from: [column.name], to: [other.column.name], how },
    junction: match?.[2] !== '->',
  };
}
