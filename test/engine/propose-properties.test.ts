/** Whatever a database looks like, what is proposed for it fits it: names are found, conditions resolve, nothing is listed twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import type { Observations } from '../../src/engine/propose/observation.ts';
import { propose } from '../../src/engine/propose/propose.ts';
import { KeyColumns, listLinkCandidates, namesKeyOf } from '../../src/engine/propose/links.ts';
import { proposalText } from '../../src/cli/database/proposal-text.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { proposalWords } from '../../src/registry/known/proposal-words.ts';
import { builtInFolder, loadValid } from '../../src/registry/load/folder.ts';
import { buildCatalog, type Columns } from './build-catalog.ts';

const tableNames = ['tenants', 'Organisation', 'models', 'ai model', 'llm.catalog', 'agents', 'flow_versions', 'flows', 'messages', 'allowed_models', 'default_models', 'space "models"', 'settings', 'ümlaut', 'usage logs', 'embedding_models', 'snapshots', 'user'] as const; // prettier-ignore
const columnNames = ['model', 'model_id', 'modelId', 'model name', 'fallback.model', 'provider', 'provider_id', 'name', 'status', 'deleted_at', 'is_draft', 'settings', 'graph', 'model_ids', 'current_version_id', 'tenant_id', 'organisation_id', 'created_by', 'agent_id', 'engine', 'llm', 'note', 'default_model', 'tokens', 'updated_at', 'created_at'] as const; // prettier-ignore
const values = ['gpt-4o', 'openai/gpt-4o', 'claude-3-7-sonnet', 'archived', 'draft', 'superseded', '1', '42', '', 'a, b', '{"model":"gpt-4o"}', '[', "it's", 'x'.repeat(90), '11111111-1111-4111-8111-111111111111'] as const; // prettier-ignore
const pointers = ['/model', '/nodes/*/model', '/a~1b/model', '/*', '', '/x/~json/model', '/m/provider', '/m/name', '/*/*'] as const; // prettier-ignore

const columns = fc
  .uniqueArray(fc.constantFrom(...columnNames), { maxLength: 6 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.tuple(
          fc.constant(name),
          fc.constantFrom('text', 'uuid', 'bigint', 'jsonb', 'text[]', 'json', 'uuid[]', 'boolean', 'timestamp'),
          fc.constantFrom('', '!'),
          fc.option(fc.constantFrom(...tableNames), { nil: undefined }),
        ),
      ),
    ),
  ); // prettier-ignore

const catalogs: fc.Arbitrary<Catalog> = fc
  .uniqueArray(fc.constantFrom(...tableNames), { minLength: 1, maxLength: 7 })
  .chain((names) => fc.tuple(fc.constant(names), fc.tuple(...names.map(() => columns))))
  .map(([names, all]) => {
    const tables = names.map((name, at): [string, Columns] => {
      const own = (all[at] ?? []).map(([column, type, notNull, to]): [string, string] => {
        const leads = to !== undefined && names.includes(to) && type === 'uuid' && /^[\w]+$/.test(to);
        return [column, `${type}${notNull}${leads ? ` -> ${to}.id` : ''}`];
      });
      return [name, { id: 'uuid!', ...Object.fromEntries(own) }];
    });
    return buildCatalog(Object.fromEntries(tables));
  });

function observations(catalog: Catalog): fc.Arbitrary<Observations> {
  const some = fc.subarray([...values]);
  const all = catalog.tables.flatMap((table) => table.columns.map((column) => ({ table: table.id, column: column.name, kind: column.kind }))); // prettier-ignore
  const kinds = { json: ['json-value', 'json-key', 'comma'], jsonb: ['json-value', 'json-key'], 'text[]': ['array'], 'uuid[]': ['array'], text: ['json-value', 'comma'] } as const; // prettier-ignore
  return fc
    .tuple(
      fc.tuple(...all.map(({ table, column }) => some.map((distinct) => ({ table, column, filled: distinct.length, distinct })))),
      fc.tuple(...all.map(({ table, column, kind }) => {
        const ways = kind in kinds ? kinds[kind as keyof typeof kinds] : [];
        return ways.length === 0 ? fc.constant([]) : fc.array(fc.record({ table: fc.constant(table), column: fc.constant(column), kind: fc.constantFrom(...ways), pointer: kind.endsWith('[]') ? fc.constant(undefined) : fc.constantFrom(...pointers), filled: fc.constant(1), distinct: some }), { maxLength: 3 });
      })),
      fc.tuple(...listLinkCandidates(catalog).map((link) => fc.nat(5).map((matched) => ({ ...link, sampled: 5, matched })))),
    )
    .map(([seen, inner, links]) => ({ columns: seen, inner: inner.flat() as Observations['inner'], bound: [], links, sampled: [], unreadable: [], hidden: [] })); // prettier-ignore
}

const words = proposalWords(loadValid(builtInFolder));

test('a proposal fits the database that it is for, and its text says the same', () => {
  fc.assert(
    fc.property(
      catalogs.chain((catalog) => fc.tuple(fc.constant(catalog), observations(catalog))),
      ([catalog, seen]) => {
        const proposal = propose({ catalog, schemas: ['public'], seen, words });
        const { problems } = resolveRules(catalog, proposal.config);
        assert.deepEqual(problems, []);
        assert.deepEqual(parse(proposalText(proposal, 'x')), JSON.parse(JSON.stringify(proposal.config)));
      },
    ),
    { numRuns: 80 },
  );
});

test('columns found by the last word of a table are those that a comparison with every table finds', () => {
  fc.assert(
    fc.property(catalogs, (catalog) => {
      const named = new KeyColumns(catalog);
      for (const target of catalog.tables) {
        const every = catalog.tables.flatMap((table) =>
          table.columns
            .filter((column) => namesKeyOf(column.name, target.name))
            .map((column) => ({ table, column })),
        );
        assert.deepEqual(named.of(target), every);
      }
    }),
    { numRuns: 80 },
  );
});
