/** The table of a view: whose rows get other keys, what follows them, and what of that the configuration and the catalogue forbid. */
import { findColumn, findTable } from '../../catalogue/catalog.ts';
import { columnPath, findNamedTable } from '../../catalogue/names.ts';
import type { NameScope } from '../../catalogue/names.ts';
import type { Config, ConfigProblem, RowsConfig } from '../config.ts';
import { subjectIn } from './followers.ts';
import type { Subject } from './followers.ts';
import { collisionPolicies, valueProblems } from './policies.ts';
import { subjectOf } from './view.ts';
import { buildPlace } from '../resolve-place.ts';
import type { Draft, ModelTable, Place } from '../place.ts';

/** The table as the one that holds what is named; empty where it cannot be. What is wrong is added to `problems`. */
export function subjectTables(
  scope: NameScope,
  {
    subject,
    config,
    problems,
  }: { readonly subject: RowsConfig; readonly config: Config; readonly problems: ConfigProblem[] },
): ModelTable[] {
  const table = findNamedTable(scope, subject.table);
  const refuse = (path: ConfigProblem['path'], message: string): void =>
    void problems.push({ path: ['subject', ...path], message });
  if (table === undefined) {
    refuse(['table'], `no table ${subject.table}`);
    return [];
  }
  for (const [at, name] of (subject.natural ?? []).entries())
    if (findColumn(table, name) === undefined)
      refuse(['natural', at], `${subject.table} has no column ${name}`);
  for (const [path, message] of valueProblems(table, subject)) refuse(path, message);
  const keys = table.primaryKey.filter((column) => column !== config.tenant.column);
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    const has = key === undefined ? 'no primary key' : `a primary key of ${keys.join(', ')}`;
    refuse(
      ['table'],
      `${subject.table} has ${has}, and a re-key changes one column beside that of the tenant`,
    );
    return [];
  }
  const named = { table: subject.table, kind: subject.table, columns: { name: key } };
  return [{ table, kind: subject.table, key, facts: {}, config: named }];
}

/** The columns that follow as places that no plan touches, and a place of `names` that is one of them as a problem. */
export function followingPlaces(draft: Draft, listed: readonly Place[]): FollowingPlaces | undefined {
  const [model] = draft.modelTables;
  if (model === undefined) return undefined;
  const { catalog } = draft.scope;
  const policies = collisionPolicies(draft, subjectOf(draft.config)?.names ?? []);
  const subject = { ...subjectIn(catalog, model), policies };
  const isPolicy = ({ table: id, column, json }: Place): boolean => {
    const table = findTable(catalog, id);
    const refers = table?.foreignKeys.some(({ columns }) => columns.includes(column)) === true;
    return (
      table !== undefined &&
      json === undefined &&
      refers &&
      policies.has(columnPath(draft.scope, table, column))
    );
  };
  const places = subject.followers.flatMap(({ table: id, columns }) => {
    const table = findTable(catalog, id);
    return [...new Set(columns.map(({ column }) => column))].flatMap((name): Place[] => {
      const column = table === undefined ? undefined : findColumn(table, name);
      if (table === undefined || column === undefined) return [];
      const place = { at: '', role: 'catalogue', reason: 'follows by its foreign key' } as const;
      const own = buildPlace(draft, { place, at: -1, table, column, carrier: 'columns' });
      if (
        listed.some(
          (one) => one.table === id && one.column === name && one.json === undefined && !isPolicy(one),
        )
      )
        draft.problems.push({
          path: ['subject', 'names'],
          message: `${columnPath(draft.scope, table, name)} follows by its foreign key, whatever it says: take it out of names`,
        });
      return [own];
    });
  });
  return { subject, places, isPolicy };
}

interface FollowingPlaces {
  readonly subject: Subject;
  readonly places: Place[];
  /** Is it an entry of `names` that only says what becomes of rows that meet? Its column follows by a foreign key. */
  readonly isPolicy: (listed: Place) => boolean;
}
