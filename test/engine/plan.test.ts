/** A plan is a function of its facts: the same facts give the same plan, hash included, and other facts another one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { hashOf } from '../../src/engine/planner/plan.ts';
import type { Step } from '../../src/engine/plan/plan-types.ts';
import type { RowGroup, Snapshot } from '../../src/engine/plan/snapshot.ts';
import { buildCatalog } from './build-catalog.ts';
import { buildPlan, buildSnapshot, digest, plainGroups, rows, target } from './build-snapshot.ts';

const groups: readonly RowGroup[] = [
  ...plainGroups,
  rows({ 'agents.model_id': 'L' }, 3, { dead: true }),
  rows({ 'agents.model_id': 'L' }, 1, { owner: 'other' }),
  rows({ 'agents.graph/nodes/*/model': 'L' }, 4),
  rows({ 'links.model_id': 'C' }, 5),
  rows({ 'links.model_id': 'L' }, 6),
  rows({ 'templates.model_id': 'L' }, 7, { owner: 'global' }),
];

describe('the hash of a plan', () => {
  it('does not depend on the order of tables and row groups', () => {
    const { hash } = buildPlan(buildSnapshot({ groups }));
    const shuffled = fc.shuffledSubarray([...groups], { minLength: groups.length });
    fc.assert(
      fc.property(shuffled, fc.boolean(), (some, backwards) => {
        const snapshot = buildSnapshot({ groups: some });
        const places = backwards ? snapshot.places.toReversed() : snapshot.places;
        assert.equal(buildPlan({ ...snapshot, places }).hash, hash);
      }),
    );
  });

  it('does not depend on the rows that are shown as examples', () => {
    const named = groups.map((group) => ({ ...group, sample: [{ key: '1', name: 'Ann' }] }));
    const [a, b] = [buildPlan(buildSnapshot({ groups })), buildPlan(buildSnapshot({ groups: named }))];
    assert.equal(a.hash, b.hash);
    assert.notDeepEqual(a.steps, b.steps);
  });

  it('is that of the content, and differs where a fact does', () => {
    const plan = buildPlan(buildSnapshot({ groups }));
    assert.equal(hashOf(plan, digest), plan.hash);
    const others: Partial<Snapshot>[] = [
      { target: { ...target, enabled: false } },
      { definitions: { configuration: 'd' } },
      { tenant: { key: 'acme', name: 'Other' } },
    ];
    for (const more of others) assert.notEqual(buildPlan(buildSnapshot({ groups, more })).hash, plan.hash);
    const more = groups.map((group, at) => (at === 0 ? { ...group, digest: 'x' } : group));
    assert.notEqual(buildPlan(buildSnapshot({ groups: more })).hash, plan.hash);
    assert.notEqual(buildPlan(buildSnapshot({ groups }), { parameters: 'keep' }).hash, plan.hash);
  });
});

function outline(steps: readonly Step[]): string[] {
  return steps.map((step) => `${step.id} ${step.operation} ${step.table} ${step.expected}`);
}

describe('the steps of a plan', () => {
  it('rewrite documents, merge, repoint and retire last, tables in the order of their ids', () => {
    const mine = groups.filter((group) => group.owner === 'mine');
    assert.deepEqual(outline(buildPlan(buildSnapshot({ groups: mine })).steps), [
      '1 rewrite-json public.agents 4',
      '2 merge public.links 5',
      '3 repoint public.agents 5',
      '4 repoint public.links 6',
      '5 retire public.models 1',
    ]);
  });

  it('do not retire a source that something live still names', () => {
    const plan = buildPlan(buildSnapshot({ groups }));
    assert.equal(plan.completion, 'partial');
    assert.ok(plan.steps.every((step) => step.operation !== 'retire'));
    assert.deepEqual(
      plan.leftBehind.map(({ place, reason, live, count }) => [place, reason, live, count]),
      [
        ['agents.model_id', 'other-tenant', true, 1],
        ['messages.model_id', 'history', false, 1],
        ['templates.model_id', 'global', true, 7],
      ],
    );
  });

  it('merge a row once, by the first of its places that collides, and count it once', () => {
    const states = { 'agents.model_id': 'C', 'agents.reserve_id': 'C' } as const;
    const plan = buildPlan(twoPlaces([rows(states, 2), rows({ 'agents.reserve_id': 'C' }, 3)]));
    assert.deepEqual(outline(plan.steps).slice(0, 2), ['1 merge public.agents 2', '2 merge public.agents 3']);
    assert.deepEqual(plan.counts, { agents: 5 });
  });

  it('remove a row that collides at one place although another place of it would move', () => {
    const plan = buildPlan(twoPlaces([rows({ 'agents.model_id': 'C', 'agents.reserve_id': 'L' }, 2)]));
    assert.deepEqual(outline(plan.steps), ['1 merge public.agents 2', '2 retire public.models 1']);
  });

  it('are none, with a finding that says so, where nothing names the source', () => {
    const plan = buildPlan(
      buildSnapshot({ groups: [], more: { source: { ...target, key: 'x', marked: true } } }),
    );
    assert.deepEqual([plan.steps, plan.findings.map((one) => one.code)], [[], ['NOTHING_TO_MOVE']]);
  });

  it('count what moves by entity type, narrowed to the types asked for', () => {
    const plan = buildPlan(buildSnapshot({ groups }), { entityTypes: ['links'] });
    assert.deepEqual(plan.counts, { links: 11 });
    assert.equal(plan.completion, 'partial');
  });
});

describe('the rows of a plan', () => {
  const named = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ key: String(from + at) }));

  it('are named up to fifty, from all groups with one outcome', () => {
    const given = [
      rows({ 'agents.model_id': 'L' }, 40, { sample: named(0, 40) }),
      rows({ 'agents.model_id': 'L' }, 40, { sample: named(100, 40), dead: true }),
    ];
    const [step] = buildPlan(buildSnapshot({ groups: given })).steps;
    assert.deepEqual(step?.rows, [...named(0, 40), ...named(100, 10)]);
  });

  it('must have a key, where any of their places moves', () => {
    const snapshot = twoPlaces([rows({ 'agents.model_id': 'H', 'agents.reserve_id': 'L' }, 1)]);
    const keyless = { ...snapshot, places: snapshot.places.map((source) => ({ ...source, keyed: false })) };
    const codes = (facts: Snapshot) => buildPlan(facts).findings.map(({ code, place }) => `${code} ${place}`);
    assert.ok(codes(keyless).includes('NO_ROW_KEY public.agents'));
    assert.ok(!codes(snapshot).some((code) => code.startsWith('NO_ROW_KEY')));
    const staying = twoPlaces([rows({ 'agents.model_id': 'H' }, 1)]);
    const unkeyed = { ...staying, places: staying.places.map((source) => ({ ...source, keyed: false })) };
    assert.ok(!codes(unkeyed).some((code) => code.startsWith('NO_ROW_KEY')));
  });
});

/** Agents with two references, both of which may be redundant. */
function twoPlaces(given: readonly RowGroup[]): Snapshot {
  const catalog = buildCatalog({
    tenants: { id: 'uuid!' },
    models: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', name: 'text', state: 'text' },
    agents: {
      id: 'uuid!',
      tenant_id: 'uuid! -> tenants.id',
      model_id: 'uuid -> models.id',
      reserve_id: 'uuid -> models.id',
    },
  });
  const config: Config = {
    version: 1,
    model: { tables: [{ table: 'models', columns: { name: 'name' }, retire: { state: 'gone' } }] },
    tenant: { root: 'tenants', column: 'tenant_id' },
    places: [
      { at: 'agents.model_id', role: 'grant' },
      { at: 'agents.reserve_id', role: 'grant' },
    ],
  };
  return buildSnapshot({ catalog, config, groups: given });
}

describe('what somebody must decide', () => {
  const asked = (state: 'A' | 'B' | 'C' | 'Z', more: Partial<Intent> = {}): [string, string, string] => {
    const place = state === 'B' || state === 'Z' ? 'agents.graph/nodes/*/model' : 'agents.model_id';
    const { findings } = buildPlan(buildSnapshot({ groups: [rows({ [place]: state }, 2)] }), more);
    const codes = ['ASK_OPEN', 'UNREADABLE_DOCUMENT', 'DOCUMENT_TOO_LARGE'];
    const found = findings.find(({ code }) => codes.includes(code));
    return [found?.severity ?? '', found?.code ?? '', found?.message.split(/ \(2 rows.*?\)\. /)[1] ?? ''];
  };

  it('names a way out that works', () => {
    assert.deepEqual(asked('A'), [
      'error',
      'ASK_OPEN',
      'Answer in the configuration or with --answer "agents.model_id=move" (or keep); --leave-asks moves the rest.',
    ]);
    const mend = 'Mend the document; --leave-asks moves the rest.';
    assert.deepEqual(asked('B'), ['error', 'UNREADABLE_DOCUMENT', mend]);
    const divide = 'Divide or change it by hand; --leave-asks moves the rest.';
    assert.deepEqual(asked('Z'), ['error', 'DOCUMENT_TOO_LARGE', divide]);
    assert.deepEqual(asked('C'), ['error', 'ASK_OPEN', '--leave-asks moves the rest.']);
  });

  it('is a warning where the rest shall move; an answer moves neither what is unreadable nor what collides', () => {
    assert.equal(asked('B', { leaveAsks: true })[0], 'warning');
    const answers = { 'agents.graph/nodes/*/model': 'move', 'agents.model_id': 'move' } as const;
    assert.deepEqual(asked('A', { answers }), ['', '', '']);
    assert.equal(asked('B', { answers })[1], 'UNREADABLE_DOCUMENT');
    assert.equal(asked('C', { answers })[1], 'ASK_OPEN');
  });
});

describe('a companion that changes', () => {
  it('is named with its place, whatever characters they hold', () => {
    const catalog = buildCatalog({
      tenants: { id: 'uuid!' },
      models: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', name: 'text' },
      'my agents': { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', 'model of it': 'uuid -> models.id', 'effort of it': 'text' },
    }); // prettier-ignore
    const place = '"my agents"."model of it"';
    const config: Config = {
      version: 1,
      model: { tables: [{ table: 'models', columns: { name: 'name' } }] },
      tenant: { root: 'tenants', column: 'tenant_id' },
      places: [{ at: place, companions: { 'effort of it': 'drop' } }],
    };
    const values = [{ text: 'high', rows: 2 }];
    const companions = [{ place, column: 'effort of it', values }];
    const snapshot = buildSnapshot({ catalog, config, groups: [rows({ [place]: 'L' }, 3)] });
    const plan = buildPlan({ ...snapshot, companions });
    const found = plan.findings.find(({ code }) => code === 'COMPANION_CHANGES');
    assert.deepEqual(
      [found?.place, found?.count, found?.message],
      [place, 2, `effort of it is set to NULL in 2 rows of ${place}: high in 2.`],
    );
  });
});
