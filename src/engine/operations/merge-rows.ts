/** merge-rows: two rows become one. What refers to the one that goes refers to the other; rows that cannot stay beside others go, too. */
import { given } from '../given.ts';
import type { MergeRowsStep } from '../plan/plan-types.ts';
import { changedTables } from '../rules/rows/merging.ts';
import { type Operation, stepBase, type StepInput } from './operation.ts';

export const mergeRows: Operation<MergeRowsStep> = {
  plan: mergeRowsStep,
  touches: () => [],
  mappings: () => [],
  describe: ({ key, from, to, follows, lost }) => {
    const moved = follows.map(
      ({ table, columns, expected }) => `${expected} of ${table} (${columns.join(', ')})`,
    );
    const gone = lost
      .slice(1)
      .map(({ table, pairs, constraint }) => `${pairs.length} of ${table} (${constraint ?? ''})`);
    const beside =
      moved.length === 0 ? 'nothing else refers to it by a foreign key' : `to it come ${moved.join(', ')}`;
    return `${key} ${from} becomes one with ${to}; ${beside}${gone.length === 0 ? '' : `; set aside are ${gone.join(', ')}`}`;
  },
  movesRows: true,
};

/** Nothing where not both rows are there. What nobody has decided is in the step, and keeps the plan from being applied. */
function mergeRowsStep(input: StepInput): MergeRowsStep[] {
  const { subject: facts, rules, source, target } = input.snapshot;
  const { subject } = rules;
  if (
    subject === undefined ||
    facts?.merging === undefined ||
    source.key === undefined ||
    target.key === undefined
  )
    return [];
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
  const name = source.components['natural'];
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
      from: source.key,
      to: target.key,
      mappings,
      follows,
      lost,
      referring: facts.followers.reduce((sum, { rows }) => sum + rows, -1),
      rows: [{ key: source.key, ...given({ name }) }],
    },
  ];
}
