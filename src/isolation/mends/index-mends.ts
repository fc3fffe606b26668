/** X, and unique keys: indexes that begin with the tenant. */
import type { IndexFact } from '../../engine/isolation/facts.ts';
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground, OwnedTable } from '../ground.ts';
import { indexesOf, isFilled } from '../rules/keys/key-facts.ts';
import { makeIndex, qualified } from './index-steps.ts';
import { ownedAt } from './key-mends.ts';
import { noSql } from './mend.ts';
import type { MendStep, Mending } from './mend.ts';
import { altered, columnList } from './statements.ts';
import type { MendedTable } from './statements.ts';

export function indexTenant(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  return owned?.ownerColumn === undefined
    ? noSql('the table has no owner column any more')
    : { steps: makeIndex(ground, { on: owned.relation, columns: [owned.ownerColumn], unique: false }).steps };
}

/** The tenant first where the key has it: then the index serves policies, too. Who looks for a key without it does not know the tenant. */
export function indexKey(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const key = owned?.table.foreignKeys.find(({ name }) => name === finding.at.part);
  if (owned === undefined || key === undefined) return noSql('the key is not there any more');
  const { ownerColumn } = owned;
  const first = ownerColumn !== undefined && key.columns.includes(ownerColumn) ? [ownerColumn] : [];
  const columns = [...new Set([...first, ...key.columns])];
  return { steps: makeIndex(ground, { on: owned.relation, columns, unique: false }).steps };
}

/** A unique index with the tenant takes the place of the one without. */
export function widenUnique(ground: Ground, finding: IsolationFinding): Mending {
  const owned = ownedAt(ground, finding);
  const index =
    owned === undefined
      ? undefined
      : indexesOf(ground, owned.id).find(({ name }) => name === finding.at.part);
  const on = ground.relations.get(index?.table ?? '');
  if (owned === undefined || index === undefined || on === undefined)
    return noSql('the index is not there any more');
  const why = whyNot(ground, owned, index);
  if (why !== undefined || owned.ownerColumn === undefined)
    return noSql(why ?? 'the table has no owner column: it needs one first');
  const columns = [owned.ownerColumn, ...index.columns.filter((column) => column !== null)];
  const made = makeIndex(ground, { on, columns, unique: true, tail: tailOf(index) });
  return {
    steps: [...made.steps, ...takePlace(ground, { on, index, name: made.name })],
    note: `ON CONFLICT ${columnList(columns.slice(1))} needs ${columnList(columns)} from the contract phase on`,
  };
}

function whyNot(ground: Ground, owned: OwnedTable, index: IndexFact): string | undefined {
  if (owned.ownerColumn === undefined) return 'the table has no owner column: it needs one first';
  if (index.exclusion)
    return 'an exclusion can be made only under a lock that reads the whole table, and needs btree_gist to compare the tenant';
  if (index.columns.includes(null) || !index.usual || index.method !== 'btree')
    return 'the index has expressions, or compares otherwise than its columns do: it is made by hand';
  if (index.constraint?.deferrable === true)
    return 'the key is deferrable, which no index that is made beforehand can become';
  const isNamed = ground.facts.catalog.tables.some(({ foreignKeys }) =>
    foreignKeys.some(
      ({ references, referencedColumns }) =>
        references === owned.id &&
        referencedColumns.length === index.columns.length &&
        referencedColumns.every((column) => index.columns.includes(column)),
    ),
  );
  if (isNamed) return 'a foreign key names these columns alone: it is mended first';
  if (index.constraint?.kind === 'primary' && ground.relations.get(index.table)?.kind === 'partitioned')
    return 'a primary key of a partitioned table cannot be made from an index: it needs a lock that reads the whole table';
  if (index.constraint?.kind === 'primary' && !isFilled(ground, owned, owned.ownerColumn))
    return 'the owner may be NULL, which a primary key takes not: it is filled first';
  return undefined;
}

function tailOf({ included, nullsNotDistinct, predicate }: IndexFact): string {
  const include = included.length === 0 ? '' : ` INCLUDE ${columnList(included)}`;
  return `${include}${nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${predicate === undefined ? '' : ` WHERE ${predicate}`}`;
}

interface Taken {
  readonly on: MendedTable;
  readonly index: IndexFact;
  readonly name: string;
}

function takePlace(ground: Ground, { on, index, name }: Taken): MendStep[] {
  const table = quoteTable(on);
  const isPartitioned = ground.relations.get(on.id)?.kind === 'partitioned';
  const old = quoteIdent(index.name);
  const kind = index.constraint?.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE';
  const rename = `ALTER INDEX ${qualified(on, name)} RENAME TO ${old}`;
  const sql =
    index.constraint === undefined
      ? [`DROP INDEX ${qualified(on, index.name)}`, rename]
      : isPartitioned
        ? [`ALTER TABLE ${table} DROP CONSTRAINT ${old}`, rename]
        : [
            `ALTER TABLE ${table} DROP CONSTRAINT ${old}, ADD CONSTRAINT ${old} ${kind} USING INDEX ${quoteIdent(name)}`,
          ];
  const what = `let the index with the tenant take the place of ${index.name} of ${on.id}`;
  return [altered({ phase: 'contract', what, sql, lock: 'access exclusive', tables: [on.id] })];
}
