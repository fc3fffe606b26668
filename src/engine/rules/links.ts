/**
 * Ties to an owner that no foreign key declares, as the configuration writes them (`tenant.links`): `a -> t.b`, `a <- t.b` or
 * `a in t.b`, each with `where` and SQL over a row of `t` if only some of its rows count. Several are separated by `;`.
 */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import { findNamedColumn, findNamedTable, splitName } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import { given } from '../given.ts';
import type { Config, ConfigProblem } from './config.ts';

/** One join away from a row: `from` are columns of the row so far, `to` those of `table`. */
export interface Hop {
  readonly table: TableId;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** `member`: the column `to` is a list (array, json, jsonb) that contains the value of `from`. */
  readonly how: 'equal' | 'member';
  /** SQL over the row of `table`: others do not count. */
  readonly where?: string;
}

/** A tie of one table. */
export interface Link {
  readonly table: TableId;
  readonly hop: Hop;
  /** The other table points here, so that a row can have several. */
  readonly junction: boolean;
  readonly path: ConfigProblem['path'];
  /** As the configuration writes it. */
  readonly text: string;
}

/** All links of the configuration, and what is wrong with those that cannot be read. */
export function tenantLinks(scope: NameScope, config: Config): { links: Link[]; problems: ConfigProblem[] } {
  const links: Link[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, all] of Object.entries(config.tenant.links ?? {})) {
    const table = findNamedTable(scope, name);
    for (const text of separate(all)) {
      const path = ['tenant', 'links', name];
      const link = table === undefined ? undefined : readLink(scope, table, text);
      if (link === undefined) problems.push({ path, message: unread(name, text) });
      else links.push({ ...link, path, text });
    }
  }
  return { links, problems };
}

function unread(name: string, text: string): string {
  return (
    `cannot resolve the link "${text}" of ${name}: write "column -> table.column", "column <- table.column" or ` +
    `"column in table.column", and behind it, where only some rows of that table count, "where" and SQL over them`
  );
}

/** The parts between semicolons; one within quotes belongs to the SQL. */
function separate(text: string): string[] {
  return text.split(/;(?=(?:[^'"]|'[^']*'|"[^"]*")*$)/).map((part) => part.trim());
}

const namePattern = String.raw`(?:"(?:[^"]|"")+"|[^\s".;]+)`;
const linkPattern = new RegExp(
  String.raw`^(${namePattern})\s*(->|<-|\bin\b)\s*(${namePattern}(?:\s*\.\s*${namePattern})+)(?:\s+where\s+(\S[^]*))?$`,
  'i',
);

function readLink(scope: NameScope, table: Table, text: string): Omit<Link, 'path' | 'text'> | undefined {
  const [, own = '', sign = '', there = '', where] = linkPattern.exec(text) ?? [];
  const column = findColumn(table, splitName(own)?.[0] ?? '');
  const other = findNamedColumn(scope, there);
  if (column === undefined || other === undefined) return undefined;
  return {
    table: table.id,
    hop: {
      table: other.table.id,
      from: [column.name],
      to: [other.column.name],
      how: sign.toLowerCase() === 'in' ? 'member' : 'equal',
      ...given({ where }),
    },
    junction: sign !== '->',
  };
}
