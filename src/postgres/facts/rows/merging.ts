/**
 * The facts of a merge. The row of each source is lost to that of its target. Rows that refer to it would then meet others in
 * a unique key: those are lost, too, to the rows that they meet; what refers to them by a key of their own follows; and so on until
 * no more rows meet. It reads only.
 */
import { compareText } from '../../../engine/order.ts';
import { findTable } from '../../../engine/catalogue/catalog.ts';
import type { ForeignKey, Table, TableId } from '../../../engine/catalogue/catalog.ts';
import { columnPath } from '../../../engine/catalogue/names.ts';
import { given } from '../../../engine/given.ts';
import { ownMember } from '../../../engine/own.ts';
import type { LostRows } from '../../../engine/plan/plan-types.ts';
import { rowCount, verbOf } from '../../../engine/plan/row-text.ts';
import type { FollowingRows, MergingFacts } from '../../../engine/plan/snapshot.ts';
import type { CollisionPolicy } from '../../../engine/rules/config.ts';
import type { KeyMapping } from '../../../engine/rules/rows/merging.ts';
import { valueRuleOf } from '../../../engine/rules/rows/policies.ts';
import { subjectOf } from '../../../engine/rules/rows/view.ts';
import { isSharedRows } from '../../../engine/tenant.ts';
import type { Tx } from '../../driver/database.ts';
import { one } from '../../driver/question.ts';
import { keyExpression } from '../../sql/keys.ts';
import { isRowSql } from '../../sql/following.ts';
import { countChangedSql, mergedTables, ofKeys, rowsAfter } from '../../sql/merging.ts';
import type { Merging } from '../../sql/merging.ts';
import { allOf, bind, column, list, raw, rowsOf, sql } from '../../sql/sql.ts';
import { rowContext } from '../member.ts';
import type { Around } from './around.ts';
import { meetings, readDefinitions } from './collisions.ts';
import type { Met, UniqueDefinitions } from './collisions.ts';
import type { Impossible } from './reach.ts';

/** A row that is lost, and to which. */
interface Lost extends Omit<Met, 'other' | 'moves' | 'constraint'> {
  readonly constraint?: string;
  survivor: string;
}

/** What grows while rows are found that are lost. */
class Growing {
  readonly about: Around;
  readonly mappings: {
    readonly table: TableId;
    readonly column: string;
    readonly pairs: Map<string, string>;
  }[];
  readonly lost: Lost[];
  /** The targets, as the journal has them: they stay, whichever rows they meet. */
  readonly targets: ReadonlySet<string>;
  readonly impossible: Impossible[number][] = [];
  readonly definitions = new Map<TableId, UniqueDefinitions>();

  constructor(about: Around, own: readonly Lost[]) {
    const { table, key } = about.subject;
    this.about = about;
    this.lost = [...own];
    this.targets = new Set(own.map(({ survivor }) => survivor));
    const pairs = new Map(about.pairs.map(({ from, to }) => [from, to]));
    this.mappings = [{ table: table.id, column: key, pairs }];
  }

  merging(): Merging {
    const { rules, subject, member } = this.about;
    const lost = new Map(
      [...Map.groupBy(this.lost, ({ table }) => table)].map(([id, all]) => [id, all.map(({ row }) => row)]),
    );
    return {
      rules,
      subject,
      tenants: rowContext(rules, subject.table, [member]).tenants,
      mappings: this.pairs(),
      rows: this.about.pairs.length,
      lost,
    };
  }

  pairs(): KeyMapping[] {
    return this.mappings.map(({ table, column: name, pairs }) => ({
      table,
      column: name,
      pairs: [...pairs],
    }));
  }
}

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

/** What refers to rows that are lost since, by a column that is not changed with them anyway, becomes a mapping. */
async function addReferences(tx: Tx, growing: Growing, fresh: readonly Lost[]): Promise<void> {
  const { catalog } = growing.about.rules;
  for (const [id, lost] of Map.groupBy(fresh, ({ table }) => table)) {
    const table = findTable(catalog, id);
    const keys = catalog.tables.flatMap((child) =>
      child.foreignKeys
        .filter(({ references }) => references === id)
        .map((foreignKey) => ({ child, foreignKey })),
    );
    if (table === undefined) continue;
    for (const same of Map.groupBy(keys, ({ foreignKey }) =>
      foreignKey.referencedColumns.join('\0'),
    ).values())
      await addReference(tx, growing, { table, lost, keys: same });
  }
}

interface Referred {
  readonly table: Table;
  readonly lost: readonly Lost[];
  /** Foreign keys that lead to the same columns. */
  readonly keys: readonly { readonly child: Table; readonly foreignKey: ForeignKey }[];
}

async function addReference(tx: Tx, growing: Growing, { table, lost, keys }: Referred): Promise<void> {
  const [first] = keys;
  const columns = first?.foreignKey.referencedColumns ?? [];
  const images = await readBoth(tx, growing, { table, lost, columns });
  let changing = changingColumns(growing, table);
  for (const { row, survivor, own, other, now, then } of images) {
    const differing = columns.filter((_, at) => own[at] !== other[at]);
    const [name = '', ...more] = differing;
    const at = columns.indexOf(name);
    const known = growing.mappings.find((each) => each.table === table.id && each.column === name);
    const [from = null, to = null] = [now[at], then[at]];
    if (differing.length === 0 || now.some((value) => value === null) || known?.pairs.get(from ?? '') === to)
      continue;
    if (more.length > 0 || to === null || !isAlone(growing, table, name) || changing.has(name)) {
      await refuseReferred(tx, growing, { table, keys, row, survivor });
      continue;
    }
    const mapping = known ?? { table: table.id, column: name, pairs: new Map<string, string>() };
    for (const [key, value] of mapping.pairs) if (value === from) mapping.pairs.set(key, to);
    mapping.pairs.set(from ?? '', to);
    if (known !== undefined) continue;
    growing.mappings.push(mapping);
    changing = changingColumns(growing, table);
  }
}

/** Does the column alone, within the tenant, say which row is meant? */
function isAlone({ about: { rules } }: Growing, table: Table, name: string): boolean {
  const { column: tenant } = rules.config.tenant;
  return table.uniqueIndexes.some(
    ({ columns, predicate }) =>
      predicate === undefined &&
      columns.includes(name) &&
      columns.every((each) => each === name || each === tenant),
  );
}

function changingColumns(growing: Growing, table: Table): ReadonlySet<string> {
  const columns = mergedTables(growing.merging()).get(table.id)?.columns ?? [];
  return new Set(columns.map(({ name }) => name));
}

interface Both {
  readonly row: string;
  readonly survivor: string;
  /** What the two have in the columns afterwards. */
  readonly own: readonly (string | null)[];
  readonly other: readonly (string | null)[];
  /** What they have now. */
  readonly now: readonly (string | null)[];
  readonly then: readonly (string | null)[];
}

function readBoth(
  tx: Tx,
  growing: Growing,
  { table, lost, columns }: { table: Table; lost: readonly Lost[]; columns: readonly string[] },
): Promise<Both[]> {
  const each = mergedTables(growing.merging()).get(table.id);
  if (each === undefined || columns.length === 0) return Promise.resolve([]);
  const keys = lost.flatMap(({ row, survivor }) => [row, survivor]);
  const after = rowsAfter(each, { where: ofKeys(each, keys) });
  const texts = (alias: string): ReturnType<typeof sql> =>
    sql`ARRAY[${list(columns.map((name) => sql`${column(alias, name)}::text`))}]::text[]`;
  const [rows, survivors] = [lost.map(({ row }) => row), lost.map(({ survivor }) => survivor)];
  return tx.many<Both>(sql`WITH after AS MATERIALIZED (${after}),
      now AS MATERIALIZED (SELECT ${keyExpression(each.key, 't')}::text AS k, ${texts('t')} AS v
        FROM ${rowsOf(table)} t WHERE ${ofKeys(each, keys)})
    SELECT p.u AS row, p.v AS survivor, ${texts('a')} AS own, ${texts('b')} AS other, n.v AS now, m.v AS "then"
    FROM unnest(${bind(rows, 'text[]')}, ${bind(survivors, 'text[]')}) p (u, v)
    JOIN after a ON a."drover:k" = p.u JOIN after b ON b."drover:k" = p.v JOIN now n ON n.k = p.u JOIN now m ON m.k = p.v
    ORDER BY p.u COLLATE "C"`);
}

/** What refers to the row by more than one column that would change cannot follow in one statement that knows each column by itself. */
async function refuseReferred(
  tx: Tx,
  growing: Growing,
  { table, keys, row, survivor }: Pick<Referred, 'table' | 'keys'> & { row: string; survivor: string },
): Promise<void> {
  const own = mergedTables(growing.merging()).get(table.id);
  if (own === undefined) return;
  for (const { child, foreignKey } of keys) {
    const joined = allOf(
      foreignKey.columns.map(
        (name, at) => sql`${column('c', name)} = ${column('t', foreignKey.referencedColumns[at] ?? '')}`,
      ),
    );
    const { rows } = await tx.one<{ rows: number }>(
      sql`SELECT count(*) AS rows FROM ${rowsOf(child)} c JOIN ${rowsOf(table)} t ON ${joined} WHERE ${ofKeys(own, [row])}`,
    );
    if (rows === 0) continue;
    const message =
      `the row ${row} of ${table.id} would be lost to ${survivor}, and ${rowCount(rows)} of ${child.id} ${verbOf(rows, 'refer')} ` +
      `to it by ${foreignKey.name}, of which more than one column would change, or one that others share: ` +
      'make these rows refer to the other one first';
    growing.impossible.push({ word: 'compound', message });
  }
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
