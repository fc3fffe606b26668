/**
 * The checker's look at a re-key: it walks the foreign keys of the catalogue itself, from the row outward, and compares what it finds
 * with what the step changes. It shares no code with the planner.
 */
import type { Catalog, TableId } from '../catalogue/catalog.ts';
import type { Plan, RekeyStep } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';

export interface CheckProblem {
  readonly code: string;
  readonly message: string;
}

/** Every way in which a plan contradicts what follows the rows. */
export function checkRekey(snapshot: Snapshot, plan: Plan): CheckProblem[] {
  const { subject: facts, rules, moving = [], found = [] } = snapshot;
  const steps = plan.steps.filter((step) => step.operation === 'rekey');
  const problem = (wrong: boolean, code: string, message: string): CheckProblem[] =>
    wrong ? [{ code, message }] : [];
  const { subject } = rules;
  if (facts === undefined || subject === undefined)
    return problem(steps.length > 0, 'REKEYS_A_MODEL', 'a plan that moves a model gives no row another key');
  const whose = found.map(({ code }) => code);
  const isStuck = facts.impossible.some(({ word }) => word === 'no-free-key');
  const isDue = facts.merging === undefined && moving.length > 0 && !isStuck;
  const wanted = wantedColumns(rules.catalog, subject.table.id, subject.key);
  const refuses = (code: string): boolean =>
    plan.findings.some((one) => one.code === code && one.severity === 'error');
  const foreign = [...facts.followers, ...(facts.merging?.changed ?? [])].some(({ others }) => others > 0);
  return [
    ...problem(
      steps.length !== facts.rounds.length || steps.length > 0 !== isDue,
      'REKEYS',
      `a re-key is a step for each round, and the plan has ${steps.length}`,
    ),
    ...problem(
      foreign && !refuses('FOREIGN_ROWS'),
      'FOREIGN_ROWS',
      'rows of other tenants would follow unsaid',
    ),
    ...problem(
      facts.impossible.length > 0 && !refuses('REKEY_IMPOSSIBLE'),
      'IMPOSSIBLE',
      'the plan does not refuse what the catalogue forbids',
    ),
    ...problem(
      whose.includes('BOTH_ROWS_EXIST') && !refuses('BOTH_ROWS_EXIST'),
      'BOTH_ROWS_EXIST',
      'two rows would become one',
    ),
    ...(isDue ? checkKeys(steps, moving, problem) : []),
    ...steps.flatMap((step, at) => [
      ...problem(
        step.table !== subject.table.id || step.key !== subject.key,
        'WRONG_KEY',
        `step ${step.id} gives rows of another table another key than was asked for`,
      ),
      ...checkFollows(
        step,
        wanted,
        new Map((facts.rounds[at]?.followers ?? []).map((one) => [one.table, one])),
        problem,
      ),
    ]),
  ];
}

type SaysProblem = (wrong: boolean, code: string, message: string) => CheckProblem[];

/** Carried out one after the other on paper, the steps give each row its key, and none gives a key that a row has at that moment. */
function checkKeys(
  steps: readonly RekeyStep[],
  moving: NonNullable<Snapshot['moving']>,
  problem: SaysProblem,
): CheckProblem[] {
  const held = new Map(moving.map(({ from }) => [from, from]));
  const wrong = steps.flatMap(({ id, pairs }) => {
    const taken = pairs.filter(({ to }) => held.has(to)).map(({ to }) => to);
    const rows = pairs.map(({ from }) => held.get(from));
    for (const { from } of pairs) held.delete(from);
    for (const [at, { to }] of pairs.entries()) held.set(to, rows[at] ?? '');
    return problem(
      taken.length > 0,
      'KEY_IN_USE',
      `step ${id} gives the key ${taken[0] ?? ''}, which a row has`,
    );
  });
  const ends = new Map([...held].map(([key, row]) => [row, key]));
  const lost = moving.filter(({ from, to }) => ends.get(from) !== to);
  return [
    ...wrong,
    ...problem(
      lost.length > 0 || held.size !== moving.length,
      'WRONG_KEY',
      `a row ${lost[0]?.from ?? ''} gets another key than was asked for`,
    ),
  ];
}

function checkFollows(
  step: RekeyStep,
  wanted: ReadonlyMap<TableId, ReadonlySet<string>>,
  rows: ReadonlyMap<TableId, { readonly rows: number }>,
  problem: SaysProblem,
): CheckProblem[] {
  const tables = step.follows.map(({ table }) => table);
  const sum = step.follows.reduce((total, { expected }) => total + expected, 0);
  return [
    ...problem(
      new Set(tables).size !== tables.length,
      'TWICE',
      `step ${step.id} changes a table twice in one statement`,
    ),
    ...problem(
      sum !== step.expected,
      'WRONG_SUM',
      `step ${step.id} expects ${step.expected} rows, and its tables ${sum}`,
    ),
    ...[...wanted].flatMap(([table, columns]) => {
      const said = step.follows.find((one) => one.table === table);
      const there = rows.get(table)?.rows ?? 0;
      const lacks = [...columns].filter((column) => said?.columns.includes(column) !== true);
      return [
        ...problem(
          there > 0 && (said === undefined || lacks.length > 0),
          'LEFT_ON_THE_KEY',
          `${table} refers to the row by ${lacks.join(', ')}, and the step does not change that`,
        ),
        ...problem(
          said !== undefined && said.expected !== there,
          'WRONG_ROWS',
          `step ${step.id} expects ${said?.expected ?? 0} rows of ${table}, and ${there} refer to the row`,
        ),
      ];
    }),
    ...step.follows.flatMap(({ table, columns }) =>
      problem(
        columns.some((column) => wanted.get(table)?.has(column) !== true),
        'NO_REFERENCE',
        `step ${step.id} changes ${table} by ${columns.join(', ')}, which do not all refer to the row`,
      ),
    ),
  ];
}

/** By table the columns that hold the key: breadth first along the foreign keys that lead to one that is known. */
export function wantedColumns(catalog: Catalog, table: TableId, key: string): Map<TableId, Set<string>> {
  const wanted = new Map([[table, new Set([key])]]);
  const queue: [TableId, string][] = [[table, key]];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [id, led] = next;
    for (const child of catalog.tables)
      for (const foreignKey of child.foreignKeys) {
        const at = foreignKey.references === id ? foreignKey.referencedColumns.indexOf(led) : -1;
        const column = foreignKey.columns[at];
        const known = wanted.get(child.id) ?? new Set();
        if (column === undefined || known.has(column)) continue;
        wanted.set(child.id, known.add(column));
        queue.push([child.id, column]);
      }
  }
  return wanted;
}
