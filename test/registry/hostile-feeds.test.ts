/** An import makes a valid registry of any feed: odd facts are left out, the rest of the feed is taken over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffRegistries } from '../../src/registry/import/diff.ts';
import { allPairs } from '../../src/registry/verdict/pairs.ts';
import type { FeedModel, FeedOrigin } from '../../src/registry/import/feed.ts';
import { readLiteLlm } from '../../src/registry/import/litellm.ts';
import { readModelEol } from '../../src/registry/import/model-eol.ts';
import { readModelsDev } from '../../src/registry/import/models-dev.ts';
import { planImport } from '../../src/registry/import/changes.ts';
import { applyImport } from '../../src/registry/import/yaml.ts';
import { type LoadedRegistry, loadRegistry } from '../../src/registry/load/load.ts';
import { formatProblems, type RegistryText } from '../../src/registry/load/positions.ts';
import { loaded, model, texts } from './small-registry.ts';

const origin = { source: 'https://example.org/feed', checked: '2026-05-01' };
const more = {
  'more.yaml': `schema: 1\nmodels:\n${model('acme-6', 'lifecycle: { status: deprecated, announced: 2026-03-01, shutdown: 2026-09-01 }', 'maxOutput: 5')}\n`,
};
const before = texts(more);
const registry = loaded(more);

const id = fc.constantFrom('acme-1', 'acme-2', 'acme-3', 'acme-6', 'acme-gone', 'acme-gone-0', 'brio1', 'acme-new', 'acme-newer', '__proto__', 'constructor', 'toString', 'a b', '', 'x'.repeat(300), 'ü'); // prettier-ignore
const day = fc.constantFrom('2026-02-30', '2026-02-28', '2025-13-01', '0000-00-00', '2026-05-01T00:00:00Z', '2026-12-31', '2027-06-01', '2024-01-01', '9999-99-99', 'soon', ''); // prettier-ignore
const text = fc.oneof(fc.constantFrom('Acme', 'acme', 'true', 'null', '~', '- a', 'a: b', 'a #b', 'y'.repeat(200), '2026-01-01', '"', "'", 'a\nb', '\u0000', '\u2028', '\ud800', '{', '*a', '&a', '!a', '@a', '1e5', '0x1f', '', ' '), fc.string({ maxLength: 8 })); // prettier-ignore
const number = fc.constantFrom(0, 1, -1, 0.5, 1e308, 1.7e308, 5e-324, 1e21, 2 ** 53, 2 ** 53 - 1, -0, 1e-7); // prettier-ignore
const link = fc.constantFrom('https://example.org/x', 'http://example.org', 'javascript:1', 'https://', 'https://example.org/a b', 'https://example.org/#"', '', 'a'.repeat(5000)); // prettier-ignore
const odd = fc.constantFrom<unknown>(null, true, [], {}, 'x', 7, [null], ['text'], ['text', 'text']);

/** A value of the right type, of a wrong one, or none. */
function maybe(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: value }, odd, fc.constant(undefined));
}

function object(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(Object.entries(members).map(([key, value]) => [key, maybe(value)])));
}

function byKey(key: fc.Arbitrary<string>, value: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs) as object);
}

const modalities = fc.array(fc.constantFrom('text', 'image', 'audio', 'video', 'pdf', 'smell'), {
  maxLength: 3,
});
const modelsDev = byKey(
  fc.constantFrom('anthropic', 'acme', 'groq', '__proto__'),
  fc.record({
    models: byKey(id, fc.tuple(id, object({
      name: text, family: text, release_date: day, status: fc.constantFrom('deprecated', 'beta'), tool_call: fc.boolean(),
      modalities: object({ input: modalities, output: modalities }), limit: object({ context: number, output: number }),
      cost: object({ input: number, output: number, cache_read: number, cache_write: number }),
    })).map(([own, rest]) => ({ ...rest, id: own }))),
  }),
); // prettier-ignore

const liteLlm = byKey(
  id,
  object({
    litellm_provider: fc.constantFrom('anthropic', 'acme', 'toString', '__proto__'), mode: fc.constantFrom('chat', 'embedding', 'constructor'),
    max_input_tokens: number, max_output_tokens: number, input_cost_per_token: number, output_cost_per_token: number,
    supports_vision: fc.boolean(), supports_function_calling: fc.boolean(), deprecation_date: day,
  }),
); // prettier-ignore

const modelEol = fc.record({
  spec: fc.constant('model-eol/0.1'),
  publisher: fc.constantFrom('acme', 'brio', 'nobody', '__proto__'),
  generated: maybe(day),
  source: fc.oneof(link, fc.constant(undefined)),
  models: fc.array(
    fc.tuple(id, object({
      announced: day, shutdown: day, replacement: id, source: link, aliases: fc.array(id, { maxLength: 2 }),
      distributions: fc.array(object({ via: fc.constantFrom('cloud', 'Cloud 9', '', '__proto__'), shutdown: day, source: link }), { maxLength: 3 }),
    })).map(([own, rest]) => ({ ...rest, id: own })),
    { maxLength: 6 },
  ),
}); // prettier-ignore

type Reader = (value: unknown, from: FeedOrigin) => FeedModel[];

/** The feed with a vendor of the small registry. */
function asOurs(feed: readonly FeedModel[]): FeedModel[] {
  return feed.map((each) => ({ ...each, vendor: each.vendor === 'brio' ? 'brio' : 'acme' }));
}

function check(read: Reader, value: unknown): void {
  let feed: FeedModel[];
  try {
    feed = asOurs(read(value, origin));
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'FEED_INVALID', String(error));
    return;
  }
  let texts = before;
  let now: LoadedRegistry = registry;
  for (let imports = 1; ; imports += 1) {
    const plan = planImport(now.registry, feed, { add: true });
    if (plan.changes.length === 0 && plan.additions.length === 0) return;
    // A replacement may be a circle until another replacement has changed. Then a second import takes it over.
    assert.ok(imports <= 3, 'a third import of the same feed changes nothing');
    texts = withFiles(texts, applyImport(texts, plan, now.registry));
    const after = loadRegistry(texts);
    if (after.kind === 'invalid')
      assert.fail(
        `${formatProblems(after.problems).join('\n')}\n${texts.map(({ text }) => text).join('\n---\n')}`,
      );
    assert.deepEqual(diffRegistries(after, registry, allPairs(after)).orphaned, []);
    now = after;
  }
}

function withFiles(texts: readonly RegistryText[], changed: readonly RegistryText[]): RegistryText[] {
  const byFile = new Map([...texts, ...changed].map(({ file, text }) => [file, text]));
  return [...byFile].map(([file, text]) => ({ file, text }));
}

const formats = [
  ['models.dev', modelsDev, readModelsDev],
  ['LiteLLM', liteLlm, readLiteLlm],
  ['model-eol', modelEol, readModelEol],
] as const;

for (const [name, feed, read] of formats) {
  test(`${name}: odd facts are left out, and no new pair runs`, () => {
    fc.assert(
      fc.property(feed, (value) => check(read, value)),
      { numRuns: 300 },
    );
  });
}
