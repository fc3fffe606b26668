/** What must hold between the entries of a registry. Each rule lists its problems with their places. */
import type { Entries, PlacedEntry } from './documents.ts';
import { describeMatcher, findSharedId } from './matchers.ts';
import type { IdMatcher } from './matchers.ts';
import { problemAt } from './positions.ts';
import type { RegistryProblem } from './positions.ts';
import { armEntries, armMatchers, goesByName, modelsByName, namesOf, vendorOf } from './registry.ts';
import type { Arm, Model, Provider, Runtime } from './shape.ts';

/** The entries, and maps of those that are well-formed. */
interface EntryMaps extends Entries {
  readonly modelsByName: ReadonlyMap<string, Model>;
  readonly providersById: ReadonlyMap<string, Provider>;
}

/** All problems between the entries, in no order. */
export function checkRules(entries: Entries): RegistryProblem[] {
  const known: EntryMaps = {
    ...entries,
    modelsByName: modelsByName({ models: entries.models.map(({ entry }) => entry) }),
    providersById: new Map(entries.providers.map(({ entry }) => [entry.id, entry])),
  };
  return [
    ...versionProblems(entries),
    ...uniqueProblems(entries),
    ...entries.providers.flatMap(providerProblems),
    ...runtimeProblems(known),
    ...modelProblems(known),
    ...overlapProblems(known),
  ];
}

function report(
  { opened, path }: PlacedEntry<unknown>,
  inner: readonly PropertyKey[],
  message: string,
): RegistryProblem {
  return problemAt(opened, [...path, ...inner], message);
}

function versionProblems({ versions }: Entries): RegistryProblem[] {
  if (versions.length === 0)
    return [
      { file: 'registry', line: 1, column: 1, message: 'no document says which version this is: version: …' },
    ];
  return versions
    .slice(1)
    .map((again) => report(again, [], `the version is said twice, first in ${versions[0]?.opened.file}`));
}

function uniqueProblems({ providers, runtimes, models }: Entries): RegistryProblem[] {
  return [
    ...twice('provider', providers, ({ id }) => [id]),
    ...twice('runtime', runtimes, ({ id }) => [id]),
    ...twice('model', models, namesOf),
  ];
}

function twice<Entry>(
  noun: string,
  placed: readonly PlacedEntry<Entry>[],
  namesOf: (entry: Entry) => readonly string[],
): RegistryProblem[] {
  const first = new Map<string, PlacedEntry<Entry>>();
  return placed.flatMap((each) =>
    namesOf(each.entry).flatMap((name) => {
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, each);
      if (earlier === undefined) return [];
      const { file, line } = report(earlier, [], '');
      return [report(each, ['id'], `${noun} ${name} is there already: ${file}:${line}`)];
    }),
  );
}

function providerProblems(placed: PlacedEntry<Provider>): RegistryProblem[] {
  const { id, payer, secrets, variable, matchers, protocol, source } = placed.entry;
  if (payer === 'platform') {
    return matchers.length === 0 && secrets.length === 0
      ? []
      : [
          report(
            placed,
            ['id'],
            `${id} is paid by the platform: it has exact ids only, no matchers and no secrets`,
          ),
        ];
  }
  return [
    ...(source === undefined
      ? [report(placed, ['id'], `${id}: source is missing, where its facts can be read`)]
      : []),
    ...(secrets.length === 0 ? [report(placed, ['id'], `${id}: the tenant pays, with which secrets?`)] : []),
    ...(variable === undefined
      ? [report(placed, ['id'], `${id}: variable is missing, into which the secret is projected`)]
      : []),
    ...(protocol === 'operator'
      ? [
          report(
            placed,
            ['protocol'],
            `${id}: only a provider that the platform pays leaves the protocol to the operator`,
          ),
        ]
      : []),
  ];
}

function runtimeProblems(known: EntryMaps): RegistryProblem[] {
  const { runtimes, broken } = known;
  if (runtimes.length === 0 && broken.runtimes.size === 0)
    return [{ file: 'registry', line: 1, column: 1, message: 'there is no runtime, and there must be one' }];
  return runtimes.flatMap((placed) => [
    ...kindProblems(placed, known),
    ...(placed.entry.arms ?? []).flatMap((arm, at) => armProblems({ placed, arm, at, known })),
  ]);
}

function kindProblems(placed: PlacedEntry<Runtime>, { runtimes, broken }: Entries): RegistryProblem[] {
  const { id, kind, arms, successor, source } = placed.entry;
  const problems: RegistryProblem[] = [];
  if (source === undefined && kind !== 'open')
    problems.push(report(placed, ['id'], `${id}: source is missing, where its facts can be read`));
  if (kind === 'closed' && arms === undefined)
    problems.push(report(placed, ['kind'], `${id} is closed and has no arms: nothing could run there`));
  if (kind !== 'closed' && arms !== undefined)
    problems.push(report(placed, ['arms'], `${id} is ${kind}: it has no arms`));
  if (successor === undefined) return problems;
  const next = runtimes.find(({ entry }) => entry.id === successor)?.entry;
  if (kind !== 'retired')
    problems.push(report(placed, ['successor'], `${id} is not retired; successor says nothing`));
  else if (next?.kind === 'retired')
    problems.push(report(placed, ['successor'], `the successor ${successor} is retired itself`));
  else if (next === undefined && !broken.runtimes.has(successor))
    problems.push(report(placed, ['successor'], `there is no runtime ${successor}`));
  return problems;
}

interface PlacedArm {
  readonly placed: PlacedEntry<Runtime>;
  readonly arm: Arm;
  readonly at: number;
  readonly known: EntryMaps;
}

function armProblems({ placed, arm, at, known }: PlacedArm): RegistryProblem[] {
  const { id, arms = [] } = placed.entry;
  const problems = armModelProblems({ placed, arm, at, known });
  const here = ['arms', at, 'provider'];
  if (arms.findIndex(({ provider }) => provider === arm.provider) < at)
    problems.push(report(placed, here, `${id} has an arm of ${arm.provider} already`));
  const provider = known.providersById.get(arm.provider);
  if (provider === undefined) {
    if (!known.broken.providers.has(arm.provider))
      problems.push(report(placed, here, `there is no provider ${arm.provider}`));
    return problems;
  }
  if (provider.payer === 'platform' && goesByName(arm))
    problems.push(
      report(placed, here, `the platform pays for ${provider.id}: its arm lists exact ids, and only those`),
    );
  else if (goesByName(arm) && armMatchers(arm, provider).length === 0)
    problems.push(
      report(placed, here, `${provider.id} has no matchers for it, so going by name reaches nothing`),
    );
  return problems;
}

function armModelProblems({ placed, arm, at, known }: PlacedArm): RegistryProblem[] {
  const seen = new Set<string>();
  return armEntries(arm).flatMap(({ id, model }, index) => {
    const here = ['arms', at, 'models', index];
    const again = seen.has(id);
    seen.add(id);
    if (again) return [report(placed, here, `${id} is in this arm already`)];
    const { kind = 'completion' } = known.modelsByName.get(model) ?? {};
    if (kind !== 'completion')
      return [
        report(placed, here, `${model} is a model for ${kind}; what runs agents takes completion models`),
      ];
    if (knowsModel(known, model)) return [];
    const way = id === model ? '; where the runtime spells it otherwise write { id: …, model: … }' : '';
    return [report(placed, here, `there is no model ${model}${way}`)];
  });
}

function knowsModel({ modelsByName, broken }: EntryMaps, id: string): boolean {
  return broken.models.has(id) || modelsByName.has(id);
}

function modelProblems(known: EntryMaps): RegistryProblem[] {
  const vendors = new Set([
    ...known.providers.map(({ entry }) => vendorOf(entry)),
    ...known.broken.providers,
  ]);
  return known.models.flatMap((placed) => [
    ...(vendors.has(placed.entry.vendor)
      ? []
      : [report(placed, ['vendor'], `no provider serves the models of ${placed.entry.vendor}`)]),
    ...replacementProblems(placed, known),
  ]);
}

function replacementProblems(placed: PlacedEntry<Model>, known: EntryMaps): RegistryProblem[] {
  const { replacement } = placed.entry.lifecycle;
  if (replacement === undefined) return [];
  const here = ['lifecycle', 'replacement'];
  if (!knowsModel(known, replacement)) return [report(placed, here, `there is no model ${replacement}`)];
  const next = known.modelsByName.get(replacement);
  if (next !== undefined && next.kind !== placed.entry.kind)
    return [report(placed, here, `${replacement} is of the kind ${next.kind}, not ${placed.entry.kind}`)];
  return leadsBack(placed.entry, known)
    ? [report(placed, here, `the replacements of ${placed.entry.id} lead in a circle`)]
    : [];
}

function leadsBack(model: Model, known: EntryMaps): boolean {
  const seen = new Set<string>();
  let at: Model | undefined = model;
  while (at?.lifecycle.replacement !== undefined && !seen.has(at.id)) {
    seen.add(at.id);
    at = known.modelsByName.get(at.lifecycle.replacement);
  }
  return at !== undefined && seen.has(at.id);
}

/**
 * Two arms of one runtime that go by name must not take the same id, because nothing would decide between them. Arms of one
 * vendor without a common secret may (a key and a subscription): there the available secrets decide.
 */
function overlapProblems({ runtimes, providersById }: EntryMaps): RegistryProblem[] {
  return runtimes.flatMap((placed) => {
    const arms = (placed.entry.arms ?? []).flatMap((arm, at) => {
      const provider = providersById.get(arm.provider);
      return provider === undefined || !goesByName(arm)
        ? []
        : [{ provider, matchers: armMatchers(arm, provider), at }];
    });
    return arms.flatMap((arm, index) =>
      arms.slice(0, index).flatMap((earlier) => {
        if (arm.provider === earlier.provider || secretsDecide(arm.provider, earlier.provider)) return [];
        const [overlap] = overlapsOf(earlier, arm);
        if (overlap === undefined) return [];
        return [report(placed, ['arms', arm.at, 'provider'], `${placed.entry.id}: ${overlap}`)];
      }),
    );
  });
}

interface ArmByName {
  readonly provider: Provider;
  readonly matchers: readonly IdMatcher[];
}

function overlapsOf(a: ArmByName, b: ArmByName): string[] {
  return a.matchers.flatMap((left) =>
    b.matchers.flatMap((right) => {
      const id = findSharedId(left, right);
      if (id === undefined) return [];
      const [first, second] = [describeMatcher(left), describeMatcher(right)];
      return [`${a.provider.id} (${first}) and ${b.provider.id} (${second}) both take ${id}`];
    }),
  );
}

function secretsDecide(a: Provider, b: Provider): boolean {
  return vendorOf(a) === vendorOf(b) && a.secrets.every((name) => !b.secrets.includes(name));
}
