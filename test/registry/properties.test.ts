/** What holds for every verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import { loaded } from './small-registry.ts';

const small = loaded();
const builtIn = loadRegistryFolder();
assert.ok(builtIn.kind === 'ok');
const registries = [small, builtIn];

const secretNames = [
  ...new Set(registries.flatMap(({ registry }) => registry.providers.flatMap(({ secrets }) => secrets))),
];
const names = registries.flatMap(({ registry, routes }) => [
  ...registry.models.map(({ id }) => id),
  ...[...routes.runtimes.values()].flatMap(({ listed }) => [...listed.keys()]),
]); // prettier-ignore

const registry = fc.constantFrom(...registries);
const runtime = fc.constantFrom(
  ...registries.flatMap((each) => each.registry.runtimes.map(({ id }) => id)),
  'nowhere',
);
const model = fc.oneof(
  fc.constantFrom(...names),
  fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 3 })).map((two) => two.join('')),
  fc.tuple(fc.constantFrom('claude-', 'acme/', 'openrouter/', 'kimi:', 'brio'), fc.string()).map((two) => two.join('')),
  fc.string(),
); // prettier-ignore
const secrets = fc.subarray(secretNames).map((some) => new Set(some));

test('spaces around a model change nothing, and the same question has the same answer', () => {
  fc.assert(
    fc.property(registry, runtime, model, secrets, (which, where, id, some) => {
      const request = { runtime: where, model: id, secrets: some };
      const verdict = judge(which, request);
      assert.deepEqual(judge(which, { ...request, model: ` \t${id}\n` }), verdict);
      assert.deepEqual(judge(which, request), verdict);
    }),
    { numRuns: 400 },
  );
});

test('a listed id goes to an arm that lists it, never to one that only takes its name', () => {
  fc.assert(
    fc.property(registry, runtime, fc.constantFrom(...names), secrets, (which, where, id, some) => {
      const listed = which.routes.runtimes.get(where)?.listed.get(id);
      const verdict = judge(which, { runtime: where, model: id, secrets: some });
      if (listed === undefined || verdict.verdict !== 'allow') return;
      assert.match(verdict.by, /^listed/);
      assert.ok(listed.arms.some(({ route }) => route.provider === verdict.provider));
    }),
    { numRuns: 400 },
  );
});

test('a listed id in another case is another id', () => {
  fc.assert(
    fc.property(registry, runtime, fc.constantFrom(...names), (which, where, id) => {
      const routes = which.routes.runtimes.get(where);
      const other = id === id.toUpperCase() ? id.toLowerCase() : id.toUpperCase();
      if (routes?.runtime.kind !== 'closed' || routes.listed.has(other)) return;
      const verdict = judge(which, { runtime: where, model: other });
      if (verdict.verdict === 'allow') assert.match(verdict.by, /^name/);
    }),
    { numRuns: 400 },
  );
});

test('more secrets never change the answer of a single arm, and an answer always names provider and registry', () => {
  fc.assert(
    fc.property(registry, runtime, model, secrets, (which, where, id, some) => {
      const verdict = judge(which, { runtime: where, model: id, secrets: some });
      assert.equal(verdict.registryVersion, which.routes.version);
      if (verdict.verdict === 'refuse')
        assert.ok(verdict.message.length > 10 && verdict.suggestions.length <= 5);
      if (verdict.verdict !== 'allow' || !verdict.verified) return;
      assert.ok(verdict.provider !== null);
      assert.equal(verdict.needs.length === 0, verdict.payer === 'platform');
      const all = judge(which, { runtime: where, model: id, secrets: new Set(secretNames) });
      if (!verdict.by.endsWith('-by-secrets')) assert.notEqual(all.verdict, 'not-asked');
      if (verdict.by === 'listed' || verdict.by === 'name') assert.deepEqual(all, verdict);
    }),
    { numRuns: 400 },
  );
});

test('what is allowed by name belongs to exactly one arm, or the secrets decided', () => {
  fc.assert(
    fc.property(registry, runtime, model, secrets, (which, where, id, some) => {
      const verdict = judge(which, { runtime: where, model: id, secrets: some });
      if (verdict.verdict !== 'allow' || !verdict.by.startsWith('name')) return;
      const taking = which.routes.runtimes.get(where)?.named.filter(({ takes }) => takes(id.trim())) ?? [];
      const usable = taking.filter(({ route }) => route.needs.some((name) => some.has(name)));
      assert.equal(verdict.by === 'name' ? taking.length : usable.length, 1);
    }),
    { numRuns: 400 },
  );
});
