/** What names a model: every foreign key, and every place of the configuration that fits the catalogue. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { buildCatalog } from './build-catalog.ts';
import { catalog, config } from './build-snapshot.ts';

function problemPaths(changed: Partial<Config>): string[] {
  return resolveRules(catalog, { ...config, ...changed }).problems.map((one) => one.path.join('.'));
}

function withPlace(place: PlaceConfig): Partial<Config> {
  return { places: [place] };
}

it('a column with a name of Drover’s own is refused', () => {
  const table = { ...catalog.tables[0], columns: [{ ...catalog.tables[0]?.columns[0], name: 'drover:n' }] };
  const { problems } = resolveRules({ tables: [...catalog.tables, table] } as typeof catalog, config);
  assert.match(problems[0]?.message ?? '', /drover:n.*rename it, or ignore the table/);
});

describe('problems of a configuration', () => {
  const cases: [about: string, changed: Partial<Config>, path: string][] = [
    ['the root', { tenant: { root: 'nowhere' } }, 'tenant.root'],
    ['a global table', { tenant: { root: 'tenants', global: ['nowhere'] } }, 'tenant.global.0'],
    ['an unrelated column', { tenant: { root: 'tenants', unrelated: ['agents.x'] } }, 'tenant.unrelated.0'],
    ['a dead table', { dead: { nowhere: 'true' } }, 'dead.nowhere'],
    ['a display', { display: { nowhere: 'x' } }, 'display.nowhere'],
    ['a display column', { display: { agents: 'x' } }, 'display.agents'],
    ['a key by convention', { unique: { agents: [['id', 'x']] } }, 'unique.agents.0'],
    ['a row key', { database: { keys: { agents: ['x'] } } }, 'database.keys.agents'],
    ['the key of the root', { tenant: { root: 'tenants', key: 'x' } }, 'tenant.key'],
    ['the name of a tenant', { tenant: { root: 'tenants', display: 'x' } }, 'tenant.display'],
    ['a tenant column that no table has', { tenant: { root: 'tenants', column: 'x' } }, 'tenant.column'],
    [
      'a model table',
      { model: { tables: [{ table: 'nowhere', columns: { name: 'n' } }] } },
      'model.tables.0.table',
    ],
    [
      'a model column',
      { model: { tables: [{ table: 'models', columns: { name: 'n' } }] } },
      'model.tables.0.columns.name',
    ],
    ['a place', withPlace({ at: 'agents.x' }), 'places.0.at'],
    ['a pointer into a uuid', withPlace({ at: 'agents.model_id', json: '/a' }), 'places.0'],
    [
      'names of members that are lists',
      withPlace({ at: 'agents.graph', json: '/~key', shape: 'list' }),
      'places.0.shape',
    ],
    [
      'objects inside a text',
      withPlace({ at: 'agents.graph', json: '/a', shape: 'inside', fields: { name: 'n' } }),
      'places.0.shape',
    ],
    ['a comma list in json', withPlace({ at: 'agents.graph', shape: 'comma' }), 'places.0'],
    ['a document without a pointer', withPlace({ at: 'agents.graph' }), 'places.0'],
    ['a partner', withPlace({ at: 'agents.model_id', partner: 'x' }), 'places.0'],
    ['a companion', withPlace({ at: 'agents.model_id', companions: { x: 'drop' } }), 'places.0'],
    ['parameters', withPlace({ at: 'agents.model_id', parameters: 'x' }), 'places.0'],
    [
      'a copy in another table',
      withPlace({ at: 'agents.model_id', copies: ['links.model_id'] }),
      'places.0.copies',
    ],
    [
      'a pointer of liveness',
      withPlace({ at: 'agents.model_id', live: 'pointed-at-by x.y' }),
      'places.0.live',
    ],
    ['an ancestor', withPlace({ at: 'agents.model_id', ask: { via: 'x', where: 'true' } }), 'places.0.ask'],
    [
      'a demand',
      withPlace({ at: 'agents.model_id', demands: { security: 'x' } }),
      'places.0.demands.security',
    ],
    [
      'a grant',
      withPlace({ at: 'agents.model_id', enables: { grant: 'x.y', via: 'tenant_id' } }),
      'places.0.enables.grant',
    ],
  ];
  for (const [about, changed, path] of cases)
    it(about, () => assert.ok(problemPaths(changed).includes(path), problemPaths(changed).join(' ')));

  it('a place that is listed twice', () => {
    const twice = { places: [{ at: 'agents.model_id' }, { at: 'public.agents.model_id' }] };
    assert.deepEqual(problemPaths(twice), ['places.1.at']);
  });

  it('all of them at once', () => {
    assert.equal(
      problemPaths({ tenant: { root: 'nowhere' }, places: [{ at: 'a.b' }, { at: 'c.d' }] }).length,
      3,
    );
  });

  it('are none where everything fits', () => assert.deepEqual(problemPaths({}), []));
});

function placesOf(changed: Partial<Config>): [id: string, role: string, listed: boolean][] {
  const { rules } = resolveRules(catalog, { ...config, ...changed });
  return rules.places.map(({ id, role, listed }) => [id, role, listed]);
}

describe('foreign keys that no place mentions', () => {
  it('are asked about, and never forgotten', () => {
    assert.deepEqual(placesOf({ places: [{ at: 'agents.model_id' }] }), [
      ['agents.model_id', 'reference', true],
      ['models.successor', 'catalogue', true],
      ['messages.model_id', 'ask', false],
      ['links.model_id', 'ask', false],
      ['templates.model_id', 'ask', false],
    ]);
  });

  it('have the role that the configuration gives them, or their whole table', () => {
    const changed = {
      places: [{ at: 'messages.*', role: 'history' as const }],
      unlistedForeignKeys: 'reference' as const,
    };
    const roles = new Map(placesOf(changed).map(([id, role]) => [id, role]));
    assert.deepEqual(
      [roles.get('messages.model_id'), roles.get('agents.model_id')],
      ['history', 'reference'],
    );
  });
});

const shapes = buildCatalog(
  {
    orgs: { id: 'bigint!' },
    llms: { org_id: 'bigint!', id: 'bigint!', name: 'text', vendor: 'text' },
    things: {
      id: 'bigint!',
      org_id: 'bigint!',
      llm_id: 'bigint',
      name: 'text',
      vendor: 'text',
      ids: 'bigint[]',
      names: 'text[]',
      doc: 'json',
      doc_sha256: 'text',
    },
  },
  {
    llms: { primaryKey: ['org_id', 'id'] },
    things: { keys: ['org_id, llm_id -> llms.org_id, id'] },
  },
);

function onlyPlace(place: PlaceConfig) {
  const { rules, problems } = resolveRules(shapes, {
    version: 1,
    model: { tables: [{ table: 'llms', columns: { name: 'name', provider: 'vendor' } }] },
    tenant: { root: 'orgs', column: 'org_id' },
    places: [place],
  });
  assert.deepEqual(problems, []);
  return rules.places[0];
}

describe('a place', () => {
  it('on a composite key moves the key, carries the tenant, and does not name a model by itself', () => {
    const place = onlyPlace({ at: 'things.llm_id' });
    assert.deepEqual(place?.columns, [
      { column: 'org_id', template: '{tenant}' },
      { column: 'llm_id', template: '{key}' },
    ]);
    assert.equal(place?.byKey, false);
  });

  it('is carried by what its column holds', () => {
    const carriers = (
      [
        { at: 'things.name' },
        { at: 'things.ids' },
        { at: 'things.names' },
        { at: 'things.name', shape: 'comma' },
        { at: 'things.name', shape: 'inside' },
        { at: 'things.names', shape: 'inside' },
        { at: 'things.names', json: '/*/~json/a' },
        { at: 'things.doc', json: '/a', shape: 'bars' },
        { at: 'things.doc', json: '/a/~key' },
        { at: 'things.name', json: '/a' },
      ] as const
    )
      .map((config) => onlyPlace(config))
      .map((place) => `${place?.carrier} ${place?.shape}`);
    assert.deepEqual(carriers, [
      'columns scalar',
      'array list',
      'array list',
      'text comma',
      'text inside',
      'array inside',
      'array scalar',
      'json bars',
      'json scalar',
      'json scalar',
    ]);
  });

  it('holds keys or names by the type of its column, unless the configuration says otherwise', () => {
    const template = (place: PlaceConfig): string | undefined => onlyPlace(place)?.columns[0]?.template;
    assert.equal(template({ at: 'things.ids' }), '{key}');
    assert.equal(template({ at: 'things.names' }), '{name}');
    assert.equal(template({ at: 'things.name', as: 'key' }), '{key}');
    assert.equal(template({ at: 'things.name', as: '{provider}/{name}' }), '{provider}/{name}');
  });

  it('with a partner moves both columns; beside a checksum it is a question', () => {
    assert.deepEqual(onlyPlace({ at: 'things.name', partner: 'vendor' })?.columns, [
      { column: 'name', template: '{name}' },
      { column: 'vendor', template: '{provider}' },
    ]);
    assert.equal(onlyPlace({ at: 'things.doc', json: '/a' })?.checksum, 'doc_sha256');
  });
});

describe('a place and the table of models that it means', () => {
  const tables = buildCatalog({
    chat: { id: 'bigint!', name: 'text' },
    code: { id: 'bigint!', name: 'text' },
    bots: { id: 'bigint!', model: 'bigint -> chat.id', other: 'bigint', name: 'text', doc: 'jsonb' },
  });
  const resolve = (places: PlaceConfig[]) =>
    resolveRules(tables, {
      version: 1,
      model: { tables: ['chat', 'code'].map((table) => ({ table, columns: { name: 'name' } })) },
      tenant: { root: 'none' },
      places,
    });

  it('is the one that a key without a foreign key names; a name means any of them', () => {
    const { rules, problems } = resolve([
      { at: 'bots.other', models: 'code' },
      { at: 'bots.name' },
      { at: 'bots.doc', json: '/m', as: 'key', models: 'chat' },
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rules.places.map(({ models }) => models),
      ['public.code', undefined, 'public.chat', 'public.chat'],
    );
  });

  it('must be said of a number, wherever it stands, and must hold models', () => {
    const wrong: PlaceConfig[] = [
      { at: 'bots.other' },
      { at: 'bots.doc', json: '/m', as: 'key' },
      { at: 'bots.doc', json: '/o', fields: { key: 'id', name: 'name' } },
      { at: 'bots.name', models: 'bots' },
    ];
    assert.deepEqual(
      wrong.map((place) => resolve([place]).problems.map(({ path }) => path.join('.'))),
      [['places.0'], ['places.0'], ['places.0'], ['places.0.models']],
    );
  });

  it('need not be said of what does not move', () => {
    assert.deepEqual(resolve([{ at: 'bots.other', role: 'ignore' }]).problems, []);
  });
});
