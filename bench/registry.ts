/**
 * `npm run bench:registry`: verdicts per second, in this process, for a registry of 2 000 models and 20 runtimes. Each kind of
 * question is asked in rounds over many different ids, so that nothing is answered from a cache of one; the median counts.
 */
import Table from 'cli-table3';
import type { RoutingRequest } from '../src/registry/verdict/choose-arm.ts';
import type { LoadedRegistry } from '../src/registry/load/load.ts';
import { judge } from '../src/registry/verdict/routability.ts';
import { buildRegistry, modelCount, runtimeCount } from './registry-fixture.ts';

const rounds = 15;

/** Verdicts per second over all questions, the median of the rounds. */
function measure(
  loaded: LoadedRegistry,
  questions: readonly RoutingRequest[],
  expected: 'allow' | 'refuse',
): number {
  const repeats = Math.max(1, Math.ceil((expected === 'refuse' ? 2_000 : 400_000) / questions.length));
  const rates = Array.from({ length: rounds }, () => {
    const begin = process.hrtime.bigint();
    let matching = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1)
      for (const question of questions) if (judge(loaded, question).verdict === expected) matching += 1;
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    if (matching !== repeats * questions.length) throw new Error('A verdict is not the expected one.');
    return matching / seconds;
  });
  return rates.toSorted((a, b) => a - b)[rounds >> 1] ?? 0;
}

const began = performance.now();
const loaded = buildRegistry();
const built = performance.now() - began;
const runtimes = [...loaded.routes.runtimes.values()];
const listed = runtimes.flatMap(({ runtime, listed: ids }) =>
  [...ids.keys()].map((model) => ({ runtime: runtime.id, model })),
);
const named = runtimes.flatMap(({ runtime, named: arms }) =>
  arms
    .filter(({ route }) => !route.provider.startsWith('vendory'))
    .flatMap(({ route }) =>
      Array.from({ length: 20 }, (_, at) => ({ runtime: runtime.id, model: `${route.provider}/new-${at}` })),
    ),
);
const patterned = named.map(({ runtime, model }, at) => ({
  runtime,
  model: `${model.replace(/\/.*/, '')}${at % 1000}`,
}));
const decided = runtimes
  .filter(({ named: arms }) => arms.some(({ route }) => route.provider === 'vendory-login'))
  .flatMap(({ runtime }) =>
    Array.from({ length: 50 }, (_, at) => ({
      runtime: runtime.id,
      model: `vendory/new-${at}`,
      secrets: new Set(['VENDORY_TOKEN']),
    })),
  );
const unknown = runtimes.map(({ runtime }, at) => ({ runtime: runtime.id, model: `nobody-has-this-${at}` }));

const table = new Table({
  head: ['question', 'ids', 'verdicts/s', 'target'],
  style: { head: [], border: [] },
  colAligns: ['left', 'right', 'right', 'right'],
});
const row = (
  name: string,
  questions: readonly RoutingRequest[],
  target: string,
  expected: 'allow' | 'refuse' = 'allow',
): void =>
  void table.push([
    name,
    questions.length.toLocaleString('en'),
    Math.round(measure(loaded, questions, expected)).toLocaleString('en'),
    target,
  ]);
row('exact id', listed, '1,000,000');
row(
  'exact id, with spaces around it',
  listed.map((each) => ({ ...each, model: ` ${each.model} ` })),
  '',
);
row('by name: a word and its boundary', named, '200,000');
row('by name: a form', patterned, '200,000');
row('by name: two arms, the secrets decide', decided, '200,000');
row('refused, with suggestions', unknown, '', 'refuse');
process.stdout.write(
  `${modelCount} models, ${runtimeCount} runtimes, ${loaded.registry.providers.length} providers; made ready in ${Math.round(built)} ms\n${table.toString()}\n`,
);
