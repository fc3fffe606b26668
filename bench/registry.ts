/**
 * `npm run bench:registry`: verdicts per second, in this process, for a registry of 2 000 models and 20 runtimes. Each kind of
 * question is asked in rounds over many different ids, so that nothing is answered from a cache of one; the median counts.
 */
import Table from 'cli-table3';
import type { RoutingRequest } from '../src/registry/choose-arm.ts';
import { finish } from '../src/registry/load.ts';
import type { LoadedRegistry } from '../src/registry/load.ts';
import { judge } from '../src/registry/routability.ts';
import type { Model, Provider, Registry, Runtime } from '../src/registry/shape.ts';

const modelCount = 2_000;
const runtimeCount = 20;
const providerCount = 25;
const rounds = 15;

const source = 'https://example.org/';

function buildRegistry(): LoadedRegistry {
  const vendors = Array.from({ length: providerCount }, (_, at) => `vendor${String.fromCharCode(97 + at)}`);
  const models = Array.from({ length: modelCount }, (_, at): Model => {
    const vendor = vendors[at % providerCount] ?? '';
    const lifecycle = { status: 'active' as const };
    return { id: `${vendor}-${at}`, name: `Model ${at}`, vendor, family: vendor, kind: 'completion', lifecycle, source, checked: '2026-01-01' };
  }); // prettier-ignore
  const registry: Registry = {
    version: 'bench',
    levels: {},
    providers: vendors.flatMap(providersOf),
    runtimes: Array.from({ length: runtimeCount }, (_, at) => runtimeOf(at, vendors, models)),
    models,
  };
  return finish(registry);
}

/** Each vendor with a key and with a subscription, matched by a word and by a pattern. */
function providersOf(vendor: string): Provider[] {
  const of = (id: string, secret: string): Provider => ({
    id,
    label: id,
    vendor,
    protocol: 'openai-chat',
    payer: 'tenant',
    secrets: [secret],
    variable: secret,
    matchers: [{ word: vendor, after: ['-', '/', ':'] }, { pattern: `^${vendor}[0-9]{1,3}(-[a-z]+)?$` }],
    source,
  });
  return [of(vendor, `${vendor.toUpperCase()}_KEY`), of(`${vendor}-login`, `${vendor.toUpperCase()}_TOKEN`)];
}

/** Half of the vendors list their models, the rest go by name; the last vendor with both of its providers. */
function runtimeOf(at: number, vendors: readonly string[], models: readonly Model[]): Runtime {
  const arms = vendors.flatMap((vendor, index) => {
    const ids = models.filter((model) => model.vendor === vendor).map(({ id }) => id);
    if ((index + at) % 2 === 0) return [{ provider: vendor, models: ids }];
    return index === providerCount - 1
      ? [{ provider: vendor }, { provider: `${vendor}-login` }]
      : [{ provider: vendor }];
  });
  return { id: `runtime-${at}`, label: `Runtime ${at}`, kind: 'closed', arms, source };
}

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
row('by name: a pattern', patterned, '200,000');
row('by name: two arms, the secrets decide', decided, '200,000');
row('refused, with suggestions', unknown, '', 'refuse');
process.stdout.write(
  `${modelCount} models, ${runtimeCount} runtimes, ${loaded.registry.providers.length} providers; made ready in ${Math.round(built)} ms\n${table.toString()}\n`,
);
