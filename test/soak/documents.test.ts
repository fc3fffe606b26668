/** All pages of the documentation with commands: each in one shell, in order, as printed. Needs script(1), curl, and the registry of npm. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { given } from '../../src/engine/given.ts';
import { examplePlace } from '../cli/drover-process.ts';
import { blocksOf, wrongOn } from '../docs/pages.ts';
import { findFreePort } from '../support/postgres-server.ts';

/** What the text of a page has its reader do before its commands. */
interface Setting {
  /** One of examples/attached is the database of the reader, after this SQL. */
  readonly example?: readonly [name: string, sql: string];
  readonly words?: { readonly tenant: string; readonly from: string; readonly to: string };
  /** The first file that the page shows, and where it goes. */
  readonly file?: string;
  /** The shell begins in a clone of the repository. */
  readonly clone?: boolean;
}

/** The database that a page shows, in the place of the example. */
function shownDatabase(page: string): string {
  const [, sql = ''] = /```sql\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
  return inPlace(sql);
}

function inPlace(sql: string): string {
  return `DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${sql}`;
}

const v1 = inPlace(
  ['schema', 'data'].map((name) => readFileSync(`examples/v1/${name}.sql`, 'utf8')).join('\n'),
);

const pages: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [
    'README.md',
    {
      clone: true,
      example: ['d-schema-per-tenant', "INSERT INTO tenant_cedar.models VALUES (2, 'gpt-5.4', 'openai')"],
      words: { tenant: 'tenant_alder', from: 'gpt-4o', to: 'gpt-5.4' },
    },
  ],
  ['docs/guides/assessments.md', {}],
  ['docs/guides/attached.md', {}],
  ['docs/guides/deploying.md', {}],
  ['docs/guides/edge.md', {}],
  ['docs/guides/http.md', {}],
  [
    'docs/guides/identity.md',
    { file: 'drover.config.yaml', example: ['b-text-pairs', shownDatabase('docs/guides/identity.md')] },
  ],
  [
    'docs/guides/inventory.md',
    { clone: true, example: ['b-text-pairs', "ALTER TABLE agents ALTER COLUMN model SET DEFAULT 'gpt-4o'"] },
  ],
  ['docs/guides/isolation.md', {}],
  ['docs/guides/library.md', {}],
  ['docs/guides/migrations.md', {}],
  ['docs/guides/registry.md', { file: 'my-registry/registry.yaml' }],
  ['docs/guides/resources.md', {}],
  ['docs/guides/routing.md', {}],
  ['docs/guides/runs.md', {}],
  ['docs/guides/v2.md', { clone: true, example: ['b-text-pairs', v1] }],
]);

/** What a clone has, with what is not committed yet. */
function cloneTo(folder: string): void {
  const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const path of paths.trim().split('\n')) cpSync(path, join(folder, path));
}

describe('commands of the documents', () => {
  it('are tried on every page that has some', () => {
    const all = ['README.md', ...globSync('docs/**/*.md'), ...globSync('examples/**/*.md')];
    const withCommands = all.filter((page) => blocksOf(readFileSync(page, 'utf8')).length > 0);
    assert.deepEqual(withCommands.toSorted(), [...pages.keys()].toSorted());
  });

  for (const [page, setting] of pages)
    it(`${page} is answered as printed`, async () => {
      const { example: [name, sql] = [], file, clone, words } = setting;
      const folder = mkdtempSync(join(tmpdir(), 'drover-documents-'));
      if (clone === true) cloneTo(folder);
      const place = name === undefined ? undefined : await examplePlace('server', name);
      if (sql !== undefined) await place?.look((tx) => tx.script(sql));
      const wrong = await wrongOn({
        page,
        folder,
        ...given({ file }),
        reader: { database: place?.where[1] ?? '', port: await findFreePort(), ...words },
      });
      await place?.drop();
      assert.deepEqual(wrong, []);
    });
});
