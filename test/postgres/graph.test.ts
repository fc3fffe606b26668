/** What `drover inspect` shows must be what a plan works with: one edge for each place, and every owner. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { Config } from '../../src/engine/rules/config.ts';
import { graphJson, graphMermaid, referenceGraph } from '../../src/engine/rules/graph.ts';
import type { ReferenceGraph } from '../../src/engine/rules/graph.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { freshDatabase } from '../support/databases.ts';

function read(example: string, file: string): string {
  return readFileSync(new URL(`../../examples/attached/${example}/${file}`, import.meta.url), 'utf8');
}

async function graphOf(example: string): Promise<{ graph: ReferenceGraph; places: readonly string[] }> {
  const fresh = await freshDatabase('server');
  const db = await openDatabase(fresh.target);
  try {
    const config = parse(read(example, 'drover.config.yaml')) as Config;
    await db.transaction({}, (tx) => tx.script(read(example, 'schema.sql')));
    const schemas = config.database?.schemas ?? ['public'];
    const catalog = await db.transaction({ readOnly: true }, (tx) => readCatalog(tx, { schemas }));
    const { rules, problems } = resolveRules(catalog, config);
    assert.deepEqual(problems, []);
    return { graph: referenceGraph(rules), places: rules.places.map((place) => place.id) };
  } finally {
    await db.close();
    await fresh.drop();
  }
}

/** One line for each place, to be read beside the flowchart. */
function rowsOf({ nodes, edges }: ReferenceGraph): string[] {
  const owners = new Map(
    nodes.map(({ table, owner, paths }) => [table, owner === 'tenant' ? paths.join(' and ') : owner]),
  );
  const rows = edges.map(({ place, models, kind, via, role, time, table }) =>
    [place, `${models} (${kind})`, via, role, time, owners.get(table)].join(' | '),
  );
  return ['place | names | by | role | time | belongs to its tenant by', ...rows];
}

for (const example of ['a-two-owners', 'b-text-pairs', 'c-odd-names']) {
  describe(example, () => {
    test('the graph is the one that was read before', async () => {
      const { graph } = await graphOf(example);
      const golden = new URL(`../golden/graph-${example}.txt`, import.meta.url);
      const text = `${rowsOf(graph).join('\n')}\n\n${graphMermaid(graph)}`;
      if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text);
      assert.equal(text, readFileSync(golden, 'utf8'));
    });

    test('has an edge for each place, between nodes that it has, and reads back from JSON', async () => {
      const { graph, places } = await graphOf(example);
      assert.deepEqual(graph.edges.map((edge) => edge.place).toSorted(), [...places].toSorted());
      const tables = graph.nodes.map((node) => node.table);
      for (const edge of graph.edges) assert.ok(tables.includes(edge.table), edge.place);
      assert.deepEqual(JSON.parse(graphJson(graph)), graph);
      assert.deepEqual(
        graph.nodes.filter((node) => node.owner === 'tenant' && node.paths.length === 0),
        [],
      );
    });
  });
}
