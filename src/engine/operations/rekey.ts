/** rekey: rows get other keys, and with them every column that refers to one of them by a foreign key, at any depth. */
import { given } from '../given.ts';
import { keysText } from '../key-pairs.ts';
import { isWrittenAnew } from '../rules/rows/followers.ts';
import type { RekeyStep } from '../plan/plan-types.ts';
import { joinSamples } from '../plan/decide.ts';
import { rowCount } from '../plan/row-text.ts';
import { type Operation, stepBase, type StepInput } from './operation.ts';

export const rekey: Operation<RekeyStep> = {
  plan: rekeyStep,
  touches: () => [],
  mappings: () => [],
  describe: ({ key, pairs, follows, anew }) => {
    const others = follows.slice(1).filter(({ expected }) => expected > 0);
    const list = others.map(
      ({ table, columns, expected }) => `${expected} of ${table} (${columns.join(', ')})`,
    );
    const own = (follows[0]?.expected ?? pairs.length) - pairs.length;
    const more = own > 0 ? [`${rowCount(own)} of the same table`, ...list] : list;
    const one = pairs.length === 1;
    const how = anew === true ? `, the ${one ? 'row' : 'rows'} being written anew` : '';
    const them = one ? 'it' : 'them';
    const beside =
      more.length === 0 ? `nothing refers to ${them} by a foreign key` : `with ${them} ${more.join(', ')}`;
    const from = keysText(pairs.map((pair) => pair.from));
    const to = keysText(pairs.map((pair) => pair.to));
    return `${key} ${from} ${one ? 'becomes' : 'become'} ${to}${how}; ${beside}`;
  },
  movesRows: true,
};

/** One step for each round; none where no row gets another key. */
function rekeyStep(input: StepInput): RekeyStep[] {
  const { subject: facts, rules, source } = input.snapshot;
  const { subject } = rules;
  if (facts === undefined || subject === undefined) return [];
  const moving = input.snapshot.moving?.length ?? 0;
  return facts.rounds.map(({ pairs, followers }, at) => {
    const follows = followers
      .map(({ table, rows: expected }, number) => ({
        table,
        columns: [...new Set(subject.followers[number]?.columns.map(({ column }) => column))],
        expected,
      }))
      .filter(({ expected }, number) => expected > 0 || number === 0);
    const expected = follows.reduce((sum, one) => sum + one.expected, 0);
    const digest = followers.map((one) => one.digest).join(' ');
    const name = pairs.length === 1 ? source.components['natural'] : undefined;
    return {
      ...stepBase(input, { table: subject.table.id }, { expected, digest }),
      operation: 'rekey',
      entity: input.snapshot.source.kind,
      includeDead: true,
      key: subject.key,
      pairs,
      referring: at > 0 ? 0 : facts.followers.reduce((sum, { rows }) => sum + rows, -moving),
      ...(isWrittenAnew(subject) ? { anew: true as const } : {}),
      follows,
      rows: joinSamples(
        [],
        pairs.map(({ from: own }) => ({ key: own, ...given({ name }) })),
      ),
    };
  });
}
