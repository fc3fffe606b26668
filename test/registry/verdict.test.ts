/** The verdict follows the table, row by row, and a wrong verdict fails the table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../src/registry/verdict/routability.ts';
import type { Verdict } from '../../src/registry/verdict/routability.ts';
import { loaded } from './small-registry.ts';
import { failuresOf, table, twins } from './verdict-table.ts';

test('every case of every row, and every nonsense twin', () => {
  assert.deepEqual(failuresOf(judge), []);
});

test('each row has a case, and each row that allows on a closed runtime has a twin that must be refused', () => {
  assert.deepEqual([...new Set(table.map(({ row }) => row))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...new Set(twins.map(({ row }) => row))], [6, 7, 8, 9, 10]);
});

test('a verdict that always allows fails every refusal and every twin', () => {
  const alwaysAllow = (_: unknown, { runtime, model }: { runtime: string; model: unknown }): Verdict => ({
    verdict: 'allow',
    by: 'listed',
    runtime,
    model: String(model),
    wireId: 'acme-1',
    verified: true,
    provider: 'acme',
    payer: 'tenant',
    needs: ['ACME_KEY', 'ACME_OTHER_KEY'],
    route: null,
    lifecycle: null,
    registryVersion: '1',
  });
  const failures = failuresOf(alwaysAllow);
  const mustRefuse = [...table, ...twins].filter(({ expected }) => expected['verdict'] === 'refuse');
  assert.ok(mustRefuse.length > 25);
  for (const { row, name } of mustRefuse)
    assert.ok(
      failures.some((line) => line.startsWith(`row ${row}, ${name}: verdict`)),
      name,
    );
});

test('a verdict that always refuses, or ignores secrets, use or the day, fails the table', () => {
  const mutants: readonly Parameters<typeof failuresOf>[0][] = [
    (registry, request) => judge(registry, { ...request, runtime: 'nowhere' }),
    (registry, request) => judge(registry, { ...request, secrets: undefined }),
    (registry, request) => judge(registry, { ...request, existing: true }),
    (registry, request) => judge(registry, { ...request, existing: false }),
    (registry, request) => judge(registry, { ...request, today: undefined }),
    (registry, request) => judge(registry, { ...request, model: request.model?.toLowerCase() }),
  ];
  for (const [at, mutant] of mutants.entries()) assert.notDeepEqual(failuresOf(mutant), [], `mutant ${at}`);
});

test('the answer has protocol, variable and address of the arm', () => {
  const registry = loaded({
    'runtimes.yaml': `schema: 1
runtimes:
  - id: desk
    label: Desk
    kind: closed
    arms:
      - { provider: acme, models: [acme-1], variable: DESK_KEY, baseUrl: 'https://desk.example.org', protocol: anthropic-messages }
    source: https://example.org/desk
`,
  });
  const verdict = judge(registry, { runtime: 'desk', model: 'acme-1' });
  assert.ok(verdict.verdict === 'allow' && verdict.route !== null);
  const { variable, baseUrl, protocol, needs } = verdict.route;
  assert.deepEqual(
    [variable, baseUrl, protocol, needs],
    ['DESK_KEY', 'https://desk.example.org', 'anthropic-messages', ['ACME_KEY', 'ACME_OTHER_KEY']],
  );
});

test('a refusal names the thing, the place and the way out', () => {
  const registry = loaded();
  const said = (runtime: string, model: string, more: object = {}): string => {
    const verdict = judge(registry, { runtime, model, ...more });
    return verdict.verdict === 'refuse' ? verdict.message : verdict.verdict;
  };
  assert.equal(said('attic', 'acme-1'), 'There is no runtime attic. There are desk, shed, field.');
  assert.equal(said('barn', 'acme-1'), 'The runtime barn is retired; desk took its place.');
  assert.equal(
    said('desk', 'brio-9'),
    'desk has no way to reach brio-9. It takes, for example, brio1, acme-2, acme-3, acme-1.',
  );
  assert.match(said('desk', 'acme-gone-0'), /^desk has no way to reach acme-gone-0, which was shut down on 2025-01-01\./);
  assert.equal(
    said('shed', 'acme-new'),
    'On shed acme-new could be served by acme (ACME_KEY, ACME_OTHER_KEY) or acme-login (ACME_TOKEN), and the available secrets do not decide: have the secret of exactly one of them.',
  );
  assert.match(said('desk', 'acme-left'), /^acme-left was withdrawn: where it is in use it may stay, but it cannot be chosen any more\. It takes/);
  assert.match(said('desk', 'acme-gone'), /^acme-gone was shut down on 2025-01-01\. It takes/);
  assert.match(said('desk', 'acme-2', { today: '2027-01-01' }), /^acme-2 was shut down on 2027-01-01\. It takes/);
}); // prettier-ignore
