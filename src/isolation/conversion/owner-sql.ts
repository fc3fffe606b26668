/** Tenant columns, and how rows get their tenant from the rows that they name. */
import type { OwnerSource, OwnerTrigger } from '../../engine/tenantize/steps.ts';
import type { ObjectName } from '../../engine/tenantize/conversion.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../../postgres/sql/identifiers.ts';
import { tenantInContext } from '../policies.ts';
import { alter, columnList, fillSetting, filled, refuseWhere, unlessFilling } from './statement-text.ts';
import type { ChangeOf, StepStatements } from './statement-text.ts';

/**
 * A constant default needs no rewrite, and gives every row that is there tenant zero. The default from the context comes afterwards: at
 * once it would give them whatever tenant the session had.
 */
export function ownerColumn({ at, column, type, zero, context }: ChangeOf<'owner-column'>): StepStatements {
  const name = quoteIdent(column);
  const dropped = alter(at, `DROP COLUMN ${name}`);
  if (zero === undefined) return { up: [alter(at, `ADD COLUMN ${name} ${type}`)], down: [dropped] };
  const constant = `${quoteLiteral(zero)}::${type}`;
  const down = [...refuseOthers(at, `${name} <> ${constant}`), dropped];
  return {
    up: [
      alter(at, `ADD COLUMN ${name} ${type} NOT NULL DEFAULT ${constant}`),
      alter(at, `ALTER COLUMN ${name} SET DEFAULT coalesce(${tenantInContext(context, type)}, ${constant})`),
    ],
    down,
  };
}

/**
 * Rows of other tenants than zero would become V1's own. Writers wait while they are looked for, so that none comes between the look and
 * what follows; readers do not.
 */
export function refuseOthers(at: ObjectName, which: string): string[] {
  const table = quoteTable(at);
  return [
    `LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`,
    refuseWhere([
      {
        exists: `SELECT FROM ${table} WHERE ${which}`,
        message: `${at.name} has rows of another tenant than zero`,
      },
    ]),
  ];
}

/** Names the function of an owner trigger: in the schema of its table. */
function ownerFunction(at: ObjectName, name: string): string {
  return quoteTable({ schema: at.schema, name });
}

/** It fires after all others, before the row is stored, and raises where the caller works for another tenant. */
export function ownerTrigger(change: OwnerTrigger): StepStatements {
  const { at, column, type, name, keys, sources, context, otherwise } = change;
  const owner = `NEW.${quoteIdent(column)}`;
  const asked = tenantInContext(context, type);
  const found = [
    ...sources.map((source) => ownerOf(source, 'NEW')),
    ...(otherwise === undefined ? [] : [ofNone(sources, `${quoteLiteral(otherwise)}::${type}`)]),
    owner,
    'asked',
  ];
  const body = [
    `DECLARE\n  asked ${type} := ${asked};\n  found ${type};`,
    'BEGIN',
    `  found := coalesce(${found.join(', ')});`,
    '  IF asked IS NOT NULL AND found IS DISTINCT FROM asked THEN',
    `    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',`,
    `      MESSAGE = ${quoteLiteral(`a row of ${at.name} belongs to another tenant than that of this session`)};`,
    '  END IF;',
    `  ${owner} := found;`,
    '  RETURN NEW;',
    'END',
  ].join('\n');
  const called = ownerFunction(at, name);
  return {
    up: [
      `CREATE FUNCTION ${called}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $drover$\n${body}\n$drover$`,
      `CREATE TRIGGER ${quoteIdent(name)} BEFORE INSERT OR UPDATE OF ${columnList(keys)} ON ${quoteTable(at)} ` +
        // A fill finds the same owners by itself. Nobody else who sets this gets a row past NOT NULL, the keys and the policies.
        `FOR EACH ROW ${unlessFilling}EXECUTE FUNCTION ${called}()`,
    ],
    down: dropOwnerTrigger(at, name),
  };
}

export function dropOwnerTrigger(at: ObjectName, name: string): string[] {
  return [
    `DROP TRIGGER ${quoteIdent(name)} ON ${quoteTable(at)}`,
    `DROP FUNCTION ${ownerFunction(at, name)}()`,
  ];
}

/** The tenant of the row that a row names. */
function ownerOf(source: OwnerSource, row: string): string {
  return `(SELECT p.${quoteIdent(source.column)} FROM ${quoteTable(source.table)} p WHERE ${joined(source, row)})`;
}

/** What a row gets that names no row. One that names a row whose tenant is not known yet waits for the fill. */
function ofNone(sources: readonly OwnerSource[], otherwise: string): string {
  const named = sources.map(
    (source) => `EXISTS (SELECT FROM ${quoteTable(source.table)} p WHERE ${joined(source, 'NEW')})`,
  );
  return named.length === 0 ? otherwise : `CASE WHEN NOT (${named.join(' OR ')}) THEN ${otherwise} END`;
}

/** The row of the source, `p`, that a row names. */
function joined({ from, to }: OwnerSource, row: string): string {
  return from.map((name, at) => `p.${quoteIdent(to[at] ?? '')} = ${row}.${quoteIdent(name)}`).join(' AND ');
}

/** Of rows that have none; what their trigger finds is the same. */
export function fillOwner(change: ChangeOf<'fill-owner'>): StepStatements {
  const { at, column, type, sources, otherwise, kept } = change;
  const owners = sources.map((source) => ownerOf(source, 't'));
  const last = otherwise === undefined ? [] : [`${quoteLiteral(otherwise)}::${type}`];
  const name = quoteIdent(column);
  const head = `UPDATE ${quoteTable(at)} t SET ${name} = coalesce(${[...owners, ...last].join(', ')}) WHERE t.${name} IS NULL`;
  if (kept === undefined) return filled({ of: at, head, tail: '' }, []);
  const side = quoteTable(kept.side);
  const keys = columnList(kept.keys);
  const returned = kept.keys.map((key) => `t.${quoteIdent(key)}`).join(', ');
  const same = kept.keys.map((key) => `t.${quoteIdent(key)} = s.${quoteIdent(key)}`).join(' AND ');
  const batch = {
    of: at,
    head: `WITH filled AS (${head}`,
    tail: ` RETURNING ${returned})\nINSERT INTO ${side} (${keys}) SELECT ${keys} FROM filled`,
  };
  // What somebody gave another tenant since is theirs.
  const given = `t.${name} IS NOT DISTINCT FROM ${last.join('')}`;
  return filled(batch, [
    fillSetting,
    `UPDATE ${quoteTable(at)} t SET ${name} = NULL FROM ${side} s WHERE ${same} AND ${given}`,
  ]);
}

/** Which rows of V1's own column had no tenant, so that they have none again on the way back. */
export function filledKeys({ at, kept }: ChangeOf<'filled-keys'>): StepStatements {
  const side = quoteTable(kept.side);
  return {
    up: [`CREATE TABLE ${side} AS SELECT ${columnList(kept.keys)} FROM ${quoteTable(at)} WITH NO DATA`],
    down: [`DROP TABLE ${side}`],
  };
}

export function quarantine(change: ChangeOf<'quarantine'>): StepStatements {
  const { at, side, columns, sources, which, column } = change;
  const own = column === undefined ? [] : [`t.${quoteIdent(column)}`];
  const owners = [...own, ...sources.map((source) => ownerOf(source, 't'))];
  const test =
    which === 'ownerless'
      ? `coalesce(${owners.join(', ')}) IS NULL`
      : `(SELECT count(DISTINCT o.v) FROM (VALUES ${owners.map((owner) => `(${owner})`).join(', ')}) o (v)) > 1`;
  const listed = columnList(columns);
  const back = `INSERT INTO ${quoteTable(at)} (${listed}) OVERRIDING SYSTEM VALUE SELECT ${listed} FROM ${quoteTable(side)}`;
  return {
    up: [
      fillSetting,
      `CREATE TABLE ${quoteTable(side)} (LIKE ${quoteTable(at)})`,
      `WITH gone AS (DELETE FROM ${quoteTable(at)} t WHERE ${test} RETURNING t.*)\n` +
        `INSERT INTO ${quoteTable(side)} (${listed}) SELECT ${listed} FROM gone`,
    ],
    down: [fillSetting, back, `DROP TABLE ${quoteTable(side)}`],
  };
}

export function ownerGate({ at, column, sources }: ChangeOf<'owner-gate'>): StepStatements {
  const name = quoteIdent(column);
  const table = quoteTable(at);
  const block = refuseWhere([
    { exists: `SELECT FROM ${table} WHERE ${name} IS NULL`, message: `${at.name} has rows without a tenant` },
    ...sources.map((source) => ({
      exists:
        `SELECT FROM ${table} t JOIN ${quoteTable(source.table)} p ON ${joined(source, 't')} ` +
        `WHERE p.${quoteIdent(source.column)} <> t.${name}`,
      message: `${at.name} has rows of another tenant than the rows of ${source.table.name} that they name`,
    })),
  ]);
  return { up: [block], down: [] };
}
