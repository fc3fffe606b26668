/** A condition of a place is SQL, a row that points here, or a row that a key of the catalogue leads to. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ConfigProblem } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { resolveConditions } from '../../src/engine/rules/conditions.ts';
import { buildCatalog } from './build-catalog.ts';

const catalog = buildCatalog(
  {
    flows: { id: 'uuid!', org_id: 'uuid!', current: 'uuid -> versions.id', latest: 'uuid', draft: 'uuid' },
    versions: { id: 'uuid!', org_id: 'uuid!', flow_id: 'uuid -> flows.id', owner: 'text', model: 'text' },
    pairs: { a: 'uuid!', b: 'uuid!', model: 'text' },
  },
  { flows: { keys: ['org_id, draft -> versions.org_id, id'] }, pairs: { primaryKey: ['a', 'b'] } },
);
const scope = { catalog, schemas: ['public'] };

function resolved(table: 'versions' | 'pairs', conditions: Partial<PlaceConfig>) {
  const problems: ConfigProblem[] = [];
  const found = catalog.tables.find(({ name }) => name === table);
  assert.ok(found !== undefined);
  const place = { at: `${table}.model`, ...conditions };
  const made = resolveConditions({ scope, table: found, place, at: 3, problems });
  return { made, problems: problems.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}

it('SQL is taken as it is, each condition by itself', () => {
  const { made, problems } = resolved('versions', { live: 'a = 1', ask: 'b', guard: 'c' });
  assert.deepEqual(made, {
    live: { kind: 'sql', sql: 'a = 1' },
    ask: { kind: 'sql', sql: 'b' },
    guard: { kind: 'sql', sql: 'c' },
  });
  assert.deepEqual([problems, resolved('versions', {}).made], [[], {}]);
});

it('a pointer leads by its foreign key, of several columns as well, or to the only primary key', () => {
  const pointed = (column: string) => ({
    live: { kind: 'pointed-at', table: 'public.flows', column, own: 'id' },
  });
  for (const column of ['current', 'draft', 'latest'])
    assert.deepEqual(
      resolved('versions', { live: ` pointed-at-by  flows.${column} ` }).made,
      pointed(column),
      column,
    );
});

it('the newest is told by the columns of what it is a version of, and one that counts up', () => {
  assert.deepEqual(resolved('versions', { live: ' newest by  flow_id , "owner", id ' }).made, {
    live: { kind: 'newest', table: 'public.versions', of: ['flow_id', 'owner'], order: 'id' },
  });
  for (const text of ['id', 'none, id', 'flow_id, none', 'flow_id,'])
    assert.equal(resolved('versions', { live: `newest by ${text}` }).problems.length, 1, text);
});

it('an ancestor is found by a foreign key, or by columns that are named', () => {
  const ancestor = { kind: 'ancestor', table: 'public.flows', to: ['id'], sql: 'x' };
  assert.deepEqual(resolved('versions', { live: { via: 'flow_id', where: 'x' } }).made, {
    live: { ...ancestor, from: ['flow_id'] },
  });
  assert.deepEqual(resolved('versions', { ask: { via: 'owner -> flows.id', where: 'x' } }).made, {
    ask: { ...ancestor, from: ['owner'] },
  });
});

it('what leads nowhere is a problem at its place, and no condition', () => {
  const wrong: [Partial<PlaceConfig>, string][] = [
    [{ live: 'pointed-at-by flows.none' }, 'places.3.live: no column flows.none'],
    [{ ask: { via: 'owner', where: 'x' } }, 'places.3.ask: no foreign key on owner: write "column -> table.column"'],
    [{ guard: { via: 'none -> flows.id', where: 'x' } }, 'places.3.guard: no foreign key on none -> flows.id: write "column -> table.column"'],
    [{ guard: { via: 'owner -> flows.none', where: 'x' } }, 'places.3.guard: no foreign key on owner -> flows.none: write "column -> table.column"'],
  ]; // prettier-ignore
  for (const [condition, said] of wrong)
    assert.deepEqual(resolved('versions', condition), { made: {}, problems: [said] });
  assert.match(resolved('pairs', { live: 'pointed-at-by flows.latest' }).problems[0] ?? '', /no single-column primary key/); // prettier-ignore
});
