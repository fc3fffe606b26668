/** What holds of every plan, whatever the facts: the checker agrees, the order of facts means nothing, and each fact counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPlan } from '../../src/engine/planner/check.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { type StateCode, stateCodes } from '../../src/engine/plan/place-state.ts';
import type { RowGroup, Snapshot } from '../../src/engine/plan/snapshot.ts';
import { buildPlan, buildSnapshot, rows, uncovered } from './build-snapshot.ts';

const columnStates: readonly StateCode[] = ['L', 'H', 'A', 'G', 'K', 'C', 'AC', 'GC', 'KC', 'S', 'SC', 'N'];
const documentStates: readonly StateCode[] = ['L', 'H', 'A', 'G', 'B'];
const places: Readonly<Record<string, readonly StateCode[]>> = {
  'agents.model_id': columnStates,
  'agents.graph/nodes/*/model': documentStates,
  'links.model_id': columnStates,
  'messages.model_id': ['L', 'H'],
  'templates.model_id': columnStates,
};

/** Rows that are alike in all by which the database groups them. */
const group: fc.Arbitrary<RowGroup> = fc.constantFrom(...Object.keys(places)).chain((place) =>
  fc
    .record({
      state: fc.constantFrom(...(places[place] ?? [])),
      owner: place.startsWith('templates')
        ? fc.constant('global' as const)
        : fc.constantFrom('mine', 'mine', 'other', 'none', 'shared', 'disagree'),
      dead: fc.boolean(),
      count: fc.integer({ min: 1, max: 9 }),
      side: fc.constantFrom<Record<string, number>>({}, { settings: 1 }),
      digest: fc.string({ maxLength: 3 }),
    })
    .map(({ state, count, ...more }) => rows({ [place]: state }, count, more)),
);

const facts: fc.Arbitrary<Snapshot> = fc
  .record({
    groups: fc.uniqueArray(group, {
      selector: ({ states, owner, dead }) => JSON.stringify([states, owner, dead]),
      maxLength: 12,
    }),
    grants: fc.array(fc.record({ place: fc.constant('agents.model_id'), grant: fc.constant('links.model_id'), via: fc.constant('space'), scopes: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')) }), { maxLength: 2 }),
    uncovered: fc.uniqueArray(fc.record({ table: fc.constantFrom('public.agents', 'public.messages'), column: fc.constantFrom('graph', 'model_id'), form: fc.constantFrom('exact', 'inside', 'member'), by: fc.constantFrom('name', 'key'), kind: fc.constantFrom('text', 'bytea'), prose: fc.boolean(), owner: fc.constantFrom('mine', 'global', 'none', 'disagree'), dead: fc.boolean(), places: fc.subarray(['agents.graph/nodes/*/model', 'messages.model_id']), rows: fc.integer({ min: 1, max: 9 }) }).map(({ table, column, ...more }) => uncovered(table, column, more)), { maxLength: 4, selector: ({ table, column, form, by, owner, dead }) => JSON.stringify([table, column, form, by, owner, dead]) }),
    demands: fc.uniqueArray(fc.record({ place: fc.constantFrom('agents.model_id', 'links.model_id'), security: fc.constantFrom(null, 1, 2), region: fc.constantFrom(null, 'eu'), rows: fc.nat(5) }), { maxLength: 3, selector: ({ place, security, region }) => JSON.stringify([place, security, region]) }),
    dependents: fc.dictionary(fc.constantFrom('public.links', 'public.agents'), fc.nat(3)),
    hidden: fc.subarray(['public.agents', 'public.links']).map((tables) => tables.map((table) => ({ table, why: 'no tenant is set' as const }))),
    parameters: fc.constantFrom([], [{ place: 'agents.model_id', unset: 1, table: 'public.agents', column: 'settings', documents: [{ text: '{"seed":1}', rows: 2 }, { text: '{"top_p":1}', rows: 1 }] }]),
  })
  .map(({ groups, ...more }) => buildSnapshot({ groups, more })); // prettier-ignore

const wish: fc.Arbitrary<Partial<Intent>> = fc.record(
  {
    entityTypes: fc.subarray(['agents', 'links', 'messages', 'templates'], { minLength: 1 }),
    parameters: fc.constantFrom('reset', 'keep', 'translate'),
    answers: fc.dictionary(fc.constantFrom(...Object.keys(places)), fc.constantFrom('move', 'keep')),
    leaveAsks: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('the checker finds nothing to object to', () => {
  fc.assert(
    fc.property(facts, wish, (snapshot, intent) => {
      assert.deepEqual(checkPlan(snapshot, buildPlan(snapshot, intent)), []);
    }),
    { numRuns: 300 },
  );
});

/** All lists turned round, as another database might give them. */
function turnedRound(snapshot: Snapshot): Snapshot {
  const {
    places: all,
    grants,
    uncovered: found,
    demands,
    hidden,
    parameters,
    dependents,
    ...rest
  } = snapshot;
  return {
    ...rest,
    places: all.toReversed().map((source) => ({ ...source, groups: source.groups.toReversed() })),
    grants: grants.toReversed().map((need) => ({ ...need, scopes: need.scopes.toReversed() })),
    uncovered: found.toReversed(),
    demands: demands.toReversed(),
    hidden: hidden.toReversed(),
    parameters: parameters
      .toReversed()
      .map((entry) => ({ ...entry, documents: entry.documents.toReversed() })),
    dependents: Object.fromEntries(Object.entries(dependents).toReversed()),
  };
}

test('the order in which facts come changes nothing', () => {
  fc.assert(
    fc.property(facts, wish, (snapshot, intent) => {
      const [a, b] = [buildPlan(snapshot, intent), buildPlan(turnedRound(snapshot), intent)];
      assert.deepEqual(b.facts, a.facts);
      assert.deepEqual(b, a);
    }),
    { numRuns: 250 },
  );
});

/** Members that are no facts: examples, and how a value was found. */
const noFacts = ['sample', 'samples', 'kind'];

/** The paths to all single values. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value)
    .filter(([name]) => path.length === 0 || !noFacts.includes(name))
    .flatMap(([name, inner]) => pathsOf(inner, [...path, name]));
}

/** The text of a state becomes that of the next one: no other text means a state. */
function otherValue(value: unknown): unknown {
  const at = stateCodes.findIndex((code) => code === value);
  if (at >= 0) return stateCodes[(at + 1) % stateCodes.length];
  return typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}x`;
}

function changed(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return otherValue(value);
  if (Array.isArray(value))
    return value.map((inner: unknown, at) => (at === Number(step) ? changed(inner, rest) : inner));
  const members = value as Record<string, unknown>;
  return { ...members, [step]: changed(members[step], rest) };
}

/** The rules and the identity of a place are facts by their definitions. The day is a fact only where something ends. */
function isFact([first = '', , inner = '']: readonly string[]): boolean {
  return !['rules', 'today'].includes(first) && !(first === 'places' && inner !== 'groups');
}

test('every fact counts', () => {
  fc.assert(
    fc.property(facts, wish, fc.nat(), (snapshot, intent, chance) => {
      const paths = pathsOf(snapshot).filter(isFact);
      const path = paths[chance % paths.length] ?? [];
      const other = changed(snapshot, path) as Snapshot;
      assert.notEqual(buildPlan(other, intent).hash, buildPlan(snapshot, intent).hash, path.join('.'));
    }),
    { numRuns: 350 },
  );
});

test('what the rows are called does not count', () => {
  fc.assert(
    fc.property(facts, wish, fc.string(), (snapshot, intent, name) => {
      const other: Snapshot = {
        ...snapshot,
        places: snapshot.places.map((source) => ({
          ...source,
          groups: source.groups.map((each) => ({ ...each, sample: [{ key: name, name }] })),
        })),
      };
      assert.equal(buildPlan(other, intent).hash, buildPlan(snapshot, intent).hash);
    }),
    { numRuns: 300 },
  );
});
