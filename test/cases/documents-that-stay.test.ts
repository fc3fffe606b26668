/**
 * A `jsonb` document of which SQL knows the way is moved where it is, and any other by an editor. Both say and do the same: two tables
 * hold the same documents, in `jsonb` and in `json`, which only editors read.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const [source, target] = ['gpt-4o', 'gpt-5'];

const names = [source, `openai/${source}`, source.toUpperCase(), `${source}-mini`, `"${source}"`, target];
const others = [
  '',
  '\u0001',
  4,
  4.5e3,
  true,
  null,
  [source],
  { model: source },
  { name: [source], '0': source },
];
const value = fc.constantFrom<unknown>(source, source, ...names, ...others);

/** Objects with the members that places lead to and others, and values that are no objects at all. */
const documents = fc.oneof(
  { arbitrary: value, weight: 1 },
  {
    arbitrary: fc.record(
      {
        model: value,
        fallback: fc.oneof(value, fc.record({ name: value, '0': value })),
        note: value,
        [source]: value,
      },
      { requiredKeys: [] },
    ),
    weight: 9,
  },
  { arbitrary: fc.record({ model: value, long: fc.constant('x'.repeat(65_000)) }), weight: 1 },
  { arbitrary: fc.record({ model: value, long: fc.constant(`${'x'.repeat(65_000)} ${source}`) }), weight: 1 },
);

const script = (kind: string): string => `
CREATE TABLE docs_${kind} (id int PRIMARY KEY, tenant_id int REFERENCES tenants, state text, gone boolean NOT NULL, settings ${kind}, options ${kind});`;

const config = (places: string): string => `
version: 1
model: { identity: [name] }
tenant: { root: tenants, key: id, column: tenant_id }
dead: { docs_json: gone, docs_jsonb: gone }
places: ${['json', 'jsonb'].map((kind) => places.replaceAll('KIND', kind)).join('')}`;

const onePlace = `
  - { at: docs_KIND.settings, json: /model, live: state = 'live' }
  - { at: docs_KIND.options, json: /fallback/name, ask: state = 'asked' }
  - { at: docs_KIND.options, json: /model, role: history }`;

const severalPlaces = `
  - { at: docs_KIND.settings, json: /model }
  - { at: docs_KIND.settings, json: /fallback/name, live: state = 'live' }
  - { at: docs_KIND.options, json: "/*/name" }`;

/** Without it a plan is refused: it names whatever else names the source. */
const rest = ['settings', 'options']
  .flatMap((name) =>
    ['/**', '/**/~key'].map(
      (json) => `
  - { at: docs_KIND.${name}, json: "${json}", role: ignore }`,
    ),
  )
  .join('');

oneEngine((engine) => {
  for (const [name, places] of Object.entries({
    'one place in each step': onePlace,
    'several places': severalPlaces,
  }))
    test(`${name}: documents are planned, moved and taken back as editors would`, async () => {
      const rows = fc.sample(fc.tuple(documents, documents), { numRuns: 120, seed: 11 });
      const small = await smallDatabase(
        engine,
        `CREATE TABLE tenants (id int PRIMARY KEY); INSERT INTO tenants VALUES (1), (2); ${script('json')} ${script('jsonb')}`,
        config(places),
      );
      try {
        await small.script(filled(rows));
        await compare(small, config(`${places}${rest}`));
      } finally {
        await small.drop();
      }
    });
});

function filled(rows: readonly (readonly [unknown, unknown])[]): string {
  const text = (document: unknown): string => `'${JSON.stringify(document).replaceAll("'", "''")}'::jsonb`;
  const values = rows.map(
    ([settings, options], at) =>
      `(${at}, ${['1', '1', '1', '2', 'NULL'][at % 5]}, '${['live', 'asked', 'past'][at % 3]}', ${at % 7 === 0}, ${text(settings)}, ${text(options)})`,
  );
  const into = ['jsonb', 'json'].map(
    (kind) =>
      `INSERT INTO docs_${kind} SELECT id, tenant_id, state, gone, settings::text::${kind}, options::text::${kind} FROM given;`,
  );
  return `CREATE TABLE given (id, tenant_id, state, gone, settings, options) AS VALUES ${values.join(', ')};
    ALTER TABLE given ALTER tenant_id TYPE int USING tenant_id::int; ${into.join(' ')} DROP TABLE given;`;
}

async function compare({ run, rows, configure }: SmallDatabase, whole: string): Promise<void> {
  const move = ['--from', source, '--to', target, '--tenant', '1', '--json', '--leave-asks'];
  const planned = await run('plan', ...move);
  const plan = JSON.parse(planned.stdout) as Plan;
  assert.deepEqual(ofKind(plan, 'jsonb'), ofKind(plan, 'json'));
  configure(whole);
  const contents = (kind: string): Promise<(string | null)[][]> =>
    rows(`SELECT id, settings::jsonb, options::jsonb FROM docs_${kind} ORDER BY id`);
  const before = await contents('jsonb');
  const applied = await run('apply', ...move, '--yes');
  assert.equal(applied.status, 0, applied.stderr);
  const after = await contents('jsonb');
  assert.notDeepEqual(after, before);
  assert.deepEqual(after, await contents('json'));
  const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
  const undone = await run('rollback', migrationId, '--yes');
  assert.equal(undone.status, 0, undone.stderr);
  assert.deepEqual(await contents('jsonb'), before);
  assert.deepEqual(await contents('json'), before);
}

/** What a plan says of the tables of one kind, without their names. Which rows are shown of many, depends on how they are read. */
function ofKind(plan: Plan, kind: string): readonly string[] {
  const own = new RegExp(`docs_${kind}["./]`);
  const left = new Set(['id', 'digest', 'rows']);
  return [plan.steps, plan.leftBehind, plan.findings]
    .flatMap((all: readonly unknown[]) =>
      all.map((one) =>
        JSON.stringify(one, (name, content: unknown) => (left.has(name) ? undefined : content)),
      ),
    )
    .filter((text) => own.test(text))
    .map((text) => text.replaceAll(`docs_${kind}`, 'docs').replaceAll(/ \([^()]*\)(?=,)/g, ''))
    .toSorted();
}
