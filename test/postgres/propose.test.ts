/** `drover init` may be unsure, but it never says nothing: every place that a person would list is in its proposal. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config-file.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { splitName } from '../../src/engine/catalogue/names.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { readCatalog } from '../../src/postgres/catalogue/catalog.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { quoteIdent } from '../../src/postgres/sql/identifiers.ts';
import { proposalText } from '../../src/cli/database/proposal-text.ts';
import { proposeConfig } from '../../src/postgres/facts/propose.ts';
import { recordsSchema } from '../../src/postgres/scope/site.ts';
import { proposalWords } from '../../src/registry/known/proposal-words.ts';
import { builtInFolder, loadValid } from '../../src/registry/load/folder.ts';
import { eachEngine, freshDatabase, freshServerDatabase } from '../support/databases.ts';

const words = proposalWords(loadValid(builtInFolder));
const examples = ['a-two-owners', 'b-text-pairs', 'c-odd-names'];

function read(example: string, file: string): string {
  return readFileSync(new URL(`../../examples/attached/${example}/${file}`, import.meta.url), 'utf8');
}

/** However a name is quoted, and with or without its schema. */
function plain(name: string): string {
  const parts = splitName(name) ?? [name];
  return (parts[0] === 'public' ? parts.slice(1) : parts).join('.');
}

/** Does a proposed pointer pattern lead to what the wanted one leads to? */
function covers(proposed: PlaceConfig, wanted: PlaceConfig): boolean {
  if (plain(proposed.at) !== plain(wanted.at)) return false;
  if (wanted.json === undefined) return true;
  const pattern = wanted.json.replaceAll('/**', '(/[^/]+)*').replaceAll('/*', '/[^/]+');
  return proposed.json !== undefined && new RegExp(`^${pattern}$`).test(proposed.json);
}

for (const example of examples) {
  eachEngine((engine) => {
    describe(example, () => {
      let db: Database;
      let drop: () => Promise<void>;
      let proposal: Awaited<ReturnType<typeof proposeConfig>>;
      const wanted = parse(read(example, 'drover.config.yaml')) as Config;

      before(async () => {
        const fresh = await freshDatabase(engine);
        drop = () => fresh.drop();
        db = await openDatabase(fresh.target);
        for (const file of ['schema.sql', 'data.sql'])
          await db.transaction({}, (tx) => tx.script(read(example, file)));
        proposal = await proposeConfig(db, { schemas: ['public'], records: recordsSchema, words });
      });
      after(async () => {
        await db.close();
        await drop();
      });

      test('finds the tenants and how rows belong to them', () => {
        const { tenant } = proposal.config;
        assert.equal(plain(tenant.root ?? ''), plain(wanted.tenant.root ?? ''));
        assert.equal(tenant.key, wanted.tenant.key);
        assert.equal(tenant.column, wanted.tenant.column);
        assert.equal(tenant.display, wanted.tenant.display);
        for (const [table, link] of Object.entries(wanted.tenant.links ?? {}))
          assert.equal(tenant.links?.[table], link, table);
        for (const name of wanted.tenant.unrelated ?? []) assert.ok(tenant.unrelated?.includes(name), name);
        assert.deepEqual(tenant.global ?? [], wanted.tenant.global ?? []);
      });

      test('finds the tables of models and what their columns mean', () => {
        const found = new Map(proposal.config.model?.tables?.map((table) => [plain(table.table), table]));
        for (const table of wanted.model?.tables ?? []) {
          const mine = found.get(plain(table.table));
          assert.deepEqual(mine?.columns, table.columns, table.table);
          assert.equal(mine.kind ?? 'completion', table.kind ?? 'completion');
          assert.equal(mine.global, table.global);
          assert.deepEqual(mine.facts ?? {}, table.facts ?? {});
        }
        assert.equal(found.size, wanted.model?.tables?.length ?? 0);
        assert.deepEqual(proposal.config.model?.identity, wanted.model?.identity);
        assert.deepEqual(proposal.config.model?.spellings, wanted.model?.spellings);
      });

      // That people wrote a text to be read is not in the data either: such a column is no proposal, and its mentions are.
      for (const place of (wanted.places ?? []).filter(({ role }) => role !== 'prose')) {
        test(`proposes ${place.at}${place.json ?? ''}`, () => {
          const found = proposal.config.places?.filter((mine) => covers(mine, place)) ?? [];
          assert.ok(found.length > 0, 'the place is missing');
          const allowed = {
            // That nothing reads a place any more is not in the data.
            prose: ['prose', 'ask'],
            ignore: ['ask', 'reference'],
            'dead-copy': ['ask'],
            grant: ['grant'],
            'data-bound': ['data-bound'],
            deny: ['deny'],
            history: ['history', 'ask'],
            catalogue: ['catalogue'],
            reference: ['reference', 'ask'],
            ask: ['ask'],
          };
          for (const mine of found)
            assert.ok(
              allowed[place.role ?? 'reference'].includes(mine.role ?? 'reference'),
              `${mine.json ?? mine.at} is ${mine.role ?? 'reference'}`,
            );
        });
      }

      test('never moves what a person would keep, nor moves in another way than they would', () => {
        const moving = (proposal.config.places ?? []).filter(
          (place) => place.role === undefined || place.role === 'reference',
        );
        for (const mine of moving) {
          const place =
            wanted.places?.find((each) => covers(mine, each)) ??
            wanted.places?.find((each) => plain(each.at) === plain(mine.at));
          assert.equal(mine.shape ?? 'scalar', place?.shape ?? 'scalar', mine.at);
          assert.equal(mine.partner, place?.partner, mine.at);
          if (place?.as !== undefined) assert.equal(mine.as, place.as, mine.at);
        }
      });

      test('is a file that reads back as the same configuration, fits the catalogue and gives its reasons', async () => {
        assert.deepEqual(
          parseConfig(proposalText(proposal, 'x'), 'drover.config.yaml').config,
          proposal.config,
        );
        const schemas = proposal.config.database?.schemas ?? [];
        const catalog = await db.transaction({ readOnly: true }, (tx) => readCatalog(tx, { schemas }));
        assert.deepEqual(resolveRules(catalog, proposal.config).problems, []);
        const lines = proposalText(proposal, 'x').split('\n');
        for (const [at, line] of lines.entries())
          if (line.startsWith('  - at: ')) assert.match(lines[at - 1] ?? '', /^ {2}# /, line);
      });
    });
  });
}

test('a login that may not read a table is told so, and learns all that can be known', async () => {
  const fresh = await freshServerDatabase('propose');
  const admin = await openDatabase({ url: fresh.url });
  const role = new URL(fresh.url).pathname.slice(1);
  try {
    for (const file of ['schema.sql', 'data.sql'])
      await admin.transaction({}, (tx) => tx.script(read('a-two-owners', file)));
    await admin.transaction({}, (tx) =>
      tx.script(
        `CREATE ROLE ${quoteIdent(role)} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${quoteIdent(role)}; REVOKE SELECT ON assistants FROM ${quoteIdent(role)};
         ALTER TABLE snippets ENABLE ROW LEVEL SECURITY; ALTER TABLE services ENABLE ROW LEVEL SECURITY;
         CREATE POLICY all_rows ON services USING (true); ALTER TABLE spaces ENABLE ROW LEVEL SECURITY;
         CREATE POLICY all_rows ON spaces USING (true); CREATE POLICY named ON spaces AS RESTRICTIVE USING (name IS NOT NULL)`,
      ),
    );
    const url = new URL(fresh.url);
    url.username = role;
    const poor = await openDatabase({ url: url.href });
    const { config, notes } = await proposeConfig(poor, {
      schemas: ['public'],
      records: recordsSchema,
      words,
    });
    await poor.close();
    assert.ok(notes.some((note) => note.startsWith('This login may not read public.assistants')));
    assert.ok(
      notes.some((note) =>
        /^Row-level security may hide rows of public\.snippets, public\.spaces from .* No value was seen in public\.snippets\./.test(
          note,
        ),
      ),
      notes.join('\n'),
    );
    assert.ok(config.places?.some((place) => place.at === 'assistants.model_id'));
  } finally {
    await admin.transaction({}, (tx) =>
      tx.script(`DROP OWNED BY ${quoteIdent(role)}; DROP ROLE ${quoteIdent(role)}`),
    );
    await admin.close();
    await fresh.drop();
  }
});

test('the examples are there', () => {
  for (const example of examples)
    assert.ok(existsSync(new URL(`../../examples/attached/${example}/`, import.meta.url)));
});
