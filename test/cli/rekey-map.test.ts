/** `drover rekey --map FILE`: twenty bad files, each with its lines and nothing written; a good one; and one about several tenants. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { stringify } from 'yaml';
import { mostPairs } from '../../src/cli/migrations/mapping-file.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { queryText } from '../attached/database-text.ts';
import { freshDatabase } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import type { Outcome } from './drover-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-map-'));
const config = join(folder, 'drover.config.yaml');
let database: Database;
let url = '';
let drop: () => Promise<void>;

before(async () => {
  const fresh = await freshDatabase('server');
  assert.ok('url' in fresh.target);
  ({ drop } = fresh);
  ({ url } = fresh.target);
  database = await openDatabase(fresh.target);
  await database.transaction({}, (tx) =>
    tx.script(`CREATE TABLE shops (id text PRIMARY KEY); INSERT INTO shops VALUES ('a'), ('b');
      CREATE TABLE printers (shop text REFERENCES shops, id int, name text, PRIMARY KEY (shop, id));
      INSERT INTO printers SELECT s, n, 'p' || n FROM (VALUES ('a'), ('b')) x (s), generate_series(1, 5) n; INSERT INTO printers VALUES ('b', 77, 'own');
      CREATE TABLE jobs (shop text, printer int, n int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, FOREIGN KEY (shop, printer) REFERENCES printers);
      CREATE INDEX ON jobs (shop, printer); INSERT INTO jobs (shop, printer) SELECT shop, id FROM printers;`),
  );
  writeFileSync(
    config,
    stringify({
      version: 1,
      tenant: { root: 'shops', column: 'shop' },
      rows: [{ table: 'printers', natural: ['name'] }],
    }),
  );
});
after(async () => {
  await database.close();
  await drop();
  rmSync(folder, { recursive: true });
});

function rekey(verb: 'plan' | 'apply', text: string | Uint8Array, ...more: string[]): Promise<Outcome> {
  const file = join(folder, 'keys.csv');
  writeFileSync(file, text);
  const where = ['--database', url, '--config', config, '--table', 'printers', '--map', file];
  return droverHere(['rekey', verb, ...where, ...more]);
}

const wide = Buffer.from('\uFEFFfrom,to\n1,2', 'utf16le');
const long = Array.from({ length: mostPairs + 1 }, (_, n) => `${n + 10},${n + 1_000_000}`).join('\n');
/** Each file, with the numbers of the lines that are named. */
const bad: readonly (readonly [what: string, file: string | Uint8Array, lines: readonly number[]])[] = [
  ['empty', '', [1]],
  ['a header only', 'from,to\n', [1]],
  ['another header', 'old,new\n1,10\n', [1]],
  ['a header with something else', 'from,to,note\n1,10,x\n', [1]],
  ['no header', '1,10\n2,11\n', [1]],
  ['UTF-16', wide, [1]],
  ['Latin-1', new Uint8Array([...new TextEncoder().encode('from,to\n1,10\n'), 0xe9, 0x2c, 0x31]), [3]],
  ['an open quote', 'from,to\n1,10\n"2,11\n', [3]],
  ['text behind a quote', 'from,to\n"1"x,10\n', [2]],
  ['a quote within a field', 'from,to\n1,1"0\n', [2]],
  ['parted by semicolons', 'from;to\n1;10\n', [1]],
  ['a field too few, and one too many', 'from,to\n1\n2,11,x\n', [2, 3]],
  ['an empty line', 'from,to\n1,10\n\n2,11\n', [3]],
  ['too many pairs', `from,to\n${long}\n`, [mostPairs + 2]],
  ['an empty from, and an empty to', 'from,to\n,10\n2,\n', [2, 3]],
  ['a from twice', 'from,to\n1,10\n2,11\n1,12\n', [4]],
  ['a to twice', 'from,to\n1,10\n2,10\n', [3]],
  ['a pair onto itself', 'from,to\n1,10\n2,2\n', [3]],
  ['rows that are not there', 'from,to\n1,10\n90,91\n92,93\n', [3, 4]],
  ['a key of another type', 'from,to\nx,10\n2,y\n', [2, 3]],
  ['another tenant’s key', 'from,to\n1,10\n77,78\n', [3]],
  ['the name of a row', 'from,to\np1,10\n', [2]],
  ['all sorts at once', 'from,to\n1\n2,2\n90,91\nx,y\n3,30\n3,31\n', [2, 3, 4, 5, 7]],
];

it('twenty and more bad files are refused with their lines, and nothing is written', async () => {
  assert.ok(bad.length >= 20);
  const rows = (): Promise<unknown> => queryText(database, 'SELECT * FROM printers ORDER BY shop, id');
  const before = await rows();
  for (const [what, file, lines] of bad) {
    const { status, stdout, stderr } = await rekey('apply', file, '--tenant', 'a', '--yes');
    assert.equal(status, 1, what);
    assert.match(stderr, /^MAPPING_INVALID: The map cannot be followed, and nothing was written/, what);
    const named = [...stderr.matchAll(/^line (\d+): /gm)].map(([, line]) => Number(line));
    // Rows of the file with too many pairs are not there either, and are told by the first hundred.
    assert.deepEqual(
      what === 'too many pairs'
        ? lines.filter((line) => stderr.includes(String(line)) || named.length === 100)
        : named,
      lines,
      what,
    );
    assert.equal(stdout, '', what);
  }
  assert.deepEqual(await rows(), before);
  const made = await queryText(
    database,
    `SELECT to_regclass('drover.journal') IS NULL OR NOT EXISTS (SELECT FROM drover.journal)`,
  ).catch(() => [['true']]);
  assert.deepEqual(made, [['true']]);
});

it('a good file is planned, written, applied, and taken back', async () => {
  const file = '\uFEFFfrom,to\r\n1,2\r\n2,"30"\r\n3,40\r\n';
  const out = join(folder, 'plan.json');
  const planned = await rekey('plan', file, '--tenant', 'a', '--out', out, '--sql');
  assert.equal(planned.status, 2, planned.stderr);
  assert.match(planned.stdout, /UPDATE ONLY "public"."printers"/);
  assert.match(planned.stdout, /KEYS_CHANGE_HANDS/);
  const where = ['--database', url, '--config', config];
  const applied = await droverHere(['rekey', 'apply', out, ...where, '--yes', '--json']);
  assert.equal(applied.status, 0, applied.stderr);
  const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
  const jobs = (): Promise<unknown> =>
    queryText(database, `SELECT printer FROM jobs WHERE shop = 'a' ORDER BY n`);
  assert.deepEqual(await jobs(), [['2'], ['30'], ['40'], ['4'], ['5']]);
  const shown = await droverHere(['history', migrationId, ...where, '--tenant', 'a']);
  assert.match(shown.stdout, /1 and 2 more → 2 and 2 more/);
  const aliases = await droverHere(['aliases', ...where, '--tenant', 'a', '--csv']);
  assert.match(aliases.stdout, /,1,2,[\s\S]*,3,40,/);
  const back = await droverHere(['rollback', migrationId, ...where, '--tenant', 'a', '--yes']);
  assert.equal(back.status, 0, back.stderr);
  assert.deepEqual(await jobs(), [['1'], ['2'], ['3'], ['4'], ['5']]);
});

it('a file about several tenants is done tenant by tenant, each whole or not at all', async () => {
  const file = 'tenant,from,to\na,4,400\nb,4,401\nb,5,501\n';
  assert.match((await rekey('plan', file)).stderr, /^USAGE_INVALID: .*--all-tenants/);
  assert.match(
    (await rekey('plan', 'from,to\n1,2\n', '--all-tenants')).stderr,
    /^USAGE_INVALID: .*column tenant/,
  );
  const wrong = await rekey('apply', `${file}a,90,91\nb,92,93\nnobody,1,2\n`, '--all-tenants', '--yes');
  assert.deepEqual(
    [...wrong.stderr.matchAll(/^line (\d+): /gm)].map(([, line]) => line),
    ['5', '6', '7'],
  );
  assert.equal((await rekey('plan', file, '--all-tenants')).status, 2);
  assert.equal((await rekey('apply', file, '--tenant', 'b', '--yes')).status, 0);
  const rest = await rekey('apply', 'tenant,from,to\na,5,500\nb,401,6\nb,77,3\n', '--all-tenants', '--yes');
  assert.equal(rest.status, 1);
  assert.match(rest.stderr, /BOTH_ROWS_EXIST/);
  assert.deepEqual(
    await queryText(
      database,
      `SELECT shop, string_agg(id::text, ' ' ORDER BY id) FROM printers GROUP BY 1 ORDER BY 1`,
    ),
    [
      ['a', '1 2 3 4 500'],
      ['b', '1 2 3 77 401 501'],
    ],
  );
});
