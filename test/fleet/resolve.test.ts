/** Which models a run means in a tenant: a table of cases, and what holds for any rows. Without a database. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { namedModel } from '../../src/engine/models/model.ts';
import type { ModelFacts } from '../../src/engine/models/model.ts';
import { identifyModel, possibleNames, resolveModels, toldApart } from '../../src/engine/models/resolve.ts';
import type { ResolveInput, WantedModel } from '../../src/engine/models/resolve.ts';

const row = (
  key: string,
  name: string,
  change: Partial<ModelFacts> & { family?: string; by?: string } = {},
): ModelFacts => {
  const { family = 'f', by, ...facts } = change;
  const components = { name, family, ...(by === undefined ? {} : { provider: by }) };
  return { ...namedModel({ kind: 'completion', key, components }), tenant: 't', ...facts };
};
const old = row('o1', 'old');
const target = row('n1', 'new');
const wanted = (name: string, key: string | null = null) => ({ key, name, second: 'f' });
const served = (name: string, provider: string, only: boolean) => ({
  ...wanted(name),
  provider: { name: provider, only },
});
const both = [row('o1', 'old', { by: 'p' }), row('o2', 'old', { by: 'q' })];
const base: ResolveInput = {
  tenant: { key: 't', suspended: false },
  candidates: [old, target],
  from: wanted('old'),
  to: wanted('new'),
  by: 'family',
  includeSuspended: false,
};

/** `from → to` with findings, or status and code. */
function outcome(change: Partial<ResolveInput>): string {
  const found = resolveModels({ ...base, ...change });
  const findings = found.findings.map(({ code }) => ` +${code}`).join('');
  return found.status === 'pending'
    ? `${found.from.key} → ${found.to.key}${found.sourceRetired ? ' retired' : ''}${findings}`
    : `${found.status} ${found.code}${findings}`;
}

const cases: [what: string, change: Partial<ResolveInput>, outcome: string][] = [
  ['by name and family', {}, 'o1 → n1'],
  [
    'a key where the tenant owns it',
    { candidates: [old, target, row('n2', 'new')], to: wanted('new', 'n2') },
    'o1 → n2',
  ],
  [
    'a name where it does not own the key',
    { to: wanted('new', 'elsewhere'), from: wanted('old', 'elsewhere too') },
    'o1 → n1',
  ],
  [
    'a key of its own, whatever it is called',
    { candidates: [row('o9', 'called otherwise'), target], from: wanted('old', 'o9') },
    'o9 → n1',
  ],
  ['no source: skipped', { candidates: [target] }, 'skipped SOURCE_MISSING'],
  ['no target: failed', { candidates: [old] }, 'failed MODEL_NOT_FOUND'],
  [
    'another family is no target, and is shown',
    { candidates: [old, row('n3', 'new', { family: 'g' })] },
    'failed MODEL_NOT_FOUND +NEAR_MISS',
  ],
  [
    'other capitals are no source, and are shown',
    { candidates: [row('o2', 'OLD'), target] },
    'skipped SOURCE_MISSING +NEAR_MISS',
  ],
  ['suspended', { tenant: { key: 't', suspended: true } }, 'skipped TENANT_SUSPENDED'],
  ['suspended, and asked for', { tenant: { key: 't', suspended: true }, includeSuspended: true }, 'o1 → n1'],
  [
    'of several targets the enabled one',
    {
      candidates: [
        old,
        row('n0', 'new', { enabled: false, updated: '2026-09' }),
        row('n5', 'new', { updated: '2026-01' }),
      ],
    },
    'o1 → n5 +OTHER_TARGETS',
  ],
  [
    'of several enabled the one that changed last',
    { candidates: [old, row('n2', 'new', { updated: '2026-01' }), row('n9', 'new', { updated: '2026-02' })] },
    'o1 → n9 +OTHER_TARGETS',
  ],
  [
    'of equal ones the first by key',
    { candidates: [old, row('n9', 'new', { updated: '2026' }), row('n2', 'new', { updated: '2026' })] },
    'o1 → n2 +OTHER_TARGETS',
  ],
  ...(['enabled', 'disabled'] as const).map((is): (typeof cases)[number] => [
    `of several targets the ${is} one of the provider whose row was named elsewhere, however new the others are`,
    {
      candidates: [
        old,
        row('n1', 'new', { by: 'q', updated: '2026-02' }),
        row('n2', 'new', { by: 'p', updated: '2026-01', enabled: is === 'enabled' }),
      ],
      to: served('new', 'p', false),
    },
    'o1 → n2 +OTHER_TARGETS',
  ]),
  [
    'the target of another provider where it has it from no other',
    { candidates: [old, row('n1', 'new', { by: 'q' })], to: served('new', 'p', false) },
    'o1 → n1',
  ],
  [
    'a disabled target where there is no other: its plan refuses',
    { candidates: [old, row('n0', 'new', { enabled: false })] },
    'o1 → n0',
  ],
  ['several sources: failed', { candidates: [old, row('o2', 'old'), target] }, 'failed MODEL_AMBIGUOUS'],
  [
    'of several sources the one of the provider whose row was named elsewhere; the others are shown',
    { candidates: [...both, target], from: served('old', 'q', false) },
    'o2 → n1 +NEAR_MISS',
  ],
  [
    'the source of another provider where it has it from no other',
    { candidates: [row('o1', 'old', { by: 'p' }), target], from: served('old', 'q', false) },
    'o1 → n1',
  ],
  [
    'no other provider’s source where somebody named the provider',
    { candidates: [row('o1', 'old', { by: 'p' }), target], from: served('old', 'q', true) },
    'skipped SOURCE_MISSING +NEAR_MISS',
  ],
  [
    'from one provider to the other',
    { candidates: both, from: served('old', 'p', true), to: served('old', 'q', true) },
    'o1 → o2',
  ],
  [
    'from one provider to another that it does not have',
    { candidates: both.slice(0, 1), from: served('old', 'p', true), to: served('old', 'q', true) },
    'failed MODEL_NOT_FOUND +NEAR_MISS',
  ],
  [
    'of several sources the one that was not retired',
    { candidates: [row('o0', 'old', { marked: true }), old, target] },
    'o1 → n1',
  ],
  [
    'a source that was retired',
    { candidates: [row('o1', 'old', { marked: true }), target] },
    'o1 → n1 retired',
  ],
  [
    'a disabled source',
    { candidates: [row('o1', 'old', { enabled: false, deprecated: true }), target] },
    'o1 → n1',
  ],
  ['mapped', { candidates: [old, target, row('n7', 'other')], mapping: { to: 'n7' } }, 'o1 → n7'],
  ['mapped source', { candidates: [old, target, row('o7', 'other')], mapping: { from: 'o7' } }, 'o7 → n1'],
  ['mapped to what it does not have', { mapping: { to: 'elsewhere' } }, 'failed MODEL_NOT_FOUND'],
  ['mapped to the source itself', { mapping: { to: 'o1' } }, 'failed SAME_MODEL'],
  [
    'a row of everybody',
    { candidates: [row('o0', 'old', { tenant: null }), row('n0', 'new', { tenant: null })] },
    'o0 → n0',
  ],
  [
    'a row of everybody before its own of that name, which is shown',
    { candidates: [old, row('o0', 'old', { tenant: null }), target, row('n0', 'new', { tenant: null })] },
    'o0 → n0 +OWN_NAMESAKE',
  ],
  [
    'its own where that of everybody was retired',
    { candidates: [old, row('o0', 'old', { tenant: null, marked: true }), target] },
    'o1 → n1',
  ],
  [
    "another tenant's row, named by its key: its own of that name, and not everybody's",
    {
      candidates: [old, row('o0', 'old', { tenant: null }), target],
      from: { ...wanted('old', 'elsewhere'), owned: true },
    },
    'o1 → n1',
  ],
  [
    "another tenant's row, named by its key, and none of that name of its own",
    {
      candidates: [row('o0', 'old', { tenant: null }), target],
      from: { ...wanted('old', 'elsewhere'), owned: true },
    },
    'skipped SOURCE_MISSING',
  ],
  [
    'its own target before one of everybody, off its own row',
    { candidates: [old, row('n0', 'new', { tenant: null }), target] },
    'o1 → n1',
  ],
];

describe('resolution', () => {
  for (const [what, change, expected] of cases) it(what, () => assert.equal(outcome(change), expected));

  const model = fc
    .record({
      key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5'),
      name: fc.constantFrom('old', 'new', 'Old', 'NEW', 'other'),
      family: fc.constantFrom('f', 'g'),
      enabled: fc.boolean(),
      updated: fc.constantFrom('2026-01', '2026-02'),
      marked: fc.boolean(),
      tenant: fc.constantFrom('t', null),
    })
    .map(({ key, name, family, ...facts }) => row(key, name, { family, ...facts }));
  const candidates = fc.uniqueArray(model, { selector: ({ key }) => key, maxLength: 5 });

  it('takes only rows of the tenant or of everybody that bear the name, whatever the order of the rows', () => {
    fc.assert(
      fc.property(candidates, fc.integer(), (rows, seed) => {
        const found = resolveModels({ ...base, candidates: rows });
        const turned =
          rows.length === 0
            ? rows
            : [...rows.slice(Math.abs(seed) % rows.length), ...rows.slice(0, Math.abs(seed) % rows.length)];
        const again = resolveModels({ ...base, candidates: turned });
        assert.equal(again.status, found.status);
        if (found.status !== 'pending' || again.status !== 'pending') return;
        assert.deepEqual([again.to.key], [found.to.key]);
        assert.ok(rows.includes(found.from) && rows.includes(found.to));
        assert.deepEqual(
          [found.from.components, found.to.components],
          [
            { name: 'old', family: 'f' },
            { name: 'new', family: 'f' },
          ],
        );
        const isSource = ({ components: { name, family }, marked }: ModelFacts): boolean =>
          name === 'old' && family === 'f' && marked === found.from.marked;
        const everybodys = rows.some((one) => isSource(one) && one.tenant === null);
        assert.equal(found.from.tenant, everybodys ? null : 't', 'what everybody has is meant by a name');
        const better = rows.filter(
          (one) =>
            one.components['name'] === 'new' &&
            one.components['family'] === 'f' &&
            one.tenant === found.to.tenant &&
            one.enabled &&
            !found.to.enabled,
        );
        assert.deepEqual(better, []);
      }),
    );
  });
});

describe('what a text means', () => {
  const rows = [
    row('a', 'x', { tenant: '1' }),
    row('b', 'x', { tenant: '2' }),
    row('c', 'y', { tenant: '1' }),
    row('d', 'y', { tenant: '2', family: 'g' }),
  ];
  const means = (text: string): string => {
    const found = identifyModel(rows, text, { side: 'source', by: 'family' });
    return 'wanted' in found ? JSON.stringify(found.wanted) : `${found.refused} ${found.message}`;
  };

  it('one model by name, by family and name, or by a key', () => {
    assert.equal(means('x'), '{"name":"x","second":"f","key":null}');
    assert.equal(means('g/y'), '{"name":"y","second":"g","key":null}');
    assert.equal(means('d'), '{"name":"y","second":"g","key":"d","owned":true}');
  });

  it('several or none are refused, with what there is', () => {
    assert.match(means('y'), /^MODEL_AMBIGUOUS .*y \(f\), y \(g\)/);
    assert.match(means('X'), /^MODEL_NOT_FOUND .*Did you mean x \(f\)/);
    assert.match(means('z'), /^MODEL_NOT_FOUND source: no tenant has a model "z"\.$/);
  });

  it('the provider, where a key or provider/name says it; the same model from two is told apart by them', () => {
    const rowsOf = [
      row('a', 'x', { by: 'p' }),
      row('b', 'x', { by: 'q', tenant: 'u' }),
      row('c', 'z', { by: 'f' }),
    ];
    const meant = (text: string): WantedModel => {
      const found = identifyModel(rowsOf, text, { side: 'source', by: 'family' });
      assert.ok('wanted' in found, text);
      return found.wanted;
    };
    assert.deepEqual(meant('a').provider, { name: 'p', only: false });
    assert.deepEqual(meant('q/x').provider, { name: 'q', only: true });
    for (const text of ['x', 'f/x', 'f/z']) assert.equal(meant(text).provider, undefined, text);
    const apart = toldApart(meant('a'), meant('q/x'));
    assert.deepEqual([apart?.from.provider?.only, apart?.to.provider?.only], [true, true]);
    assert.equal(toldApart(meant('x'), meant('x')), undefined);
    assert.equal(toldApart(meant('p/x'), meant('p/x')), undefined);
    assert.deepEqual(toldApart(meant('a'), meant('z')), { from: meant('a'), to: meant('z') });
  });

  it('rows are looked for by every name that a text may hold', () => {
    assert.deepEqual(possibleNames('vendor/meta/llama'), ['vendor/meta/llama', 'meta/llama', 'llama']);
  });
});
