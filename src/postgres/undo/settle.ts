/**
 * The last thing before a source is marked or unmarked: where a rollback turned a grant back into what it was, and something there
 * still relies on what it was since, that is granted again beside it, and listed. Exact undo first, need afterwards: who still needs
 * it is known only when all rows are back.
 */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Place } from '../../engine/rules/place.ts';
import { readEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { memberOf } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';
import { addition } from '../move/operations/enable.ts';
import { journalOfSome, runChange } from '../records/journal.ts';
import { columnOf } from '../sql/cast.ts';
import { findRowKey } from '../sql/keys.ts';
import { namesSql, otherSide } from '../sql/reliance.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import { bind, column, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { keyedRows } from './keyed-rows.ts';
import type { Chunk, Skipped, UndoContext, UndoTarget } from './chunk.ts';
import { grantId, nothingUngranted, relyingPlaces } from '../move/grant-uses.ts';
import type { Relying, UngrantedUses } from '../move/grant-uses.ts';
import { relyingOn, usedReason, usesSql } from './reliance.ts';

/** By place of grants and their column of scopes: the scopes in which a grant is turned back. */
export type TouchedScopes = Map<
  string,
  { readonly relying: readonly Relying[]; readonly scopes: Set<string> }
>;

/** Notes in which scopes the grants of these chunks lie, all of one table. A table that is gone or has another key now has none. */
export async function noteScopes(
  context: UndoContext,
  chunks: readonly Chunk[],
  touched: (member: number) => TouchedScopes,
): Promise<void> {
  const table = findTable(context.rules.catalog, chunks[0]?.table ?? '');
  const key = table === undefined ? undefined : findRowKey(context.rules, table);
  if (table === undefined || key === undefined) return;
  const names = key.columns.map(({ name }) => name).join('\0');
  const known = chunks.filter(({ keyColumns }) => keyColumns.join('\0') === names);
  if (known.length === 0) return;
  for (const [id, [first]] of byGrant(relyingOn(context, table.id, known))) {
    const rows = await readScopes(context, { table, key }, { chunks: known, scope: first.reliance.scope });
    for (const [at, { member }] of known.entries()) {
      const noted = touched(member);
      const own = noted.get(id) ?? { relying: ofMember(context, member, id), scopes: new Set<string>() };
      noted.set(id, own);
      for (const one of rows[at] ?? []) own.scopes.add(one.scope);
    }
  }
}

function readScopes(
  context: UndoContext,
  target: UndoTarget,
  { chunks, scope }: { readonly chunks: readonly Chunk[]; readonly scope: string },
): Promise<{ scope: string }[][]> {
  const own = column('t', scope);
  return readEach<{ scope: string }>(
    context.tx,
    chunks.length,
    sql`SELECT DISTINCT ${own}::text AS scope FROM ${keyedRows(context, target, chunks)} AND ${own} IS NOT NULL`,
  );
}

type AtLeastOne<T> = readonly [T, ...T[]];

/** Grants of one place that are told apart by the same column. */
function byGrant(relying: readonly Relying[]): Map<string, AtLeastOne<Relying>> {
  const groups = Map.groupBy(relying, grantId);
  return new Map(
    [...groups].flatMap(([id, [first, ...others]]) => (first ? [[id, [first, ...others]] as const] : [])),
  );
}

function ofMember({ rules, members }: UndoContext, member: number, id: string): Relying[] {
  const own = members[member];
  return own === undefined ? [] : relyingPlaces(rules, [own]).filter((one) => grantId(one) === id);
}

/** What was granted again. */
interface Settled {
  readonly place: Place;
  readonly kept: readonly Skipped[];
}

/** Grants again what rows of one member rely on. `record` is given what does it, under the number of a step, and keeps what it did. */
export async function settleGrants(
  context: UndoContext,
  { member, touched }: { readonly member: number; readonly touched: TouchedScopes },
  record: (grant: (step: number) => Promise<Settled>) => Promise<void>,
): Promise<void> {
  const own = context.members[member];
  for (const { relying, scopes } of touched.values())
    for (const missing of [otherSide(context.restores), context.restores]) {
      const [first] = relying;
      if (first === undefined || own === undefined || scopes.size === 0) continue;
      const before = context.before[member] ?? nothingUngranted;
      const needed = await readNeeded(context.tx, { relying, first, before, scopes: [...scopes], missing });
      if (needed.size === 0) continue;
      const models = directed(context, own, missing);
      await record((step) =>
        grantAgain(context, { number: member, member: models, step }, { first, needed }),
      );
    }
}

/** The member whose source is the model that is there, and whose target is the one that is missing. */
function directed({ rules }: UndoContext, member: Member, missing: ValuesSide): Member {
  const { source, target } = member.pair;
  return missing === 'to' ? member : memberOf(rules, member.intent, { source: target, target: source });
}

interface MissingGrant {
  readonly relying: readonly Relying[];
  readonly first: Relying;
  readonly before: UngrantedUses;
  readonly scopes: readonly string[];
  readonly missing: ValuesSide;
}

/** Scopes that grant the other model alone although rows rely on this one: scope → places with such rows. */
async function readNeeded(
  tx: Tx,
  { relying, first, before, scopes, missing }: MissingGrant,
): Promise<Map<string, string[]>> {
  const { grant, reliance } = first;
  const { table } = grant.context;
  const own = column('g', reliance.scope);
  const listed = (side: ValuesSide): Sql =>
    sql`EXISTS (SELECT 1 FROM ${rowsOf(table)} g WHERE ${own} = s.scope AND ${namesSql(grant, side, 'g')})`;
  const type = columnOf(table, reliance.scope).type;
  const uses = usesSql(relying, missing, { before: [before], scope: raw('s.scope') });
  const rows = await tx.many<{ scope: string; uses: string[] }>(
    sql`SELECT q.scope::text AS scope, q.uses FROM (SELECT s.scope, ${uses} AS uses
      FROM unnest(${bind(scopes, `text[]::${type}[]`)}) s (scope)
      WHERE NOT ${listed(missing)} AND ${listed(otherSide(missing))}) q WHERE cardinality(q.uses) > 0 ORDER BY 1`,
  );
  return new Map(rows.map(({ scope, uses }) => [scope, uses]));
}

async function grantAgain(
  { tx, rules, journal }: UndoContext,
  { number, member, step }: { readonly number: number; readonly member: Member; readonly step: number },
  { first, needed }: { readonly first: Relying; readonly needed: ReadonlyMap<string, readonly string[]> },
): Promise<Settled> {
  const { place } = first.grant.row;
  const { scope } = first.reliance;
  const copied = addition(
    { rules, members: [member], journal: journalOfSome(journal, [number]) },
    {
      id: step,
      table: place.table,
      via: scope,
      scopes: [...needed.keys()],
      grant: { place: place.id, columns: place.columns.map((part) => part.column) },
    },
  );
  const collect = sql`jsonb_build_array(${list([raw('m.k::text'), sql`m.image ->> ${literal(scope)}`])})`;
  const [changed] = await runChange(tx, { ...copied, collect });
  const kept = (changed?.keys ?? []).map((text) => {
    const [key, at] = JSON.parse(text) as [string, string];
    return { table: place.table, key, reason: `kept: ${usedReason(needed.get(at) ?? [])}` };
  });
  return { place, kept };
}
