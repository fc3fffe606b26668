/** Whatever a body holds, it is stored as it was given or refused with 400: never changed, never an error inside. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { catalogue } from '../../src/platform/resources/catalogue.ts';
import type { Resource, ValueType } from '../../src/platform/resources/declaration.ts';
import { oneEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { caseOf, type ResourceCase } from './resource-cases.ts';

const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'line\nbreak',
  "'; DROP TABLE migration.users; --",
  '$1',
  '{"a":1}',
  '\u202e right to left',
  'ﬁ ﷽ 👩‍👩‍👧',
  'x'.repeat(250),
  '0000-01-01',
  '9999-12-31',
  '2026-02-30',
  '0000-01-01T00:00:00Z',
  '-1',
  '1e400',
);
const anything = fc.oneof(
  nasty,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
  fc.object({ maxDepth: 2, values: [nasty, fc.double(), fc.constant(null)] }),
);

/** A body for PATCH: some known fields with anything in them, now and then an unknown one. */
function bodies({ columns }: Resource): fc.Arbitrary<Record<string, unknown>> {
  const known = Object.entries(columns).filter(([, { update }]) => update === true);
  const field = fc.constantFrom(
    ...known.map(([name]) => name),
    'tenant_id',
    'id',
    'unknown',
    'completion_model_live',
  );
  return fc.array(fc.tuple(field, anything), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));
}

const ofTenants = catalogue
  .map(caseOf)
  .filter(({ resource, changeable }) => changeable !== undefined && resource.owner === 'tenant');

/** The allowed differences between a given value and the value in the answer. */
function asStored({ kind, ...type }: ValueType, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (kind === 'text' && 'form' in type && type.form === 'line') return value.trim();
  if (kind === 'text' && 'form' in type && type.form === 'email') return value.toLowerCase();
  return kind === 'id' ? value.toLowerCase() : value;
}

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  for (const each of ofTenants) {
    it(`in ${each.resource.path}`, () => tryBodies(each));
  }

  async function tryBodies({ resource, writeUrl, body }: ResourceCase): Promise<void> {
    // A key has a budget of requests.
    const key = await http.keyWith('admin', ['*']);
    const { json: made, status: first, text } = await http.call('POST', writeUrl, { key, body: body() });
    assert.equal(first, 201, text);
    const url = `${writeUrl}/${made.id}`;
    const property = fc.asyncProperty(bodies(resource), async (change) => {
      const before = await http.call('GET', url, { key });
      const answer = await http.call('PATCH', url, { key, body: change });
      assert.ok([200, 400, 409, 422].includes(answer.status), answer.text);
      const now = await http.call('GET', url, { key });
      if (answer.status !== 200) return assert.equal(now.text, before.text);
      assert.deepEqual(now.json, answer.json);
      for (const [name, value] of Object.entries(JSON.parse(JSON.stringify(change)) as object)) {
        const type = resource.columns[name]?.type;
        assert.ok(type !== undefined, `${name} was taken`);
        assert.deepEqual(now.json[name], asStored(type, value), name);
      }
    });
    await fc.assert(property, { numRuns: 50 });
  }

  it('with a document that is too deep, too large, or holds a number that nobody can store', async () => {
    const [assistants] = ofTenants.filter(({ resource }) => resource.path === 'assistants');
    assert.ok(assistants);
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const statusOf = async (parameters: string): Promise<number> => {
      const payload = JSON.stringify({ ...assistants.body(), parameters: 0 }).replace(
        ':0}',
        `:${parameters}}`,
      );
      const headers = { authorization: `Bearer ${http.keys.admin}`, 'content-type': 'application/json' };
      return (await http.app.inject({ method: 'POST', url: assistants.writeUrl, headers, payload }))
        .statusCode;
    };
    for (const refused of [nested(60), nested(20_000), `{"a":"${'x'.repeat(70_000)}"}`, '{"a":1e400}', '[]'])
      assert.equal(await statusOf(refused), 400, refused.slice(0, 40));
    for (const taken of [nested(45), '{"a":1e300}', '{}']) assert.equal(await statusOf(taken), 201, taken);
  });
});
