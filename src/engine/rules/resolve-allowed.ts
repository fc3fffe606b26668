/** What may stand at a place: said by a table, or by SQL over the row. */
import { findColumn } from '../catalogue/catalog.ts';
import type { Column } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import { given } from '../given.ts';
import type { ConfigProblem } from './config.ts';
import type { AllowedConfig } from './place-config.ts';
import type { AllowedTable, Draft, FoundPlace, Place } from './place.ts';
import { refuse, requireColumns } from './refusals.ts';

/** A row moves only to a value that another table has, on the terms of the old one; or where the SQL holds. */
export function resolveAllowed(draft: Draft, found: FoundPlace, said: AllowedConfig): Place['allowed'] {
  const { where, in: called, value, same = [], sameIn: other, match = {} } = said;
  if (where !== undefined) return { where };
  if (called === undefined || value === undefined) return undefined;
  const path = [found.at, 'allowed'];
  const holder = resolveAllowedTable(draft, found, { in: called, match, value, same, path });
  const sameIn = other && resolveAllowedTable(draft, found, { ...other, same, path: [...path, 'sameIn'] });
  return holder && { ...holder, same, ...given({ sameIn }) };
}

interface AllowedDraft {
  readonly in: string;
  readonly match?: Readonly<Record<string, string>>;
  readonly value: string;
  readonly same: readonly string[];
  readonly path: ConfigProblem['path'];
}

function resolveAllowedTable(
  draft: Draft,
  { table: own }: FoundPlace,
  { in: called, match = {}, value, same, path }: AllowedDraft,
): AllowedTable | undefined {
  const table = findNamedTable(draft.scope, called);
  if (table === undefined) refuse(draft, [...path, 'in'], `no table ${called}`);
  requireColumns(draft, path, { table, called, names: [value, ...same, ...Object.keys(match)] });
  requireColumns(draft, path, { table: own, names: Object.values(match) });
  const held = table === undefined ? undefined : findColumn(table, value);
  if (same.length > 0 && held !== undefined && isList(held))
    refuse(
      draft,
      [...path, 'same'],
      `${called}.${value} holds a list, which has no terms of its own: leave "same" out`,
    );
  return table && { table: table.id, match, value };
}

function isList({ kind }: Column): boolean {
  return kind.endsWith('[]') || kind === 'json' || kind === 'jsonb';
}
