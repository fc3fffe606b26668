/** A second, plain reading of the table of the verdict. Both readings must agree on random registries and questions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RoutingRequest } from '../../src/registry/verdict/choose-arm.ts';
import { finish } from '../../src/registry/load/load.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import type { Verdict } from '../../src/registry/verdict/routability.ts';
import type { Arm, Model, Provider, Registry, Runtime } from '../../src/registry/load/shape.ts';

const source = 'https://example.org';

const providers: readonly Provider[] = [
  { id: 'ann', label: 'Ann', protocol: 'openai-chat', payer: 'tenant', secrets: ['A', 'A2'], variable: 'A', matchers: [{ word: 'an', after: ['-', '/'] }], source },
  { id: 'ann-too', vendor: 'ann', label: 'Ann, too', protocol: 'openai-chat', payer: 'tenant', secrets: ['B'], variable: 'B', matchers: [{ word: 'an', after: ['-'], ignoreCase: true }], source },
  { id: 'bob', label: 'Bob', protocol: 'openai-chat', payer: 'tenant', secrets: ['C', 'A'], variable: 'C', matchers: [{ forms: ['an-#', 'an-#x', 'b-#', 'b:#'] }, { word: 'bob', after: [':', '/'] }], source },
  { id: 'platform', label: 'We', protocol: 'operator', payer: 'platform', secrets: [], matchers: [] },
]; // prettier-ignore

/** The same matchers, written by hand. Three of them take `an-1`. */
const names: Readonly<Record<string, Readonly<Record<'-' | '/' | ':' | 'forms', RegExp>>>> = {
  ann: { '-': /^an-[!-~]+$/, '/': /^an\/[!-~]+$/, ':': /^\b$/, forms: /^\b$/ },
  'ann-too': { '-': /^an-[!-~]+$/i, '/': /^\b$/, ':': /^\b$/, forms: /^\b$/ },
  bob: { '-': /^\b$/, '/': /^bob\/[!-~]+$/, ':': /^bob:[!-~]+$/, forms: /^(an-[0-9]+x?|b[-:][0-9]+)$/ },
};

const ids = ['an-1', 'an-2', 'an-old', 'An-1', 'b-7', 'b:7', 'bob/one', 'an-7x', 'zed'];
const spellings = [...ids, ...ids.map((id) => id.toUpperCase()), ...ids.map((id) => `an/${id}`), ...ids.map((id) => `bob:${id}`), 'ant-1', 'an', 'an-', '', '  ', `an-${'9'.repeat(200)}`]; // prettier-ignore

const lifecycle: fc.Arbitrary<Model['lifecycle']> = fc.record(
  {
    status: fc.constantFrom('active', 'deprecated', 'withdrawn', 'retired'),
    shutdown: fc.constantFrom('2026-01-01', '2026-06-01'),
  },
  { requiredKeys: ['status'] },
);

const models: fc.Arbitrary<Model[]> = fc
  .tuple(fc.subarray(ids, { minLength: 1 }), fc.array(fc.tuple(lifecycle, fc.constantFrom('ann', 'bob')), { minLength: 9, maxLength: 9 }))
  .map(([some, facts]) => some.map((id, at) => ({ id, name: id, vendor: facts[at]?.[1] ?? 'ann', family: 'f', kind: 'completion', lifecycle: facts[at]?.[0] ?? { status: 'active' }, source, checked: '2026-01-01' }))); // prettier-ignore

function arms(known: readonly Model[]): fc.Arbitrary<Arm[]> {
  const listed = fc.subarray(
    known.flatMap(({ id }) => [id, { id: `my-${id}`, model: id }]),
    { minLength: 1 },
  );
  const arm = (provider: string): fc.Arbitrary<Arm> =>
    provider === 'platform'
      ? listed.map((own) => ({ provider, models: own }))
      : fc.record({
          provider: fc.constant(provider),
          models: fc.option(listed, { nil: undefined }),
          byName: fc.boolean(),
          separators: fc.option(fc.subarray(['-', '/', ':'], { minLength: 1 }), { nil: undefined }),
        });
  return fc
    .shuffledSubarray(
      providers.map(({ id }) => id),
      { minLength: 1 },
    )
    .chain((order) => fc.tuple(...order.map(arm)));
}

const registry: fc.Arbitrary<Registry> = models.chain((known) =>
  fc.tuple(arms(known), arms(known)).map(([desk, shed]) => ({
    version: '1',
    levels: {},
    providers,
    runtimes: [
      { id: 'desk', label: 'Desk', kind: 'closed', arms: desk, source },
      { id: 'shed', label: 'Shed', kind: 'closed', arms: shed, source },
      { id: 'field', label: 'Field', kind: 'open' },
      { id: 'barn', label: 'Barn', kind: 'retired', successor: 'desk', source },
    ] satisfies Runtime[],
    models: known,
  })),
);

const request: fc.Arbitrary<RoutingRequest> = fc.record({
  runtime: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('desk', 'shed') }, fc.constantFrom('field', 'barn', 'nowhere', '__proto__')),
  model: fc.tuple(fc.constantFrom('', ' ', '\n'), fc.constantFrom(...spellings, ...ids.map((id) => `my-${id}`))).map(([space, id]) => space + id + space),
  secrets: fc.option(fc.subarray(['A', 'A2', 'B', 'C', 'D']).map((some) => new Set(some)), { nil: undefined }),
  existing: fc.boolean(),
  today: fc.constantFrom(undefined, '2025-12-31', '2026-01-01', '2026-07-01'),
}); // prettier-ignore

/** What is compared of a verdict: who, who pays, or why not. */
function outline(verdict: Verdict): string {
  if (verdict.verdict === 'not-asked') return 'not asked';
  if (verdict.verdict === 'refuse') return `${verdict.code} ${verdict.provider}`;
  return `${verdict.provider} ${verdict.payer}${verdict.verified ? '' : ', unverified'}`;
}

/** Rows 1 to 11, one after the other. */
function judgeAgain(registry: Registry, { runtime, model, secrets, existing, today }: RoutingRequest): string {
  const id = (model ?? '').trim();
  if (id === '') return 'not asked';
  const where = registry.runtimes.find((each) => each.id === runtime);
  if (where === undefined || where.kind === 'retired') return 'RUNTIME_UNSUPPORTED null';
  if (where.kind === 'open') return 'null tenant, unverified';
  const all = where.arms ?? [];
  const usable = (some: readonly Arm[]): Arm[] =>
    some.filter((arm) => providerOf(arm).secrets.some((name) => secrets?.has(name)));
  const listing = all.filter((arm) => entry(arm, id) !== undefined);
  const taking = listing.length > 0 ? [] : all.filter((arm) => takesName(arm, id));
  const decided = usable([...listing, ...taking]);
  const first = listing[0] ?? (taking.length === 1 ? taking[0] : undefined);
  const arm = listing.length + taking.length > 1 && (decided.length === 1 || listing.length > 0) ? (decided[0] ?? first) : first;
  if (arm === undefined) return taking.length > 0 ? 'AMBIGUOUS_MODEL_FOR_RUNTIME null' : 'UNREGISTERED_MODEL_FOR_RUNTIME null';
  const provider = providerOf(arm);
  const facts = listing.length > 0 ? registry.models.find((each) => each.id === entry(arm, id)) : meant(registry, id, provider.vendor ?? provider.id);
  const { status, shutdown } = facts?.lifecycle ?? { status: 'active' };
  const over = status === 'retired' || (today !== undefined && shutdown !== undefined && shutdown <= today);
  if (over || (status === 'withdrawn' && existing !== true)) return `MODEL_WITHDRAWN ${provider.id}`;
  return `${provider.id} ${provider.payer}`;
} // prettier-ignore

function providerOf(arm: Arm): Provider {
  const found = providers.find(({ id }) => id === arm.provider);
  assert.ok(found);
  return found;
}

/** The model that an arm means by an id that it lists. */
function entry({ models: listed = [] }: Arm, id: string): string | undefined {
  const found = listed.find((each) => (typeof each === 'string' ? each : each.id) === id);
  return typeof found === 'object' ? found.model : found;
}

function takesName({ provider, models: listed, byName, separators }: Arm, id: string): boolean {
  const known = names[provider];
  if (known === undefined || id.length > 200 || (listed !== undefined && byName !== true)) return false;
  const allowed = separators ?? (['-', '/', ':', 'forms'] as const);
  return allowed.some((each) => known[each].test(id));
}

/** Of the vendor's models the one of that name, with or without a word before it, in another case if need be. */
function meant({ models: known }: Registry, id: string, vendor: string): Model | undefined {
  const own = id.replace(/^[^/:]*[/:]/, '');
  const ours = known.filter((model) => model.vendor === vendor);
  const tests = [id, own, id.toLowerCase(), own.toLowerCase()];
  return tests.map((name, at) => ours.find((model) => (at < 2 ? model.id : model.id.toLowerCase()) === name)).find((model) => model !== undefined); // prettier-ignore
}

test('two readings of the table agree', () => {
  fc.assert(
    fc.property(registry, fc.array(request, { minLength: 20, maxLength: 20 }), (known, requests) => {
      const loaded = finish(known);
      for (const each of requests)
        assert.equal(outline(judge(loaded, each)), judgeAgain(known, each), JSON.stringify(each));
    }),
    { numRuns: 900 },
  );
});
