/** The statements of mends. A table is named with its schema, and a wait for a lock is short. */
import { hash } from 'node:crypto';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { everybody } from '../../engine/isolation/facts.ts';
import type { RelationFact } from '../../engine/isolation/facts.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground } from '../ground.ts';
import type { MendPhase, MendStep, TableLock } from './mend.ts';

export type MendedTable = Pick<RelationFact, 'id' | 'schema' | 'name'>;

/** Who waits longer for a lock than that makes all others wait who come after. */
const lockTimeout = `SET LOCAL lock_timeout = '2s'`;

export interface Altered {
  readonly phase: MendPhase;
  readonly what: string;
  readonly sql: readonly string[];
  readonly lock: TableLock;
  readonly tables: readonly TableId[];
  readonly scans?: boolean;
}

/** Statements that are one transaction. */
export function altered({ phase, what, sql, lock, tables, scans = false }: Altered): MendStep {
  return { phase, what, sql: [lockTimeout, ...sql], transactional: true, locks: [{ lock, tables }], scans };
}

/** Rights, roles and functions: nobody waits for what these statements lock. */
export function stated(phase: MendPhase, what: string, sql: readonly string[]): MendStep {
  return { phase, what, sql: [lockTimeout, ...sql], transactional: true, locks: [], scans: false };
}

/** A role as a statement names it. */
export function roleWord(name: string): string {
  return name === everybody ? 'PUBLIC' : quoteIdent(name);
}

/**
 * VALIDATE reads the table while others write it. The owner of a table that forces row-level security would pass over rows that violate
 * the constraint; with row_security off it is refused instead, and a role with BYPASSRLS has to do it.
 */
export function validated(at: MendedTable, name: string, parents: readonly TableId[] = []): MendStep {
  return {
    phase: 'validate',
    what: `validate ${name} of ${at.id}`,
    sql: [
      lockTimeout,
      'SET LOCAL row_security = off',
      `ALTER TABLE ${quoteTable(at)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
    ],
    transactional: true,
    locks: [
      { lock: 'share update exclusive', tables: [at.id] },
      ...(parents.length === 0 ? [] : [{ lock: 'row share' as const, tables: parents }]),
    ],
    scans: true,
  };
}

/** The new constraint takes the place and the name of the old one. */
export function replaced(at: MendedTable, old: string, made: string): string[] {
  return [
    `ALTER TABLE ${quoteTable(at)} DROP CONSTRAINT ${quoteIdent(old)}`,
    `ALTER TABLE ${quoteTable(at)} RENAME CONSTRAINT ${quoteIdent(made)} TO ${quoteIdent(old)}`,
  ];
}

export function columnList(columns: readonly string[]): string {
  return `(${columns.map((column) => quoteIdent(column)).join(', ')})`;
}

/** A name of at most 63 bytes that nothing in the schema has. */
export function newName({ facts }: Ground, { schema }: MendedTable, parts: readonly string[]): string {
  const taken = new Set([
    ...facts.relations.filter((each) => each.schema === schema).map(({ name }) => name),
    ...facts.indexes.map(({ name }) => name),
    ...facts.keys.map(({ name }) => name),
  ]);
  const plain = parts.join('_');
  const names = [plain, `${cut(plain, 46)}_${hash('sha256', plain).slice(0, 16)}`];
  return (
    names.find((name) => Buffer.byteLength(name) <= 63 && !taken.has(name)) ??
    `drover_${hash('sha256', plain).slice(0, 32)}`
  );
}

/** The characters that fit. */
function cut(text: string, bytes: number): string {
  let size = 0;
  let kept = '';
  for (const char of text) {
    size += Buffer.byteLength(char);
    if (size > bytes) break;
    kept += char;
  }
  return kept;
}
