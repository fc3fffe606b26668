/** rekey: a row gets another key, and with it every column that refers to it by a foreign key, at any depth. */
import { given } from '../given.ts';
import { isWrittenAnew } from '../rules/rows/followers.ts';
import type { RekeyStep } from '../plan/plan-types.ts';
import { rowCount } from '../plan/row-text.ts';
import { type Operation, stepBase, type StepInput } from './operation.ts';

export const rekey: Operation<RekeyStep> = {
  plan: rekeyStep,
  touches: () => [],
  mappings: () => [],
  describe: ({ key, from, to, follows, anew }) => {
    const others = follows.slice(1).filter(({ expected }) => expected > 0);
    const list = others.map(
      ({ table, columns, expected }) => `${expected} of ${table} (${columns.join(', ')})`,
    );
    const own = (follows[0]?.expected ?? 1) - 1;
    const more = own > 0 ? [`${rowCount(own)} of the same table`, ...list] : list;
    const how = anew === true ? ', the row being written anew' : '';
    const beside = more.length === 0 ? 'nothing refers to it by a foreign key' : `with it ${more.join(', ')}`;
    return `${key} ${from} becomes ${to}${how}; ${beside}`;
  },
  movesRows: true,
};

/** Nothing where no row has the key any more, or where another one has the key to be. */
function rekeyStep(input: StepInput): RekeyStep[] {
  const { subject: facts, rules, source, target, found = [] } = input.snapshot;
  const { subject } = rules;
  if (facts === undefined || subject === undefined || source.key === undefined || target.key === undefined)
    return [];
  if (facts.merging !== undefined) return [];
  if (found.some(({ code }) => code === 'SOURCE_ROW_GONE' || code === 'BOTH_ROWS_EXIST')) return [];
  const follows = facts.followers
    .map(({ table, rows: expected }, at) => ({
      table,
      columns: [...new Set(subject.followers[at]?.columns.map(({ column }) => column))],
      expected,
    }))
    .filter(({ expected }, at) => expected > 0 || at === 0);
  const expected = follows.reduce((sum, one) => sum + one.expected, 0);
  const digest = facts.followers.map((one) => one.digest).join(' ');
  const name = source.components['natural'];
  return [
    {
      ...stepBase(input, { table: subject.table.id }, { expected, digest }),
      operation: 'rekey',
      entity: input.snapshot.source.kind,
      includeDead: true,
      key: subject.key,
      from: source.key,
      to: target.key,
      ...(isWrittenAnew(subject) ? { anew: true as const } : {}),
      follows,
      rows: [{ key: source.key, ...given({ name }) }],
    },
  ];
}
