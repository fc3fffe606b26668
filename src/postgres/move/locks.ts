/**
 * What a migration locks after its pair (records/pair-lock.ts), in this order: the referencing tables, by id, where the fence is a
 * lock; then the model rows. A writer that holds a row lock on the source is waited for. One that comes later waits, and then
 * meets the fence. Nobody has to wait who takes a row off the source, so where no lock of a table keeps writers out another try
 * locks the rows, too.
 */
import { compareText } from '../../engine/order.ts';
import { canMove } from '../../engine/rules/place.ts';
import { askEach } from '../driver/members.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { ModelFacts, ModelName } from '../../engine/models/model.ts';
import { mayName } from '../../engine/rules/mapping.ts';
import { keysOf } from '../../engine/models/model.ts';
import type { ModelPair } from '../../engine/models/model.ts';
import type { ModelTable, Place } from '../../engine/rules/place.ts';
import { mayHoldShared, tableOf, tablesOfModel } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows, keysOfTenants } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { candidateSql } from '../facts/documents.ts';
import type { Batch } from '../facts/member.ts';
import { mineOnSource, usedPlace } from '../facts/used-places.ts';
import type { PlaceInUse } from '../facts/used-places.ts';
import { affected, inOrder, prepared, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { columnOf, equalsEach, isKeyOf } from '../sql/cast.ts';
import { isAmong } from '../sql/key-map.ts';
import type { RowContext } from '../sql/match.ts';
import { mineSql, ownerSql, visibleSql } from '../sql/row.ts';
import { allOf, column, list, raw, rowsOf, sql, tableName } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** A model as far as it says which places may name it. */
type Held = Pick<ModelName, 'kind' | 'table'> & {
  /** Do the rows move that tenants share? */
  readonly shared: boolean;
};

/**
 * Keeps writers out of the tables with places that can move, until the transaction ends; readers go on. Where foreign keys
 * are the fence (`constraint`), only tables with places that no foreign key guards: documents, names, lists. None of the places whose
 * writers hold the models that they name (`held`): the lock on the source makes them wait, and afterwards they see it retired.
 */
export function tableLock(rules: Rules, source: Held): Question<void> {
  const tables = fencedTables(rules, source, (place) => !isFencedOtherwise(rules, place));
  if (tables.length === 0) return { statements: [], read: () => undefined };
  const lock = sql`LOCK TABLE ${list(tables.map(tableName))} IN SHARE ROW EXCLUSIVE MODE`;
  return readAs(affected(lock), () => undefined);
}

function isFencedOtherwise({ config }: Rules, { held, foreignKey }: Place): boolean {
  return held === true || (config.database?.fence === 'constraint' && foreignKey !== undefined);
}

/** Keeps the rows on the source as they are where their tables are open to writers: what is read of them then is what is moved. */
export function rowLocks(batch: Batch): Question<void> {
  const { rules, members } = batch;
  const at = [...members.keys()];
  const locks = rules.places
    .filter((place) => canMove(place) && isFencedOtherwise(rules, place))
    .filter(({ id }) => members.every(({ mappings }) => mappings.has(id)))
    // In the order in which the steps change them, and in which writers come from a row to what it names.
    .toSorted((a, b) => compareText(a.table, b.table))
    .flatMap(({ id, table }) => usedPlace(batch, { id, table: tableOf(rules, table), at }))
    .map((used) => {
      const select = sql`SELECT 1 AS locked FROM ${rowsOf(used.context.table)} t WHERE ${namingSql(used)} FOR NO KEY UPDATE`;
      return askEach(at.length, select);
    });
  return readAs(inOrder(locks), () => undefined);
}

/** The rows of a document that may name the source; which of them do an editor finds out later. */
function namingSql(used: PlaceInUse): Sql {
  const { place, context, row } = used;
  return place.carrier === 'columns'
    ? mineOnSource(used)
    : sql`${candidateSql(context, place.column, [row])} AND ${mineSql(context)}`;
}

const waitBriefly = affected(
  prepared(
    `SELECT set_config('drover.lock_timeout', current_setting('lock_timeout'), true), set_config('lock_timeout', '200', true)`,
  ),
);
const waitAsBefore = affected(
  prepared(`SELECT set_config('lock_timeout', current_setting('drover.lock_timeout'), true)`),
);

/**
 * The tables that this tenant's rows may be in, with places of that kind that can move, by id. The shared rows may be in any, but
 * for those in which the schema itself gives each row a tenant.
 */
function fencedTables(rules: Rules, source: Held, counts: (place: Place) => boolean): Table[] {
  const owned = ({ table }: Place): boolean => {
    return source.shared ? mayHoldShared(rules, table) : rules.ownership.get(table)?.kind !== 'global';
  };
  const places = rules.places.filter(
    (place) => mayName(place, source) && canMove(place) && owned(place) && counts(place),
  );
  return [...new Set(places.map((place) => place.table))].toSorted().map((id) => tableOf(rules, id));
}

/**
 * The locks of members that move the same model: its tables, then the model rows. Whoever waits for the lock of a table, and whoever
 * waits with one, makes all later writers of it wait, too. So where a table is locked both waits are a fifth of a second; then the
 * migration lets go of all and tries again (driver/retry.ts).
 */
export function moveLocks(rules: Rules, members: readonly LockedModels[]): Question<void> {
  const [first] = members;
  if (first === undefined) return { statements: [], read: () => undefined };
  const tables = tableLock(rules, { ...first.pair.source, shared: isSharedRows(first.tenant) });
  const models = modelLocks(rules, members);
  const brief = tables.statements.length > 0;
  return readAs(inOrder(brief ? [waitBriefly, tables, models, waitAsBefore] : [models]), () => undefined);
}

/** Locks each source against new references, and each target against being retired meanwhile, in the order of the members. */
function modelLocks(rules: Rules, members: readonly LockedModels[]): Question<void> {
  const [first] = members;
  // A record does not say which of several tables holds its models. Then the row of that key is locked in each of them.
  const tables = first === undefined ? [] : tablesOfModel(rules, first.pair.source);
  if (rules.subject !== undefined)
    return readAs(inOrder(members.map((one) => keyedRows(rules, one))), () => undefined);
  const locks = tables.flatMap((model) =>
    (['source', 'target'] as const).map((side) => rowLock(rules, members, { model, side })),
  );
  return readAs(inOrder(locks), () => undefined);
}

/** The rows of all keys, in the order of these, so that two re-keys of the same rows wait for each other and not both. */
function keyedRows({ subject, ...rules }: Rules, { pair, tenant }: LockedModels): Question<void> {
  const keys = [...new Set(keysOf(pair).flatMap(({ from, to }) => [from, to]))];
  if (subject === undefined || keys.length === 0) return { statements: [], read: () => undefined };
  const { table, key } = subject;
  const own = columnOf(table, key);
  const context = {
    rules: { ...rules, subject },
    table,
    size: 1,
    tenants: tenant === undefined ? undefined : [tenant],
  };
  const known = keys.filter((text) => isKeyOf(own, text));
  const lock = sql`SELECT 1 AS locked FROM ${rowsOf(table)} t
    WHERE ${nameableSql(context, pair.source.tenant)} AND ${isAmong(own, column('t', key), known)} ORDER BY ${column('t', key)} FOR UPDATE`;
  return readAs(askEach(1, lock), () => undefined);
}

interface LockedModels {
  readonly pair: ModelPair;
  readonly tenant: TenantKey;
}

function rowLock(
  rules: Rules,
  members: readonly LockedModels[],
  { model, side }: { readonly model: ModelTable; readonly side: 'source' | 'target' },
): Question<unknown> {
  const { table } = model;
  const size = members.length;
  const tenants = keysOfTenants(members.map(({ tenant }) => tenant));
  const context = { rules, table, size, tenants };
  const own = columnOf(table, model.key);
  const keys = members.flatMap(({ pair }) => pair[side].key ?? []);
  if (keys.length < size || !keys.every((text) => isKeyOf(own, text)))
    return { statements: [], read: () => undefined };
  const named = equalsEach(own, column('t', model.key), keys);
  const mode = side === 'source' ? 'FOR UPDATE' : 'FOR SHARE';
  return askEach(
    size,
    sql`SELECT 1 AS locked FROM ${rowsOf(table)} t WHERE ${nameableSql(context, members[0]?.pair[side].tenant)} AND ${named} ${raw(mode)}`,
  );
}

/** Models that the tenant may name. A record does not say whose its models were: they are the tenant's own, or everybody's. */
function nameableSql(context: RowContext, owner: ModelFacts['tenant']): Sql {
  if (owner === null) return raw('true');
  if (owner !== undefined) return mineSql(context);
  return allOf([visibleSql(context), sql`${ownerSql(context)} <> 'other'`]);
}
