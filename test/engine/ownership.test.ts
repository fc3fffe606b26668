/** The owner of a table's rows follows from keys and links, and never from the models that the rows name. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import { tenantLinks } from '../../src/engine/rules/links.ts';
import type { Ownership } from '../../src/engine/rules/ownership.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { buildCatalog, type Columns, type Details } from './build-catalog.ts';

const parents: Readonly<Record<string, Columns>> = {
  tenants: { id: 'uuid!' },
  models: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', name: 'text' },
  spaces: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id' },
  users: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', friends: 'jsonb' },
};

interface Given {
  readonly columns: Columns;
  readonly details?: Details;
  readonly tenant?: Partial<Config['tenant']>;
  readonly others?: Readonly<Record<string, Columns>>;
}

function ownershipOf({ columns, details = {}, tenant = {}, others = {} }: Given): Ownership | undefined {
  const tables = { ...parents, ...others, things: columns };
  const config: Config = {
    version: 1,
    model: { tables: [{ table: 'models', columns: { name: 'name' } }] },
    tenant: { root: 'tenants', column: 'tenant_id', ...tenant },
  };
  const { rules } = resolveRules(buildCatalog(tables, { things: details }), config);
  return rules.ownership.get('public.things');
}

/** Each path as the tables that it passes. */
function pathsOf(given: Given): string[] {
  const ownership = ownershipOf(given);
  if (ownership?.kind !== 'tenant') return [ownership?.kind ?? 'missing'];
  return ownership.paths.map((path) =>
    [...path.hops.map((hop) => hop.table.replace('public.', '')), path.column].join(' '),
  );
}

describe('paths to a tenant', () => {
  it('are the column itself, or each tie to an owned table', () => {
    assert.deepEqual(pathsOf({ columns: { id: 'uuid!', tenant_id: 'uuid!' } }), ['tenant_id']);
    const two = { id: 'uuid!', space_id: 'uuid! -> spaces.id', user_id: 'uuid -> users.id' };
    assert.deepEqual(pathsOf({ columns: two }), ['spaces tenant_id', 'users tenant_id']);
  });

  it('begin with a foreign key to the root where no column has the usual name', () => {
    assert.deepEqual(pathsOf({ columns: { id: 'uuid!', org: 'uuid! -> tenants.id' } }), ['org']);
  });

  it('follow the shortest path of a parent that is NOT NULL', () => {
    const others = {
      rooms: { id: 'uuid!', space_id: 'uuid! -> spaces.id', user_id: 'uuid -> users.id' },
    };
    assert.deepEqual(pathsOf({ others, columns: { id: 'uuid!', room_id: 'uuid! -> rooms.id' } }), [
      'rooms spaces tenant_id',
    ]);
  });

  it('follow each path of a parent of which none is NOT NULL', () => {
    const others = { rooms: { id: 'uuid!', space_id: 'uuid -> spaces.id', user_id: 'uuid -> users.id' } };
    assert.deepEqual(pathsOf({ others, columns: { id: 'uuid!', room_id: 'uuid! -> rooms.id' } }), [
      'rooms spaces tenant_id',
      'rooms users tenant_id',
    ]);
  });

  it('leave out a composite key that carries the tenant, since the database makes both agree', () => {
    const columns = { id: 'uuid!', tenant_id: 'uuid!', space_id: 'uuid!' };
    const details = { keys: ['tenant_id, space_id -> spaces.tenant_id, id'] };
    assert.deepEqual(pathsOf({ columns, details }), ['tenant_id']);
    assert.deepEqual(pathsOf({ columns, details: { keys: ['space_id -> spaces.id'] } }), [
      'tenant_id',
      'spaces tenant_id',
    ]);
  });

  it('never lead through a model, an unrelated column, or the table itself', () => {
    const columns = {
      id: 'uuid!',
      model_id: 'uuid -> models.id',
      created_by: 'uuid -> users.id',
      parent: 'uuid -> things.id',
    };
    assert.deepEqual(pathsOf({ columns, tenant: { unrelated: ['things.created_by'] } }), ['unknown']);
  });

  it('end where tables refer to each other in a circle', () => {
    const others = { b: { id: 'uuid!', c_id: 'uuid -> c.id' }, c: { id: 'uuid!', b_id: 'uuid -> b.id' } };
    assert.deepEqual(pathsOf({ others, columns: { id: 'uuid!', b_id: 'uuid -> b.id' } }), ['unknown']);
  });

  it('are none for a global table, and not asked for in a database with a single tenant', () => {
    const columns = { id: 'uuid!', tenant_id: 'uuid' };
    assert.deepEqual(pathsOf({ columns, tenant: { global: ['things'] } }), ['global']);
    assert.deepEqual(pathsOf({ columns, tenant: { root: 'none' } }), ['single']);
  });
});

describe('a table of tenants that is not there, or whose rows nothing tells apart', () => {
  it('leaves every owner unknown, so that every plan refuses', () => {
    const things = { id: 'uuid!', tenant_id: 'uuid!' };
    const ownerOf = (root: string, key?: string): string | undefined => {
      const tenant = { root, column: 'tenant_id', ...(key === undefined ? {} : { key }) };
      const catalog = buildCatalog({ ...parents, things }, { tenants: { primaryKey: [] } });
      return resolveRules(catalog, { version: 1, model: {}, tenant }).rules.ownership.get('public.things')
        ?.kind;
    };
    assert.deepEqual(
      [ownerOf('nowhere'), ownerOf('nowhere', 'id'), ownerOf('tenants'), ownerOf('tenants', 'id')],
      ['unknown', 'unknown', 'unknown', 'tenant'],
    );
  });
});

describe('declared links', () => {
  const link = (text: string, columns: Columns = { id: 'uuid!', ref: 'text' }): string[] =>
    pathsOf({
      columns,
      tenant: { links: { things: text } },
      others: { ties: { thing: 'uuid!', space_id: 'uuid! -> spaces.id' } },
    });

  it('lead from a column, through a junction, and by membership', () => {
    assert.deepEqual(link('ref -> spaces.id'), ['spaces tenant_id']);
    assert.deepEqual(link('id <- ties.thing'), ['ties spaces tenant_id']);
    assert.deepEqual(link('ref in users.friends'), ['users tenant_id']);
    assert.deepEqual(link('ref -> spaces.id; id <- ties.thing'), [
      'spaces tenant_id',
      'ties spaces tenant_id',
    ]);
  });

  it('may lead to nobody, except from a column that is never empty', () => {
    const columns = { id: 'uuid!', ref: 'uuid!' };
    const notNull = (text: string): boolean | undefined => {
      const others = { ties: { thing: 'uuid!', space_id: 'uuid! -> spaces.id' } };
      const ownership = ownershipOf({ columns, tenant: { links: { things: text } }, others });
      return ownership?.kind === 'tenant' ? ownership.paths[0]?.notNull : undefined;
    };
    assert.deepEqual(['ref -> spaces.id', 'id <- ties.thing', 'ref in users.friends'].map(notNull), [
      true,
      false,
      false,
    ]);
  });

  it('name columns by quotes where they need them', () => {
    const columns = { id: 'uuid!', 'go in': 'text', 'a"b': 'text' };
    assert.deepEqual(link('"go in" -> spaces.id', columns), ['spaces tenant_id']);
    assert.deepEqual(link('"a""b" in users.friends', columns), ['users tenant_id']);
  });

  it('that cannot be read are problems with their place in the file', () => {
    const catalog = buildCatalog({ ...parents, things: { id: 'uuid!', ref: 'text' } });
    const scope = { catalog, schemas: ['public'] };
    for (const text of ['ref => spaces.id', 'nothing -> spaces.id', 'ref -> nowhere.id', '']) {
      const config: Config = { version: 1, model: {}, tenant: { root: 'tenants', links: { things: text } } };
      const { links, problems } = tenantLinks(scope, config);
      assert.deepEqual([links, problems.map((one) => one.path)], [[], [['tenant', 'links', 'things']]], text);
    }
  });
});
