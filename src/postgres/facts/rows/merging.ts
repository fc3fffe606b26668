/**
 * The facts of a merge. The row of each source is lost to that of its target. Rows that refer to it would then meet others in
 * a unique key: those are lost, too, to the rows that they meet; what refers to them by a key of their own follows; and so on until
 * no more rows meet. It reads only.
 */
import { compareText } from '../../../engine/order.ts';
import type { TableId } from '../../../engine/catalogue/catalog.ts';
import { columnPath } from '../../../engine/catalogue/names.ts';
import { given } from '../../../engine/given.ts';
import { ownMember } from '../../../engine/own.ts';
import type { LostRows } from '../../../engine/plan/plan-types.ts';
import type { FollowingRows, MergingFacts } from '../../../engine/plan/snapshot.ts';
import type { CollisionPolicy } from '../../../engine/rules/config.ts';
import { valueRuleOf } from '../../../engine/rules/rows/policies.ts';
import { subjectOf } from '../../../engine/rules/rows/view.ts';
import { isSharedRows } from '../../../engine/tenant.ts';
import type { Tx } from '../../driver/database.ts';
import { one } from '../../driver/question.ts';
import { keyExpression } from '../../sql/keys.ts';
import { isRowSql } from '../../sql/following.ts';
import { countChangedSql, mergedTables, ofKeys } from '../../sql/merging.ts';
import { bind, column, raw, rowsOf, sql } from '../../sql/sql.ts';
import { rowContext } from '../member.ts';
import type { Around } from './around.ts';
import { meetings, readDefinitions, type Met } from './collisions.ts';
import type { Impossible } from './reach.ts';
import { addReferences } from './references.ts';
import { Growing, type Lost } from './growing.ts';

/** @returns the facts, and what forbids the merge beside what forbids a re-key */
export async function readMerging(
  tx: Tx,
  about: Around,
): Promise<{ readonly merging: MergingFacts; readonly impossible: Impossible } | undefined> {
  const own = await readOwn(tx, about);
  if (own === undefined) return undefined;
  const growing = new Growing(about, own);
  await addReferences(tx, growing, own);
  for (let fresh = await meet(tx, growing); fresh.length > 0; fresh = await meet(tx, growing))
    await addReferences(tx, growing, fresh);
  const merging = growing.merging();
  const lost = await settled(tx, growing);
  return {
    merging: { mappings: merging.mappings, lost, changed: await readChanged(tx, growing) },
    impossible: growing.impossible,
  };
}

/** The rows, by their keys as the journal has them. Undefined where one of them has gone, or the table has no key. */
async function readOwn(tx: Tx, { rules, subject, member, pairs }: Around): Promise<Lost[] | undefined> {
  const { table } = subject;
  const { tenants } = rowContext(rules, table, [member]);
  const asked = { rules, subject, tenants, mappings: [], rows: 0, lost: new Map([[table.id, []]]) };
  const own = mergedTables(asked).get(table.id);
  const follower = subject.followers.find((each) => each.table === table.id);
  if (own === undefined || follower === undefined) return undefined;
  const keys = pairs.flatMap(({ from, to }) => [from, to]);
  const named = isRowSql({ rules, subject, keys, tenants }, own.context, follower);
  const rows = await tx.many<{ row: string; key: string }>(
    sql`SELECT ${keyExpression(own.key, 't')}::text AS row, ${column('t', subject.key)}::text AS key
      FROM ${rowsOf(table)} t WHERE ${named}`,
  );
  const rowOf = new Map(rows.map((each) => [each.key, each.row]));
  const place = columnPath(rules.scope, table, subject.key);
  const lost = pairs.flatMap(({ from, to }): Lost[] => {
    const [row, survivor] = [rowOf.get(from), rowOf.get(to)];
    return row === undefined || survivor === undefined ? [] : [{ table: table.id, place, row, survivor }];
  });
  return lost.length < pairs.length ? undefined : lost;
}

/** Rows that meet another one now. Kept is the target; else who stays as it is; of two that change, the one with the smaller key. */
async function meet(tx: Tx, growing: Growing): Promise<Lost[]> {
  const merging = growing.merging();
  const tables = [...mergedTables(merging).values()].filter(({ columns }) => columns.length > 0);
  for (const { table } of tables)
    if (!growing.definitions.has(table.id))
      growing.definitions.set(table.id, await readDefinitions(tx, table));
  const met = await tx.together(
    tables.flatMap((each) => {
      const definitions = growing.definitions.get(each.table.id) ?? { exclusions: [], computed: new Map() };
      return meetings(growing.about.rules, each, {
        definitions,
        lost: merging.lost.get(each.table.id) ?? [],
      });
    }),
  );
  const gone = new Map<string, Lost>();
  const idOf = (table: TableId, row: string): string => JSON.stringify([table, row]);
  const isTarget = ({ table }: Met, row: string): boolean =>
    table === growing.about.subject.table.id && growing.targets.has(row);
  const inOrder = met
    .flat()
    .map((one) =>
      isTarget(one, one.row) && !isTarget(one, one.other) ? { ...one, row: one.other, other: one.row } : one,
    )
    .toSorted(
      (a, b) =>
        Number(isTarget(b, b.other)) - Number(isTarget(a, a.other)) ||
        Number(a.moves) - Number(b.moves) ||
        compareText(a.row, b.row),
    );
  for (const { other: survivor, moves: _moves, ...one } of inOrder)
    if (!gone.has(idOf(one.table, one.row)) && !gone.has(idOf(one.table, survivor)))
      gone.set(idOf(one.table, one.row), { ...one, survivor });
  const fresh = [...gone.values()];
  for (const before of growing.lost) {
    const later = gone.get(idOf(before.table, before.survivor));
    if (later !== undefined) before.survivor = later.survivor;
  }
  growing.lost.push(...fresh);
  return fresh;
}

/** Whose values are kept, place by place. */
async function settled(tx: Tx, growing: Growing): Promise<LostRows[]> {
  const { rules, subject, member } = growing.about;
  const asked = growing.about.pairs.length;
  const [own, met] = [growing.lost.slice(0, asked), growing.lost.slice(asked)];
  const [first] = own;
  if (first === undefined) return [];
  const values = subjectOf(rules.config) ?? {};
  const passes = subject.table.columns.some(({ name }) => valueRuleOf(values, name) !== 'target');
  const twice = [...Map.groupBy(own, ({ survivor }) => survivor).values()].find(
    (each) => each.length > 1,
  )?.[0];
  if (passes && twice !== undefined)
    growing.impossible.push({
      word: 'values',
      message:
        `several rows become one with ${twice.survivor}, and values of rows says that a row passes values to the one that stays: nobody ` +
        'can say which of them. Merge them one after the other, or say values: target',
    });
  const { table, place } = first;
  const lost: LostRows[] = [
    {
      table,
      place,
      keep: 'keep-target',
      pairs: own.map(({ row, survivor }) => ({ row, survivor })),
      pass: passes ? own.map(({ row }) => row) : [],
    },
  ];
  const idOf = ({ table: id, constraint, place: where }: Lost): string =>
    JSON.stringify([id, where, constraint]);
  const served = new Set<string>();
  const groups = [...Map.groupBy(met, idOf)].toSorted(([a], [b]) => compareText(a, b));
  for (const [, rows] of groups) {
    const [one] = rows;
    if (one === undefined) continue;
    const answer = ownMember(member.intent.answers, one.place);
    const keep: CollisionPolicy =
      answer === 'keep-target' || answer === 'keep-source'
        ? answer
        : (subject.policies?.get(one.place) ?? 'ask');
    const pairs = rows
      .map(({ row: gone, survivor: kept }) => ({ row: gone, survivor: kept }))
      .toSorted((a, b) => compareText(a.row, b.row));
    const open = pairs.filter(({ survivor: kept }) => !served.has(JSON.stringify([one.table, kept])));
    const pass = await passing(tx, growing, { table: one.table, keep, pairs: open });
    const passes = new Set(pass);
    for (const { row: gone, survivor: kept } of open)
      if (passes.has(gone)) served.add(JSON.stringify([one.table, kept]));
    lost.push({
      table: one.table,
      place: one.place,
      keep,
      pairs,
      pass,
      ...given({ constraint: one.constraint }),
    });
  }
  return lost;
}

/** Of several rows that are lost to one row, at most one passes its values. */
async function passing(
  tx: Tx,
  growing: Growing,
  { table, keep, pairs }: Pick<LostRows, 'table' | 'keep' | 'pairs'>,
): Promise<string[]> {
  const own = mergedTables(growing.merging()).get(table);
  if (own === undefined || keep === 'ask' || keep === 'keep-target') return [];
  if (keep === 'keep-source') {
    const first = new Map(pairs.toReversed().map(({ row, survivor }) => [survivor, row]));
    const passes = new Set(first.values());
    return pairs.map(({ row }) => row).filter((row) => passes.has(row));
  }
  const keys = pairs.flatMap(({ row, survivor }) => [row, survivor]);
  const [rows, survivors] = [pairs.map(({ row }) => row), pairs.map(({ survivor }) => survivor)];
  const found = await tx.many<{ row: string }>(sql`WITH now AS MATERIALIZED (
      SELECT ${keyExpression(own.key, 't')}::text AS k, ${column('t', keep.newest)} AS v
      FROM ${rowsOf(own.table)} t WHERE ${ofKeys(own, keys)})
    SELECT DISTINCT ON (p.v) p.u AS row FROM unnest(${bind(rows, 'text[]')}, ${bind(survivors, 'text[]')}) p (u, v)
    JOIN now a ON a.k = p.u JOIN now b ON b.k = p.v WHERE a.v > b.v OR (a.v IS NOT NULL AND b.v IS NULL)
    ORDER BY p.v, a.v DESC, p.u COLLATE "C"`);
  return found.map(({ row }) => row).toSorted(compareText);
}

/** The rows that change, of each table. */
async function readChanged(tx: Tx, growing: Growing): Promise<FollowingRows[]> {
  const merging = growing.merging();
  const shared = isSharedRows(growing.about.member.intent.tenant);
  const tables = [...mergedTables(merging).values()];
  return tx.together(
    tables.map((each) => {
      const gone = merging.lost.get(each.table.id) ?? [];
      const isLost = gone.length === 0 ? raw('false') : ofKeys(each, gone);
      const counted = countChangedSql(each, isLost, shared);
      return one<FollowingRows>(counted);
    }),
  );
}
