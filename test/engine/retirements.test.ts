/** The calendar of retirements counts each tenant and row once, and shows nothing that affects nobody. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import {
  countTenants,
  daysBetween,
  groupRetirements,
  retirementEvents,
  saysWhat,
} from '../../src/engine/models/retirements.ts';
import type { TenantUse } from '../../src/engine/models/retirements.ts';
import { sharedRows } from '../../src/engine/tenant.ts';

const model = (key: string, change: Partial<ModelFacts> = {}): ModelFacts => ({
  kind: 'completion',
  key,
  components: { name: 'sonnet', family: 'claude', provider: 'anthropic' },
  enabled: true,
  deprecated: true,
  retired: false,
  capabilities: {},
  shutdown: '2027-02-19',
  ...change,
});
const use = (tenant: string, rows: Record<string, number>, of = model(tenant)): TenantUse => ({
  tenant: { key: tenant, name: tenant.toUpperCase() },
  model: of,
  rows,
  history: 0,
});

describe('retirements', () => {
  it('put the rows of the same model of all tenants together, the most affected tenant first', () => {
    const found = groupRetirements([use('a', { apps: 1 }), use('b', { apps: 2, assistants: 3 })]);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.rows, 6);
    assert.deepEqual(found[0]?.rowsByType, { apps: 3, assistants: 3 });
    assert.deepEqual(
      found[0]?.tenants.map(({ key, rows, modelKey }) => [key, rows, modelKey]),
      [
        ['b', 5, 'b'],
        ['a', 1, 'a'],
      ],
    );
  });

  it('count a tenant once that has the model in two rows, and the shared rows not at all', () => {
    const [found] = groupRetirements([
      use('a', { apps: 1 }),
      use('a', { apps: 2 }, model('a2')),
      use(sharedRows, { apps: 3 }, model('a')),
    ]);
    assert.deepEqual([found?.tenants.length, found && countTenants(found)], [3, 1]);
  });

  it('keep days, kinds, families and providers apart, the earliest first', () => {
    const others = [
      model('x', { shutdown: '2026-12-01T00:00:00Z' }),
      model('y', { kind: 'transcription' }),
      model('z', { components: { name: 'sonnet', family: 'other', provider: 'anthropic' } }),
      model('w', { components: { name: 'sonnet', family: 'claude', provider: 'bedrock' } }),
    ];
    const found = groupRetirements([use('a', { apps: 1 }), ...others.map((of) => use('b', { apps: 1 }, of))]);
    assert.equal(found.length, 5);
    assert.equal(found[0]?.day, '2026-12-01');
    assert.equal(new Set(retirementEvents(found).map(({ uid }) => uid)).size, 5);
  });

  it('leave out models that nobody uses or that stay, and put those without a day last', () => {
    const { shutdown: _, ...unknown } = model('a');
    const stays = { ...unknown, deprecated: false };
    assert.deepEqual(groupRetirements([use('a', {}), use('b', { apps: 1 }, stays)]), []);
    const found = groupRetirements([use('b', { apps: 1 }, unknown), use('a', { apps: 1 })]);
    assert.deepEqual(
      found.map(({ day, status }) => [day, status]),
      [
        ['2027-02-19', 'deprecated'],
        [null, 'deprecated'],
      ],
    );
    assert.equal(retirementEvents(found).length, 1);
  });

  it('ignore what tenants call their provider where the registry knows the model', () => {
    const known = (provider: string): ModelFacts =>
      model(provider, {
        components: { name: 'sonnet', family: 'claude', provider },
        spellings: [{ text: 'sonnet', prefix: '' }],
      });
    const found = groupRetirements(
      ['Our Anthropic', 'Claude'].map((name) => use(name, { apps: 1 }, known(name))),
    );
    assert.deepEqual(
      found.map(({ components, tenants }) => [components, tenants.length]),
      [[{ name: 'sonnet', family: 'claude' }, 2]],
    );
  });

  it('name who says so, and the successor of the most rows', () => {
    const told = model('a', {
      lifecycle: [
        { by: 'database', status: 'active', shutdown: '2027-05-01' },
        { by: 'registry', status: 'deprecated', shutdown: '2027-02-19', announced: '2026-10-01' },
      ],
    });
    const next = (name: string) => ({ name, key: null, by: 'registry' as const });
    const [one] = groupRetirements([
      { ...use('a', { apps: 1 }, told), successor: next('few') },
      { ...use('b', { apps: 3 }, told), successor: next('many') },
    ]);
    assert.ok(one !== undefined);
    assert.equal(saysWhat(one), 'database 2027-05-01, registry 2027-02-19');
    assert.deepEqual([one.announced, one.successor], ['2026-10-01', { name: 'many', by: 'registry' }]);
    assert.equal(daysBetween('2027-02-18', '2027-02-19'), 1);
  });

  it('keep their identity in a calendar when the day is put off', () => {
    const uidOn = (shutdown: string): string | undefined =>
      retirementEvents(groupRetirements([use('a', { apps: 1 }, model('a', { shutdown }))]))[0]?.uid;
    assert.equal(uidOn('2027-02-19'), uidOn('2027-08-19'));
  });

  it('become a day in a calendar that says who is affected', () => {
    const tenants = Array.from({ length: 12 }, (_, n) => use(`t${String(n).padStart(2, '0')}`, { apps: 1 }));
    const [one] = groupRetirements(tenants);
    assert.ok(one !== undefined);
    const [event] = retirementEvents([one]);
    assert.ok(event !== undefined);
    assert.equal(event.day, '2027-02-19');
    assert.match(event.summary, /^sonnet \(claude, anthropic\) is shut down \(12 rows\)$/);
    assert.match(event.description, /apps 12\.\n.*\n12 tenants: T00 \(1\), .*T09 \(1\) and 2 more$/s);
  });
});
