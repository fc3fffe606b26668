/** Indexes that are made while others write. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { RelationFact } from '../../engine/isolation/facts.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground } from '../ground.ts';
import type { MendStep } from './mend.ts';
import { altered, columnList, newName } from './statements.ts';
import type { MendedTable } from './statements.ts';

export interface NewIndex {
  readonly on: MendedTable;
  readonly columns: readonly string[];
  readonly unique: boolean;
  /** What stands behind the columns: INCLUDE, NULLS NOT DISTINCT, WHERE. */
  readonly tail?: string;
}

export interface MadeIndex {
  readonly name: string;
  readonly steps: readonly MendStep[];
}

/**
 * CONCURRENTLY waits for every transaction that is under way and blocks none, so that its wait has no end; what a failure leaves is
 * INVALID and has to be dropped. A partitioned table takes none: each partition gets its own, which is attached, and the whole is valid
 * once the last one is.
 */
export function makeIndex(ground: Ground, made: NewIndex): MadeIndex {
  const name = newName(ground, made.on, [made.on.name, ...made.columns, made.unique ? 'key' : 'idx']);
  const members = [...ground.relations.values()].filter(({ root }) => root === made.on.id);
  const isPartitioned = ground.relations.get(made.on.id)?.kind === 'partitioned';
  if (!isPartitioned) return { name, steps: [concurrently(made, made.on, name)] };
  return { name, steps: inParts(ground, made, { name, members }) };
}

interface IndexParts {
  readonly name: string;
  readonly members: readonly RelationFact[];
}

function inParts(ground: Ground, made: NewIndex, { name, members }: IndexParts): MendStep[] {
  const what = `make the index ${name} of ${made.on.id}`;
  const tables: TableId[] = [made.on.id];
  if (members.some(({ kind }) => kind !== 'table'))
    return [
      altered({
        phase: 'expand',
        what: `${what}: its partitions are partitioned, so nobody writes meanwhile`,
        sql: [create(made, quoteTable(made.on), quoteIdent(name))],
        lock: 'share',
        tables,
        scans: true,
      }),
    ];
  const whole = altered({
    phase: 'expand',
    what: `${what}, without its partitions`,
    sql: [create(made, `ONLY ${quoteTable(made.on)}`, quoteIdent(name))],
    lock: 'share',
    tables,
  });
  const parts = members.flatMap((member) => {
    const part = newName(ground, member, [member.name, ...made.columns, made.unique ? 'key' : 'idx']);
    const attach = `ALTER INDEX ${qualified(made.on, name)} ATTACH PARTITION ${qualified(member, part)}`;
    return [
      concurrently(made, member, part),
      altered({
        phase: 'expand',
        what: `attach ${part} to ${name}`,
        sql: [attach],
        lock: 'access exclusive',
        tables: [],
      }),
    ];
  });
  return [whole, ...parts];
}

export function qualified({ schema }: MendedTable, name: string): string {
  return quoteTable({ schema, name });
}

function concurrently(made: NewIndex, on: MendedTable, name: string): MendStep {
  return {
    phase: 'expand',
    what: `make the index ${name} of ${on.id}`,
    sql: ['SET lock_timeout = 0', create(made, quoteTable(on), `CONCURRENTLY ${quoteIdent(name)}`)],
    transactional: false,
    locks: [{ lock: 'share update exclusive', tables: [on.id] }],
    scans: true,
  };
}

function create({ columns, unique, tail = '' }: NewIndex, on: string, name: string): string {
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${name} ON ${on} ${columnList(columns)}${tail}`;
}
