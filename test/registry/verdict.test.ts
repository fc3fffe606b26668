/** The verdict is the table, row by row, and the tests of it can fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../src/registry/routability.ts';
import type { Verdict } from '../../src/registry/routability.ts';
import { loaded } from './small-registry.ts';
import { failuresOf, table, twins } from './verdict-table.ts';

test('every case of every row, and every nonsense twin', () => {
  assert.deepEqual(failuresOf(judge), []);
});

test('each row has a case, and each closed row that allows has a twin that must be refused', () => {
  assert.deepEqual([...new Set(table.map(({ row }) => row))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...new Set(twins.map(({ row }) => row))], [6, 7, 8, 9, 10]);
});

test('a verdict that always allows fails the table: every refusal and every twin notices', () => {
  const alwaysAllow = (_: unknown, { runtime, model }: { runtime: string; model: unknown }): Verdict => ({
    verdict: 'allow',
    by: 'listed',
    runtime,
    model: String(model),
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

test('a verdict that always refuses, or never looks at secrets, withdrawals or the day, fails it as well', () => {
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

test('the answer names what the runtime needs to be told: protocol, variable and address of the arm', () => {
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
