/** merge-rows: rows become one with others. What refers to one that goes refers to the other; rows that meet others go, too. */
import { given } from '../given.ts';
import { keysText } from '../key-pairs.ts';
import { joinSamples } from '../plan/decide.ts';
import type { MergeRowsStep } from '../plan/plan-types.ts';
import { changedTables } from '../rules/rows/merging.ts';
import { type Operation, stepBase, type StepInput } from './operation.ts';

export const mergeRows: Operation<MergeRowsStep> = {
  plan: mergeRowsStep,
  touches: () => [],
  mappings: () => [],
  describe: ({ key, pairs, follows, lost }) => {
    const moved = follows.map(
      ({ table, columns, expected }) => `${expected} of ${table} (${columns.join(', ')})`,
    );
    const gone = lost
      .filter(({ constraint }) => constraint !== undefined)
      .map(({ table, pairs: rows, constraint }) => `${rows.length} of ${table} (${constraint ?? ''})`);
    const one = pairs.length === 1;
    const it = one ? 'it' : 'them';
    const beside =
      moved.length === 0
        ? `nothing else refers to ${it} by a foreign key`
        : `to ${it} come ${moved.join(', ')}`;
    const from = keysText(pairs.map((pair) => pair.from));
    const to = keysText([...new Set(pairs.map((pair) => pair.to))]);
    const what = `${key} ${from} ${one ? 'becomes' : 'become'} one with ${to}`;
    return `${what}; ${beside}${gone.length === 0 ? '' : `; set aside are ${gone.join(', ')}`}`;
  },
  movesRows: true,
};

/** Nothing where not both rows are there. What nobody has decided is in the step, and keeps the plan from being applied. */
function mergeRowsStep(input: StepInput): MergeRowsStep[] {
  const { subject: facts, rules, source, moving = [] } = input.snapshot;
  const { subject } = rules;
  if (subject === undefined || facts?.merging === undefined) return [];
  const { mappings, lost, changed } = facts.merging;
  const columns = new Map(
    changedTables(rules.catalog, subject, mappings).map((one) => [
      one.table,
      one.columns.map(({ column }) => column),
    ]),
  );
  const follows = changed
    .filter(({ rows }) => rows > 0)
    .map(({ table, rows: expected }) => ({ table, columns: [...new Set(columns.get(table))], expected }));
  const gone = lost.reduce((sum, { pairs }) => sum + pairs.length, 0);
  const expected = follows.reduce((sum, one) => sum + one.expected, gone);
  const name = moving.length === 1 ? source.components['natural'] : undefined;
  return [
    {
      ...stepBase(
        input,
        { table: subject.table.id },
        { expected, digest: changed.map(({ digest }) => digest).join(' ') },
      ),
      operation: 'merge-rows',
      entity: source.kind,
      includeDead: true,
      key: subject.key,
      pairs: moving,
      mappings,
      follows,
      lost,
      referring: facts.followers.reduce((sum, { rows }) => sum + rows, -moving.length),
      rows: joinSamples(
        [],
        moving.map(({ from: own }) => ({ key: own, ...given({ name }) })),
      ),
    },
  ];
}
