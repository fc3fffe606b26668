/** Names in a configuration mean exactly one table or column, whatever characters they hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  columnPath,
  findNamedColumn,
  findNamedTable,
  meaning,
  splitName,
  tablePath,
} from '../../src/engine/catalogue/names.ts';
import { buildCatalog } from './build-catalog.ts';

const anyName = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const plainName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_$-]{0,8}$/);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

describe('splitName', () => {
  it('gives back what was joined, quoted or not', () => {
    const part = fc.oneof(
      anyName.map((name) => ({ name, written: quoted(name) })),
      plainName.map((name) => ({ name, written: name })),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        assert.deepEqual(
          splitName(parts.map((one) => one.written).join('.')),
          parts.map((one) => one.name),
        );
      }),
    );
  });

  it('refuses what is no name', () => {
    for (const text of ['', '.', 'a.', '.a', 'a..b', '"a', 'a"b"', '"a"b', 'a b', 'a. b c'])
      assert.equal(splitName(text), undefined, text);
  });
});

const odd = buildCatalog(
  { Order: { modelId: 'uuid' }, 'a.b"c': { 'x y': 'text' }, agents: { id: 'uuid' }, plans: { id: 'uuid' } },
  { plans: { schema: 'billing' } },
);
const scope = { catalog: odd, schemas: ['public', 'billing'] };

describe('tables and columns by name', () => {
  it('are looked up once, however many tables are asked about', () => {
    let looked = 0;
    const all = new Set(odd.tables.map(({ id }) => id));
    const ids = Object.assign(new Set(all), { has: (id: string) => (looked++, all.has(id)) });
    const isMeant = meaning({ ids, schemas: scope.schemas }, [
      'agents',
      '"Order"',
      'billing.*',
      'nowhere',
      'a.b.c',
    ]);
    const meant = Array.from({ length: 100 }, () => odd.tables.filter(isMeant).map(({ name }) => name));
    assert.deepEqual(meant[99]?.toSorted(), ['Order', 'agents', 'plans']);
    assert.ok(looked <= 10, `${looked} times`);
  });

  it('are found by the path that plans show', () => {
    for (const table of odd.tables) {
      assert.equal(findNamedTable(scope, tablePath(scope, table)), table);
      for (const column of table.columns)
        assert.deepEqual(findNamedColumn(scope, columnPath(scope, table, column.name)), { table, column });
    }
  });

  it('are looked up in the schemas in their order, and nowhere else', () => {
    assert.equal(findNamedTable(scope, 'plans')?.schema, 'billing');
    assert.equal(findNamedTable({ ...scope, schemas: ['public'] }, 'plans'), undefined);
    assert.equal(findNamedTable({ ...scope, schemas: ['public'] }, 'billing.plans')?.schema, 'billing');
  });

  it('are not found with more or fewer parts than they have', () => {
    assert.equal(findNamedTable(scope, 'a.b.agents'), undefined);
    assert.equal(findNamedColumn(scope, 'agents'), undefined);
    assert.equal(findNamedColumn(scope, 'agents.nothing'), undefined);
  });
});
