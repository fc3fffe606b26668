/** What a plan looks through, and which places lead to what it finds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scannableOf } from '../../src/engine/inventory/scannable.ts';
import { identifyingColumns, placesAt } from '../../src/engine/rules/coverage.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { resolveRules, type Rules, tableOf } from '../../src/engine/rules/references.ts';
import { buildCatalog } from './build-catalog.ts';

const catalog = buildCatalog({
  orgs: { id: 'uuid!' },
  vendors: { id: 'uuid!', code: 'text' },
  models: { id: 'uuid!', org_id: 'uuid! -> orgs.id', name: 'text', vendor_id: 'uuid -> vendors.id' },
  flows: { id: 'uuid!', org_id: 'uuid! -> orgs.id', model: 'text', engine: 'text', graph: 'jsonb', note: 'text' },
  runs: { id: 'bigint!', flow_id: 'uuid! -> flows.id', org_id: 'uuid', model_id: 'uuid -> models.id', log: 'text' },
  old: { id: 'uuid!', model: 'text' },
}); // prettier-ignore

function rulesOf(places: readonly PlaceConfig[], more: Partial<Config> = {}): Rules {
  const { rules, problems } = resolveRules(catalog, {
    version: 1,
    model: {
      tables: [
        {
          table: 'models',
          columns: { name: 'name', provider: 'vendor_id' },
          providers: { table: 'vendors', column: 'id', name: 'code' },
        },
      ],
    },
    tenant: { root: 'orgs', column: 'org_id' },
    places: [...places],
    ...more,
  });
  assert.deepEqual(problems, []);
  return rules;
}

function lookedAt(rules: Rules): Record<string, string[]> {
  return Object.fromEntries(
    scannableOf(rules).map(({ table, columns }) => [table.id, columns.map(({ name }) => name)]),
  );
}

describe('columns that a plan looks through', () => {
  it('are all that can name a model, whatever the places say', () => {
    const rules = rulesOf([
      { at: 'flows.model', copies: ['flows.engine'] },
      { at: 'flows.engine', copies: ['flows.model'] },
      { at: 'flows.graph', json: '/model' },
      { at: 'flows.note', role: 'prose' },
    ]);
    assert.deepEqual(lookedAt(rules), {
      'public.flows': ['model', 'engine', 'graph', 'note'],
      'public.runs': ['id', 'log'],
      'public.old': ['model'],
    });
  });

  it('are none that the configuration settles, and no document only because a part of it is settled', () => {
    const rules = rulesOf([
      { at: 'runs.*', role: 'history' },
      { at: 'flows.model', role: 'history' },
      { at: 'flows.engine', role: 'ignore' },
      { at: 'flows.graph', json: '/log', role: 'history' },
    ]);
    assert.deepEqual(lookedAt(rules), { 'public.flows': ['graph', 'note'], 'public.old': ['model'] });
  });
});

it('keys say who a row is, not which model it names: a uuid of its own, keys to other tables, the tenant', () => {
  const rules = rulesOf([]);
  assert.deepEqual([...identifyingColumns(rules, tableOf(rules, 'public.flows'))], ['id', 'org_id']);
  assert.deepEqual([...identifyingColumns(rules, tableOf(rules, 'public.runs'))], ['flow_id', 'org_id']);
});

describe('a value in a document', () => {
  const at = 'flows.graph';
  const cases: readonly [place: PlaceConfig, covered: readonly string[], open: readonly string[]][] = [
    [{ at, json: '/model' }, ['/model'], ['', '/models', '/a/model', '/model/x']],
    [{ at, json: '/nodes/*/model' }, ['/nodes/*/model', '/nodes/a/model'], ['/nodes/model', '/nodes/a/b/model']],
    [{ at, json: '/**/model' }, ['/model', '/a/model', '/a/*/b/model'], ['/a/model/x', '/a']],
    [{ at, json: '/a/**' }, ['/a', '/a/b', '/a/b/c'], ['/b', '']],
    [{ at, json: '/models', shape: 'list' }, ['/models/*'], ['/models', '/models/*/x']],
    [{ at, json: '/m', fields: { name: 'id', provider: 'by' } }, ['/m/id', '/m/by'], ['/m', '/m/name']],
    [{ at, json: '/s/~json/m' }, ['/s/~json/m'], ['/s/m', '/s/~json/~json/m']],
    [{ at, json: '/a/~key' }, ['/a/~key'], ['/a', '/a/b', '/~key']],
    [{ at, json: '/**/m' }, ['/m'], ['/s/~json/m', '/m/~key']],
    [{ at, json: '/a/**', role: 'history' }, ['/a/~key', '/a/s/~json/m'], ['/b/~key']],
  ]; // prettier-ignore
  for (const [place, covered, open] of cases) {
    it(`is covered where ${place.json}${place.role === undefined ? '' : ` (${place.role})`}${place.shape === 'list' ? ' (a list)' : ''} leads to it, and nowhere else`, () => {
      const rules = rulesOf([place]);
      const isOpen = (pointer: string): boolean =>
        placesAt(rules, { table: 'public.flows', column: 'graph', path: pointer }).length === 0;
      assert.deepEqual(covered.filter(isOpen), []);
      assert.deepEqual(open.filter(isOpen), open);
      const elsewhere = { path: covered[0] ?? '' };
      assert.deepEqual(placesAt(rules, { table: 'public.flows', column: 'note', ...elsewhere }), []);
      assert.deepEqual(placesAt(rules, { table: 'public.runs', column: 'graph', ...elsewhere }), []);
    });
  }
});
