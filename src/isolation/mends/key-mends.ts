/** K: keys that carry the tenant, are validated, are enforced, and spare the owner. */
import type { ForeignKey } from '../../engine/catalogue/catalog.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground, OwnedTable } from '../ground.ts';
import { factOf, ownedById } from '../rules/keys/key-facts.ts';
import type { KeyBetween } from '../rules/keys/loose-keys.ts';
import { partnersOf } from '../rules/keys/second-owner-untied.ts';
import { isMeant } from '../rules/keys/tenant-column-nullable.ts';
import { makeKey, makeReferenced, tailOf } from './key-steps.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import { altered, newName, validated } from './statements.ts';

/** The tenant's table that a finding is about. */
export function ownedAt(ground: Ground, { at }: IsolationFinding): OwnedTable | undefined {
  return [...ownedById(ground).values()].find(
    ({ relation }) => relation.schema === at.schema && relation.name === at.name,
  );
}

interface FoundKey {
  readonly child: OwnedTable;
  readonly key: ForeignKey;
  readonly definition: string;
}

function keyAt(ground: Ground, finding: IsolationFinding): FoundKey | undefined {
  const child = ownedAt(ground, finding);
  const key = child?.table.foreignKeys.find(({ name }) => name === finding.at.part);
  const fact = child === undefined || key === undefined ? undefined : factOf(ground, child, key);
  // What stands on a partition alone is mended by hand.
  return child === undefined || key === undefined || fact?.table !== child.id
    ? undefined
    : { child, key, definition: fact.definition };
}

const byHand = noSql('the key stands on a partition alone, which is mended by hand');

/** A key with the owner on both sides takes the place of the one without. */
export function tieKey(ground: Ground, finding: IsolationFinding): Mending {
  const found = keyAt(ground, finding);
  if (found === undefined) return byHand;
  const { child, key, definition } = found;
  const parent = ownedById(ground).get(key.references);
  if (child.ownerColumn === undefined || parent?.ownerColumn === undefined)
    return noSql('one of the two tables has no owner column: it needs one first');
  const parentColumns = [parent.ownerColumn, ...key.referencedColumns];
  const referenced = makeReferenced(ground, parent.relation, parentColumns);
  if (referenced === undefined)
    return noSql(
      `a unique key of ${parent.id} has to hold what its partitions are made by, which the new key would have to name, too`,
    );
  const tail = tailOf({ key, definition, setColumns: key.columns });
  const columns = [child.ownerColumn, ...key.columns];
  const made = {
    on: child.relation,
    columns,
    parent: parent.relation,
    parentColumns,
    tail,
    instead: key.name,
  };
  return { steps: [...referenced, ...makeKey(ground, made)], refusing: crossing({ child, parent, key }) };
}

/** What tells a row of `c` from others. */
function rowKey({ table: { primaryKey } }: OwnedTable): string {
  return primaryKey.length === 0
    ? 'c.tableoid::regclass, c.ctid'
    : primaryKey.map((column) => `c.${quoteIdent(column)}`).join(', ');
}

/** Keys of rows that name another tenant's. */
function crossing({ child, parent, key }: KeyBetween): string {
  const same = key.columns.map(
    (column, at) => `p.${quoteIdent(key.referencedColumns[at] ?? '')} = c.${quoteIdent(column)}`,
  );
  const [ours = '', theirs = ''] = [child.ownerColumn, parent.ownerColumn];
  return (
    `SELECT ${rowKey(child)} FROM ${quoteTable(child.relation)} c ` +
    `JOIN ${quoteTable(parent.relation)} p ON ${same.join(' AND ')} ` +
    `WHERE c.${quoteIdent(ours)} IS DISTINCT FROM p.${quoteIdent(theirs)}`
  );
}

/** The same key, whose actions write the other columns alone. */
export function spareOwner(ground: Ground, finding: IsolationFinding): Mending {
  const found = keyAt(ground, finding);
  if (found === undefined) return byHand;
  const { child, key, definition } = found;
  const parent = ground.relations.get(key.references);
  const setColumns = key.columns.filter((column) => column !== child.ownerColumn);
  if (setColumns.length === 0 || parent === undefined)
    return noSql('the owner is all that the key has: NO ACTION or CASCADE, which is for you to say');
  const { columns, referencedColumns: parentColumns, name: instead } = key;
  const tail = tailOf({ key, definition, setColumns });
  return { steps: makeKey(ground, { on: child.relation, columns, parent, parentColumns, tail, instead }) };
}

export function validateConstraint(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const fact = ground.keys
    .get(owned?.id ?? '')
    ?.find(({ name, validated: done }) => name === finding.at.part && !done);
  const on = ground.relations.get(fact?.table ?? '');
  const key = owned?.table.foreignKeys.find(({ name }) => name === fact?.name);
  if (fact === undefined || on === undefined) return noSql('the constraint is not there any more');
  return { steps: [validated(on, fact.name, key === undefined ? [] : [key.references])] };
}

/** One that is declared alone holds nothing, so nothing is lost while the same, enforced, takes its place. */
export function enforce(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const fact = ground.keys
    .get(owned?.id ?? '')
    ?.find(({ name, enforced }) => name === finding.at.part && !enforced);
  const on = ground.relations.get(fact?.table ?? '');
  if (fact === undefined || on === undefined) return noSql('the constraint is not there any more');
  const parents =
    owned?.table.foreignKeys.filter(({ name }) => name === fact.name).map(({ references }) => references) ??
    [];
  const definition = fact.definition.replace(/ NOT ENFORCED$/, '');
  const [table, name] = [quoteTable(on), quoteIdent(fact.name)];
  return {
    steps: [
      altered({
        phase: 'expand',
        what: `let ${fact.name} of ${on.id} hold for new rows`,
        sql: [
          `ALTER TABLE ${table} DROP CONSTRAINT ${name}`,
          `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition} NOT VALID`,
        ],
        lock: 'access exclusive',
        tables: [on.id, ...parents],
      }),
      validated(on, fact.name, parents),
    ],
  };
}

export function tieRoot(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const { root } = ground.facts;
  const parent = ground.relations.get(root?.table ?? '');
  if (owned?.ownerColumn === undefined || root === undefined || parent === undefined)
    return noSql('the table of tenants is not known');
  const [ours, theirs] = [quoteIdent(owned.ownerColumn), quoteIdent(root.key)];
  const columns = [owned.ownerColumn];
  return {
    steps: makeKey(ground, { on: owned.relation, columns, parent, parentColumns: [root.key], tail: '' }),
    refusing:
      `SELECT DISTINCT c.${ours} FROM ${quoteTable(owned.relation)} c ` +
      `WHERE c.${ours} IS NOT NULL AND NOT EXISTS (SELECT FROM ${quoteTable(parent)} p WHERE p.${theirs} = c.${ours})`,
  };
}

export function tiePartner(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const { root } = ground.facts;
  const parent = ground.relations.get(root?.table ?? '');
  if (owned?.ownerColumn === undefined || root === undefined || parent === undefined)
    return noSql('the table of tenants is not known');
  const { ownerColumn } = owned;
  const found = partnersOf(ground, { ...owned, ownerColumn }).find(({ key }) => key.name === finding.at.part);
  const parentColumns = [root.key, ...(found?.ofRoot.columns ?? [])];
  const referenced = makeReferenced(ground, parent, parentColumns);
  if (found === undefined || referenced === undefined) return noSql('the key is not there any more');
  const columns = [ownerColumn, ...found.key.columns];
  const [partner = '', ofRoot = ''] = [found.key.columns[0], found.ofRoot.columns[0]];
  return {
    steps: [
      ...referenced,
      ...makeKey(ground, { on: owned.relation, columns, parent, parentColumns, tail: '' }),
    ],
    refusing:
      `SELECT ${rowKey(owned)} FROM ${quoteTable(owned.relation)} c JOIN ${quoteTable(parent)} p ` +
      `ON p.${quoteIdent(root.key)} = c.${quoteIdent(ownerColumn)} ` +
      `WHERE c.${quoteIdent(partner)} <> p.${quoteIdent(ofRoot)}`,
  };
}

/** N: a CHECK that is validated spares SET NOT NULL the reading of the table. */
export function fillOwner(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  if (owned?.ownerColumn === undefined) return noSql('the table has no owner column any more');
  const { relation, ownerColumn } = owned;
  if (isMeant(ground, { ...owned, ownerColumn }))
    return noSql('rows without an owner are meant: MATCH FULL, or a CHECK that such a row names nothing');
  const name = newName(ground, relation, [relation.name, ownerColumn, 'filled']);
  const [table, column, check] = [quoteTable(relation), quoteIdent(ownerColumn), quoteIdent(name)];
  const tables = [owned.id];
  return {
    steps: [
      altered({
        phase: 'expand',
        what: `refuse new rows of ${owned.id} without ${ownerColumn}`,
        sql: [`ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID`],
        lock: 'access exclusive',
        tables,
      }),
      validated(relation, name),
      altered({
        phase: 'contract',
        what: `set ${ownerColumn} of ${owned.id} NOT NULL`,
        sql: [
          `ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL`,
          `ALTER TABLE ${table} DROP CONSTRAINT ${check}`,
        ],
        lock: 'access exclusive',
        tables,
      }),
    ],
    refusing: `SELECT ${rowKey(owned)} FROM ${table} c WHERE c.${column} IS NULL`,
  };
}
