/**
 * merge-rows: rows become one with others. One statement removes the rows of the sources and every other row that cannot stay beside the
 * one that it meets, and changes whatever refers to them, with one UPDATE and one DELETE for each table, and writes the journal.
 *
 * Why one: foreign keys are checked when a statement ends, and then all agree; so rows whose keys contain the key of a lost row, cycles
 * and self-references need no order, and nothing cascades. Unique keys are checked row by row, so the removals of a table come first:
 * its UPDATE reads how many rows they were, and what a statement returns is there only when it is done.
 *
 * A second statement gives the rows that stay the values that pass to them.
 *
 * Locking: both rows are held FOR UPDATE since before the facts were read (../locks.ts); the others as the statement changes them.
 */
import type { LostRows, MergeRowsStep } from '../../../engine/plan/plan-types.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import { identityColumns, valueRuleOf } from '../../../engine/rules/rows/policies.ts';
import { subjectOf } from '../../../engine/rules/rows/view.ts';
import type { Tx } from '../../driver/database.ts';
import { castFor, columnOf } from '../../sql/cast.ts';
import { keyExpression, keyMatches } from '../../sql/keys.ts';
import { changesSql, mergedTables, ofKeys, ofTenant, rowsAfter } from '../../sql/merging.ts';
import type { MergedTable } from '../../sql/merging.ts';
import { rowImage, setFromImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { allOf, bind, change, column, ident, list, literal, raw, rowsOf, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { rowContext } from '../../facts/member.ts';
import { changeSql, chunksOfStatement, isDone, runChange } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { oneStatement, otherCount, rowsAsPlanned } from './one-statement.ts';
import type { StepContext, StepExecution, StepsOfOneShape } from './step-context.ts';

export const mergeRows: StepExecution<MergeRowsStep> = {
  run: async (tx, context, { steps, onRows }) => {
    const [step] = steps;
    const open = step.lost.find(({ keep }) => keep === 'ask');
    if (open !== undefined)
      throw new Error(`nobody has said which rows of ${open.place} are kept; the plan should have refused`);
    const passed = [];
    for (const lost of step.lost) passed.push(await readPassed(tx, context, step, lost));
    const { changes, statement } = mergeStatement(context, steps);
    const counted = await tx.one<{ rows: number[] }>(statement);
    const touched = rowsAsPlanned(step, changes, counted.rows);
    for (const one of passed) {
      const giving = one.keys.length === 0 ? undefined : givingValues(context, step, one);
      if (giving !== undefined) await runChange(tx, giving);
    }
    onRows(touched);
    return [touched];
  },
  statements: (context, steps) => [
    mergeStatement(context, steps).statement,
    ...steps[0].lost
      .filter(({ pass }) => pass.length > 0)
      .flatMap((lost) => {
        const giving = givingValues(context, steps[0], { lost, keys: [], images: [] });
        return giving === undefined ? [] : [changeSql(giving)];
      }),
  ],
};

function tablesOf({ rules, members }: StepContext, step: MergeRowsStep): Map<string, MergedTable> {
  const { subject } = rules;
  if (subject === undefined) throw new Error('a merge of nothing');
  const lost = Map.groupBy(step.lost, ({ table }) => table);
  return mergedTables({
    rules,
    subject,
    tenants: rowContext(rules, tableOf(rules, step.table), members).tenants,
    mappings: step.mappings,
    rows: step.pairs.length,
    lost: new Map(
      [...lost].map(([table, all]) => [table, all.flatMap(({ pairs }) => pairs.map(({ row }) => row))]),
    ),
  });
}

/** The chunks of one change of the statement are numbered among this many; more than any table needs. */
const chunksPerChange = 20_000;

interface TableChange {
  readonly table: string;
  readonly expected: number;
  readonly source: ChangeStatement;
}

function mergeStatement(
  context: StepContext,
  [step]: StepsOfOneShape<MergeRowsStep>,
): { readonly changes: readonly TableChange[]; readonly statement: Sql } {
  const tables = tablesOf(context, step);
  const changes: TableChange[] = [];
  const removal = new Map<string, string>();
  for (const [table, all] of Map.groupBy(step.lost, (one) => one.table)) {
    const own = mustHave(tables, table);
    const keys = all.flatMap(({ pairs }) => pairs.map(({ row }) => row));
    removal.set(table, String(changes.length));
    changes.push({
      table,
      expected: keys.length,
      source: removing(context, step, { own, keys, at: changes.length }),
    });
  }
  for (const { table, expected } of step.follows) {
    const own = mustHave(tables, table);
    const keys = step.lost
      .filter((one) => one.table === table)
      .flatMap(({ pairs }) => pairs.map(({ row }) => row));
    const after = removal.get(table);
    const source = changing(context, step, { own, keys, at: changes.length, after });
    changes.push({ table, expected, source });
  }
  return { changes, statement: oneStatement(changes.map(({ source }) => source)) };
}

function mustHave(tables: ReadonlyMap<string, MergedTable>, id: string): MergedTable {
  const found = tables.get(id);
  if (found === undefined) throw new Error(`${id} has no key; the plan should have refused`);
  return found;
}

interface OneChange {
  readonly own: MergedTable;
  /** Of the rows that are lost. */
  readonly keys: readonly string[];
  readonly at: number;
}

function entry({ journal }: StepContext, { id }: MergeRowsStep, { own, at }: OneChange) {
  const { table, key } = own;
  return { journal, steps: [id], table, key, firstChunks: [at * chunksPerChange] };
}

function removing(context: StepContext, step: MergeRowsStep, one: OneChange): ChangeStatement {
  const { table, key } = one.own;
  return {
    ...entry(context, step, one),
    action: 'delete',
    moved: change`DELETE FROM ${rowsOf(table)} t WHERE ${ofKeys(one.own, one.keys)}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image`,
    befores: raw('m.image'),
  };
}

/** Rows that change. What was there is read beside, because of what is there afterwards nobody can say what it was. */
function changing(
  context: StepContext,
  step: MergeRowsStep,
  one: OneChange & { readonly after: string | undefined },
): ChangeStatement {
  const { own, keys, at, after } = one;
  const { table, key, columns } = own;
  const when = allOf([
    sql`(${changesSql(own)})`,
    ...(keys.length === 0 ? [] : [sql`NOT (${ofKeys(own, keys)})`]),
    ...(after === undefined ? [] : [isDone(after)]),
  ]);
  const [only, ...others] = columns;
  const values = step.mappings.reduce((sum, { pairs }) => sum + pairs.length, 0);
  const [pair] = step.pairs;
  if (pair !== undefined && only !== undefined && others.length === 0 && values === 1) {
    const image = (text: string): Sql => bind(JSON.stringify({ [only.name]: text }), 'text::jsonb');
    return {
      ...entry(context, step, one),
      action: 'set',
      moved: change`UPDATE ${rowsOf(table)} t SET ${ident(only.name)} = ${bind(pair.to, castFor(columnOf(table, only.name)))}
        WHERE ${when} RETURNING ${keyExpression(key, 't')} AS k`,
      before: image(pair.from),
      after: image(pair.to),
    };
  }
  const images = (of: (each: (typeof columns)[number]) => Sql): Sql => {
    const pairs = columns.map(
      (each) => sql`${literal(each.name)}, CASE WHEN ${each.follows} THEN (${of(each)})::text END`,
    );
    return sql`jsonb_strip_nulls(jsonb_build_object(${list(pairs)}))`;
  };
  const was = sql`SELECT ${keyExpression(key, 't')} AS k, ${images(({ name }) => column('t', name))} AS b,
      ${images(({ value }) => value)} AS a FROM ${rowsOf(table)} t WHERE ${when}`;
  const moved = change`UPDATE ${rowsOf(table)} t SET ${setFromImage(
    table,
    columns.map(({ name }) => name),
    'w.a',
  )} FROM ${raw(`was${at}`)} w
      WHERE ${matching(own)} RETURNING ${keyExpression(key, 't')} AS k, w.b, w.a`;
  return {
    ...entry(context, step, one),
    action: 'set',
    given: [[`was${at}`, was, 'materialized']],
    moved,
    befores: raw('m.b'),
    afters: raw('m.a'),
  };
}

/** Row `t` is that of `w`. */
function matching(own: MergedTable): Sql {
  return allOf([keyMatches(own.key, raw('w.k')), ...ofTenant(own)]);
}

/** Values that pass to rows that stay: by the key that each has afterwards, the row whose values they are as it would be afterwards. */
interface Passed {
  readonly lost: LostRows;
  readonly keys: readonly string[];
  readonly images: readonly unknown[];
}

async function readPassed(
  tx: Tx,
  context: StepContext,
  step: MergeRowsStep,
  lost: LostRows,
): Promise<Passed> {
  if (lost.pass.length === 0) return { lost, keys: [], images: [] };
  const own = mustHave(tablesOf(context, step), lost.table);
  const pairs = lost.pairs.filter(({ row }) => lost.pass.includes(row));
  const [rows, survivors] = [pairs.map(({ row }) => row), pairs.map(({ survivor }) => survivor)];
  const after = rowsAfter(own, { where: ofKeys(own, [...rows, ...survivors]) });
  const found = await tx.many<{ key: string; image: unknown }>(sql`WITH after AS MATERIALIZED (${after})
    SELECT ${keyExpression(own.key, 'b')}::text AS key, ${rowImage(own.table)} AS image
    FROM unnest(${bind(rows, 'text[]')}, ${bind(survivors, 'text[]')}) p (u, v)
    JOIN after t ON t."drover:k" = p.u JOIN after b ON b."drover:k" = p.v ORDER BY p.v`);
  if (found.length !== pairs.length)
    throw otherCount(step, { table: lost.table, expected: pairs.length, actual: found.length });
  return { lost, keys: found.map(({ key }) => key), images: found.map(({ image }) => image) };
}

/** Gives the rows that stay the values that differ; of the two rows themselves as `values` of the configuration says. */
function givingValues(
  context: StepContext,
  step: MergeRowsStep,
  { lost, keys, images }: Passed,
): ChangeStatement | undefined {
  const { rules } = context;
  const own = mustHave(tablesOf(context, step), lost.table);
  const { table, key } = own;
  const identity = identityColumns(rules.catalog, table.id, {
    key: key.columns.map(({ name }) => name),
    tenant: rules.config.tenant.column,
  });
  const isOwn = lost.constraint === undefined;
  const ruleOf = (name: string): string =>
    isOwn ? valueRuleOf(subjectOf(rules.config) ?? {}, name) : 'source';
  const open = table.columns.filter(
    ({ name, generated }) => !generated && !identity.has(name) && ruleOf(name) !== 'target',
  );
  if (open.length === 0) return undefined;
  const fill = open.filter(({ name }) => ruleOf(name) === 'fill').map(({ name }) => name);
  const names = open.map(({ name }) => name);
  const given = sql`unnest(${bind(keys, `text[]::${key.type}[]`)}, ${bind(
    images.map((image) => JSON.stringify(image)),
    'text[]::jsonb[]',
  )}) u (k, image)`;
  const differs = sql`x.key = ANY (${bind(names, 'text[]')}) AND x.value IS DISTINCT FROM o.image -> x.key
    AND (NOT x.key = ANY (${bind(fill, 'text[]')}) OR o.image ->> x.key IS NULL)`;
  const picked = (value: string): Sql =>
    sql`(SELECT jsonb_object_agg(x.key, ${raw(value)}) FROM jsonb_each(u.image) x WHERE ${differs})`;
  const was = sql`SELECT u.k, ${picked('o.image -> x.key')} AS b, ${picked('x.value')} AS a
    FROM ${given} JOIN ${rowsOf(table)} t ON ${keyMatches(key, raw('u.k'))} AND ${mineSql(own.context)}
    CROSS JOIN LATERAL (SELECT ${rowImage(table)} AS image) o`;
  const number = step.lost.indexOf(lost);
  return {
    ...entry(context, step, { own, keys: [], at: number }),
    firstChunks: [chunksOfStatement + number * chunksPerChange],
    action: 'set',
    given: [['was', was, 'materialized']],
    moved: change`UPDATE ${rowsOf(table)} t SET ${setFromImage(table, names, 'w.a')} FROM was w
      WHERE w.a IS NOT NULL AND ${keyMatches(key, raw('w.k'))} AND ${mineSql(own.context)}
      RETURNING ${keyExpression(key, 't')} AS k, w.b, w.a`,
    befores: raw('m.b'),
    afters: raw('m.a'),
  };
}
