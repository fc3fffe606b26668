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

const ids = ['an-1', 'an-2', 'an-old', 'b-7', 'bob/one', 'an-7x', 'zed'];
const written = [...ids, 'an-9', 'an-5', 'new'];
const spellings = [...ids, ...ids.map((id) => id.toUpperCase()), ...['an/', 'bob:', 'bob/'].flatMap((word) => written.map((id) => word + id)), ...[':free', '@default', '-', '?x=1', '//1'].flatMap((end) => written.flatMap((id) => [id + end, `an/${id}${end}`])), 'an_1', 'an-o-l-d', 'b-9', 'ant-1', 'an', 'an-', 'an//1', '', '  ', `an-${'9'.repeat(200)}`]; // prettier-ignore

const lifecycle: fc.Arbitrary<Model['lifecycle']> = fc.record(
  {
    status: fc.constantFrom('active', 'deprecated', 'withdrawn', 'retired'),
    shutdown: fc.constantFrom('2026-01-01', '2026-06-01'),
  },
  { requiredKeys: ['status'] },
);

const models: fc.Arbitrary<Model[]> = fc
  .tuple(fc.subarray(ids, { minLength: 1 }), fc.array(fc.tuple(lifecycle, fc.constantFrom('ann', 'bob'), fc.constantFrom('completion', 'completion', 'embedding')), { minLength: 9, maxLength: 9 }))
  .map(([some, facts]) => some.map((id, at) => ({ id, name: id, vendor: facts[at]?.[1] ?? 'ann', family: 'f', kind: facts[at]?.[2] ?? 'completion', lifecycle: facts[at]?.[0] ?? { status: 'active' }, source, checked: '2026-01-01' }))); // prettier-ignore

function arms(known: readonly Model[]): fc.Arbitrary<Arm[]> {
  const listed = fc
    .subarray(
      known.flatMap(({ id }) => [id, { id, withdrawn: '2026-03-01' }, { id: `my-${id}`, model: id }]),
      { minLength: 1 },
    )
    .map((some) => some.filter((each, at) => at === some.findIndex((other) => idOf(other) === idOf(each))));
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
function judgeAgain(registry: Registry, request: RoutingRequest): string {
  const { runtime, secrets } = request;
  const id = (request.model ?? '').trim();
  if (id === '') return 'not asked';
  const where = registry.runtimes.find((each) => each.id === runtime);
  if (where === undefined || where.kind === 'retired') return 'RUNTIME_UNSUPPORTED null';
  if (where.kind === 'open') return 'null tenant, unverified';
  const all = where.arms ?? [];
  const usable = (some: readonly Arm[]): Arm[] =>
    some.filter((arm) => providerOf(arm).secrets.some((name) => secrets?.has(name)));
  const listing = all.filter((arm) => entry(arm, id) !== undefined);
  const factsOf = (arm: Arm): Model | undefined => registry.models.find((each) => each.id === entry(arm, id)?.model);
  const open = listing.filter((arm) => ending(arm, factsOf(arm), request, entry(arm, id)?.withdrawn) === undefined);
  const taking = listing.length > 0 ? [] : all.filter((arm) => takesName(arm, id));
  const reached = taking.filter((arm) => meant(registry, arm, id) !== 'other');
  const candidates = listing.length === 0 ? reached : open.length > 0 ? open : listing;
  const decided = usable(candidates);
  if (listing.length === 0 && candidates.length > 1 && decided.length !== 1) return 'AMBIGUOUS_MODEL_FOR_RUNTIME null';
  const arm = candidates.length > 1 ? (decided[0] ?? candidates[0]) : candidates[0];
  if (arm === undefined) return explainOther(registry, taking[0], id, request);
  const facts = listing.length > 0 ? factsOf(arm) : meant(registry, arm, id);
  assert.ok(facts !== 'other');
  if (facts !== undefined && facts.kind !== 'completion') return 'UNREGISTERED_MODEL_FOR_RUNTIME null';
  const end = ending(arm, facts, request, entry(arm, id)?.withdrawn);
  if (end !== undefined) return `MODEL_WITHDRAWN ${arm.provider}`;
  return `${arm.provider} ${providerOf(arm).payer}${listing.length > 0 ? '' : ', unverified'}`;
} // prettier-ignore

/** Its vendor's own model by another id: that it ended goes before that it is not called so. */
function explainOther(registry: Registry, arm: Arm | undefined, id: string, request: RoutingRequest): string {
  const model = arm && inAnySpelling(registry, textsOf(arm, id), vendorOf(arm));
  const ended = arm && model?.kind === 'completion' && model.vendor === vendorOf(arm) && ending(arm, model, { ...request, existing: false }, undefined) !== undefined; // prettier-ignore
  return ended === true ? `MODEL_WITHDRAWN ${arm?.provider}` : 'UNREGISTERED_MODEL_FOR_RUNTIME null';
}

function ending(
  arm: Arm,
  model: Model | undefined,
  { today, existing }: RoutingRequest,
  withdrawn: string | undefined,
): 'over' | 'not anew' | undefined {
  const past = (day: string | undefined): boolean => today !== undefined && day !== undefined && day <= today;
  const { status, shutdown } = model?.lifecycle ?? { status: 'active' };
  const ended = status === 'retired' || past(shutdown);
  const others = model?.vendor !== vendorOf(arm) && providerOf(arm).payer === 'tenant';
  if (ended && !others) return 'over';
  return (ended || status === 'withdrawn' || past(withdrawn)) && existing !== true ? 'not anew' : undefined;
}

function vendorOf(arm: Arm): string {
  const { id, vendor } = providerOf(arm);
  return vendor ?? id;
}

function providerOf(arm: Arm): Provider {
  const found = providers.find(({ id }) => id === arm.provider);
  assert.ok(found);
  return found;
}

function idOf(each: NonNullable<Arm['models']>[number]): string {
  return typeof each === 'string' ? each : each.id;
}

/** What an arm says of an id that it lists. */
function entry({ models: listed = [] }: Arm, id: string): { model: string; withdrawn?: string | undefined } | undefined {
  const found = listed.find((each) => idOf(each) === id);
  if (found === undefined) return undefined;
  return typeof found === 'string' ? { model: found } : { model: found.model ?? found.id, withdrawn: found.withdrawn };
} // prettier-ignore

function takesName({ provider, models: listed, byName, separators }: Arm, id: string): boolean {
  const known = names[provider];
  if (known === undefined || id.length > 200 || !isId(id) || (listed !== undefined && byName !== true))
    return false;
  const allowed = separators ?? (['-', '/', ':', 'forms'] as const);
  return allowed.some((each) => known[each].test(id));
}

/** Letters, digits and signs; no sign stands at an end or beside another one. */
function isId(id: string): boolean {
  const isSign = (at: number): boolean => '._+~-/:@'.includes(id.charAt(at));
  return id.split('').every((one, at) => (isSign(at) ? at > 0 && at < id.length - 1 && !isSign(at - 1) : /[A-Za-z0-9]/.test(one))); // prettier-ignore
}

/** The id, and what stands behind the word of a provider that this arm takes with its separator. */
function textsOf({ provider, separators = ['-', '/', ':'] }: Arm, id: string): string[] {
  const words = provider === 'ann' ? ['an/'] : provider === 'bob' ? ['bob:', 'bob/'] : [];
  const word = words.find((each) => id.startsWith(each) && separators.some((one) => each.endsWith(one)));
  return word === undefined ? [id] : [id, id.slice(word.length)];
}

/** The model that an arm reads behind a name; `other` where the registry knows that the arm does not reach it. */
function meant(registry: Registry, arm: Arm, id: string): Model | 'other' | undefined {
  const own = registry.models.filter((model) => model.vendor === vendorOf(arm));
  const texts = textsOf(arm, id);
  const exact = texts.map((text) => own.find((model) => model.id === text)).find((model) => model !== undefined);
  const anyCase = arm.provider === 'ann-too' ? own.find((model) => model.id.toLowerCase() === id.toLowerCase()) : undefined;
  if (exact ?? anyCase) return exact ?? anyCase;
  const model = inAnySpelling(registry, texts, vendorOf(arm));
  if (own.length === 0) return model;
  const strange = ['/', ':', '@'].some((sign) => texts.at(-1)?.includes(sign) === true && !own.some((each) => each.id.includes(sign)));
  return model !== undefined || strange ? 'other' : undefined;
} // prettier-ignore

/** The vendor's own before another's. */
function inAnySpelling(
  { models: known }: Registry,
  texts: readonly string[],
  vendor: string,
): Model | undefined {
  const letters = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const parts = texts.flatMap((text) => [text, text.replace(/[:@][^/]*$/, '')]).flatMap((text) => [text, text.slice(text.lastIndexOf('/') + 1)]); // prettier-ignore
  const found = known.filter(({ id }) => parts.some((part) => letters(part) === letters(id)));
  return found.find((model) => model.vendor === vendor) ?? found[0];
}

test('two readings of the table agree', () => {
  fc.assert(
    fc.property(registry, fc.array(request, { minLength: 20, maxLength: 20 }), (known, requests) => {
      const loaded = finish(known);
      for (const each of requests)
        assert.equal(outline(judge(loaded, each)), judgeAgain(known, each), JSON.stringify(each));
    }),
    { numRuns: 450 },
  );
});
