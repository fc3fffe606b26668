/** Which rights of the database a plan and a move need, by the rules: one list for `drover grants` and for errors. */
import { canMove } from '../rules/place.ts';
import { mayHoldShared, tableOf, tenantTable, type Rules } from '../rules/references.ts';
import { isWrittenAnew } from '../rules/rows/followers.ts';
import { redirectedColumns } from '../rules/rows/redirect.ts';
import { mergeableTables } from '../rules/rows/merging.ts';

type TablePrivilege = 'SELECT' | 'UPDATE' | 'INSERT' | 'DELETE' | 'TRIGGER';

export interface TableRight {
  /** Applying needs what a plan needs, too; making two rows one needs what applying needs. */
  readonly purpose: 'plan' | 'apply' | 'merge';
  readonly privilege: TablePrivilege;
  readonly table: { readonly schema: string; readonly name: string };
  /** Who needs it: the work on tenants' rows, that on rows which are nobody's alone, or that which lists the tenants. */
  readonly by: ReadonlySet<'tenants' | 'shared' | 'operator'>;
}

/**
 * In the order of purposes and tables. A plan reads every table, because a value can stand anywhere. A move locks the tables of its
 * places as a whole, which takes UPDATE on the table. Rows are removed and made where two may become one, and where a grant makes the
 * target available; a rollback puts back the one and takes away the other. A re-key changes every table that refers to the row.
 * A merge of two rows may remove rows of each of them, and its rollback puts them back. Triggers lead old keys to the row where the
 * configuration asks for it.
 */
export function neededRights(rules: Rules): TableRight[] {
  const movable = rules.places.filter((place) => canMove(place));
  const grants = new Set(movable.flatMap(({ enables }) => enables?.grant ?? []));
  const remade = movable.filter(({ id, collision }) => collision === 'drop-redundant' || grants.has(id));
  const fenced = rules.config.database?.fence === 'trigger' ? movable : [];
  const { subject } = rules;
  const changed = [
    ...rules.modelTables.map(({ table }) => table.id),
    ...movable.map(({ table }) => table),
    ...(subject?.followers ?? []).map(({ table }) => table),
  ];
  const every = rules.catalog.tables.map(({ id }) => id);
  const of = (
    purpose: TableRight['purpose'],
    privilege: TablePrivilege,
    ids: readonly string[],
  ): TableRight[] =>
    [...new Set(ids)].toSorted().map((id) => {
      const { schema, name } = tableOf(rules, id);
      return { purpose, privilege, table: { schema, name }, by: workOf(rules, privilege, id) };
    });
  const anew = subject !== undefined && isWrittenAnew(subject) ? [subject.table.id] : [];
  const remadeTables = [...remade.map(({ table }) => table), ...anew];
  const merged = subject === undefined ? [] : mergeableTables(rules.catalog, subject);
  const without = (ids: readonly string[]): string[] => merged.filter((id) => !ids.includes(id));
  return [
    ...of('plan', 'SELECT', every),
    ...of('apply', 'UPDATE', changed),
    ...of('apply', 'INSERT', remadeTables),
    ...of('apply', 'DELETE', remadeTables),
    ...of('apply', 'TRIGGER', [
      ...fenced.map(({ table }) => table),
      ...redirectedColumns(rules).map(({ table }) => table.id),
    ]),
    ...of('merge', 'UPDATE', without(changed)),
    ...of('merge', 'INSERT', without(remadeTables)),
    ...of('merge', 'DELETE', without(remadeTables)),
  ];
}

/**
 * A tenant's work reads what is nobody's alone and changes none of it, but for the rows of models: it locks them, which takes UPDATE. So
 * a role that is every tenant's need not be able to change what all of them see.
 */
function workOf(rules: Rules, privilege: TablePrivilege, id: string): TableRight['by'] {
  const ofNobody = rules.ownership.get(id)?.kind === 'global';
  const isModels = rules.modelTables.some(({ table }) => table.id === id);
  const by = new Set<'tenants' | 'shared' | 'operator'>();
  if (!ofNobody || isModels || privilege === 'SELECT') by.add('tenants');
  if (mayHoldShared(rules, id)) by.add('shared');
  if (tenantTable(rules)?.id === id && privilege === 'SELECT') by.add('operator');
  return by;
}
