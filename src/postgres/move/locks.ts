/**
 * What a migration locks after its pair (records/pair-lock.ts), in this order: the referencing tables, by id, where the fence is a
 * lock; then the model rows. A writer that holds a row lock on the source is waited for. One that comes later waits, and then
 * meets the fence.
 */
import { askEach } from '../driver/members.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { mayHoldShared } from '../facts/member.ts';
import { affected, inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import { mineSql } from '../sql/row.ts';
import { column, each, list, raw, rowsOf, sql, tableName } from '../sql/sql.ts';

/**
 * Keeps writers out of the tables with places that can move, until the transaction ends; readers go on. Where foreign keys
 * are the fence (`constraint`), only tables with places that no foreign key guards: documents, names, lists. None of the places whose
 * writers hold the models that they name (`held`): the lock on the source makes them wait, and afterwards they see it retired.
 */
export function tableLock(
  rules: Rules,
  { kind, shared }: { readonly kind: string; readonly shared: boolean },
): Question<void> {
  const byConstraint = rules.config.database?.fence === 'constraint';
  const tables = fencedTables(
    rules,
    { kind, shared },
    (place) => place.held !== true && (!byConstraint || place.foreignKey === undefined),
  );
  if (tables.length === 0) return { statements: [], read: () => undefined };
  const lock = sql`LOCK TABLE ${list(tables.map(tableName))} IN SHARE ROW EXCLUSIVE MODE`;
  return readAs(affected(lock), () => undefined);
}

/**
 * The tables that this tenant's rows may be in, with places of that kind that can move, by id. The shared rows may be in any, but
 * for those in which the schema itself gives each row a tenant.
 */
function fencedTables(
  rules: Rules,
  { kind, shared }: { readonly kind: string; readonly shared: boolean },
  counts: (place: Place) => boolean,
): Table[] {
  const owned = ({ table }: Place): boolean => {
    return shared ? mayHoldShared(rules, table) : rules.ownership.get(table)?.kind !== 'global';
  };
  const moving = (place: Place): boolean => ['reference', 'grant', 'ask'].includes(place.role);
  const places = rules.places.filter(
    (place) => place.kind === kind && moving(place) && owned(place) && counts(place),
  );
  return [...new Set(places.map((place) => place.table))].toSorted().map((id) => tableOf(rules, id));
}

/** Locks each source against new references, and each target against being retired meanwhile, in the order of the members. */
export function modelLocks(
  rules: Rules,
  members: readonly { readonly pair: ModelPair; readonly tenant: string | undefined }[],
): Question<void> {
  const model = modelTableOf(rules, members[0]?.pair.source.kind ?? '');
  if (model === undefined || members[0]?.pair.source.key === undefined)
    return { statements: [], read: () => undefined };
  const size = members.length;
  const tenants = members[0]?.tenant === undefined ? undefined : members.map(({ tenant }) => tenant ?? '');
  const lockOf = (side: 'source' | 'target', mode: string): Question<unknown> => {
    const shared = members[0]?.pair[side].tenant === null;
    const mine = shared ? raw('true') : mineSql({ rules, table: model.table, size, tenants });
    const keys = members.map(({ pair }) => pair[side].key ?? '');
    const key = each(keys, castFor(columnOf(model.table, model.key)));
    return askEach(
      size,
      sql`SELECT 1 AS locked FROM ${rowsOf(model.table)} t WHERE ${mine} AND ${column('t', model.key)} = ${key} ${raw(mode)}`,
    );
  };
  const locks = inOrder([lockOf('source', 'FOR UPDATE'), lockOf('target', 'FOR SHARE')]);
  return readAs(locks, () => undefined);
}
