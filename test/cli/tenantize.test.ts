/** `drover tenantize plan`: statuses, what is printed, and that the printed SQL is whole. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { cloneOf } from '../tenantize/ground.ts';
import type { ConversionPlace } from '../tenantize/ground.ts';
import { readConversion } from '../tenantize/cases.ts';
import { droverHere } from './drover-here.ts';
import { drover } from './drover-process.ts';
import type { Outcome } from './drover-process.ts';

const example = readConversion('tenantize/3-joins-that-disagree');
const folder = mkdtempSync(join(tmpdir(), 'drover-tenantize-'));
let place: ConversionPlace;

before(async () => {
  place = await cloneOf('server', example.name, example.script);
});
after(async () => {
  await place.drop();
  rmSync(folder, { recursive: true });
});

function words(config: string): string[] {
  return [
    'tenantize',
    'plan',
    '--database',
    'url' in place.target ? place.target.url : '',
    '--config',
    config,
  ];
}

const planned = (...more: string[]): Promise<Outcome> => droverHere([...words(example.config), ...more]);

/** The configuration with something else in `tenantize`, in a file of its own. */
function changed(name: string, change: (tenantize: Record<string, unknown>) => void): string {
  const said = parse(readFileSync(example.config, 'utf8')) as { tenantize: Record<string, unknown> };
  change(said.tenantize);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(said));
  return file;
}

it('says what becomes of each table, and ends with 0', async () => {
  const { status, stdout, stderr } = await drover(words(example.config));
  assert.equal(status, 0, stderr);
  assert.match(stdout, /public\.tasks\s+tenant\s+public\.projects/);
  assert.match(stdout, /contract: \d+ steps, \d+ of them lock a table exclusively; cannot be taken back/);
  assert.match(stdout, /Nothing was written/);
});

it('prints questions with the lines to paste, which are YAML, and ends with 2', async () => {
  const file = changed('open', (tenantize) => delete tenantize['tables']);
  const { status, stdout } = await droverHere(words(file));
  assert.equal(status, 2);
  assert.match(stdout, /OWNER_UNRESOLVED 2 rows of public\.notes lead to no tenant: 3, 4/);
  const pasted = stdout.split('\n').filter((line) => /^ {4}tenant/.test(line));
  assert.ok(pasted.length > 4, stdout);
  for (const line of pasted) assert.equal(typeof parse(line.trim()), 'object', line);
  assert.match(stdout, /4 questions are open/);
});

it('answers every question by what it prints, until none is left', async () => {
  const said = parse(readFileSync(example.config, 'utf8')) as Record<string, Record<string, unknown>>;
  delete said['tenantize']?.['tables'];
  delete said['tenant']?.['global'];
  const file = join(folder, 'answered.yaml');
  for (let round = 0; round < 4; round += 1) {
    writeFileSync(file, stringify(said));
    const { status, stdout } = await droverHere([...words(file), '--json']);
    if (status === 0) return;
    const { questions } = JSON.parse(stdout) as { questions: { answers: { yaml: string }[] }[] };
    for (const { answers } of questions)
      merge(said, parse(answers[0]?.yaml ?? '{}') as Record<string, unknown>);
  }
  assert.fail('questions are left');
});

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(from)) {
    const there = into[name];
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && typeof there === 'object')
      merge(there as Record<string, unknown>, value as Record<string, unknown>);
    else into[name] = value;
  }
}

it('prints every step with its way back as JSON, and its statements as SQL', async () => {
  const { stdout } = await planned('--json');
  const { steps, questions } = JSON.parse(stdout) as {
    questions: unknown[];
    steps: { phase: string; up: string[]; down: string[]; transaction: boolean }[];
  };
  assert.deepEqual(questions, []);
  const { stdout: text } = await planned('--sql');
  for (const { up } of steps) for (const statement of up) assert.ok(text.includes(statement), statement);
  assert.match(text, /^\\set ON_ERROR_STOP on\n/, 'nothing follows a gate that refused');
  assert.match(
    text,
    /SET lock_timeout = 0;\nDROP INDEX CONCURRENTLY IF EXISTS [^\n]*\nCREATE (UNIQUE )?INDEX CONCURRENTLY/,
  );
  const concurrent = steps.filter(({ up }) => up.some((statement) => /CONCURRENTLY/.test(statement)));
  assert.ok(concurrent.length > 3);
  for (const { transaction, up, down } of concurrent)
    assert.deepEqual([transaction, up.length, down.length], [false, 1, 1]);
});

it('writes files with a manifest, and touches no folder of somebody else', async () => {
  const into = join(folder, 'files');
  const exported = (): Promise<Outcome> =>
    droverHere(['tenantize', 'export', into, ...words(example.config).slice(2)]);
  assert.match(
    (await exported()).stdout,
    /^\d+ files in .*; manifest\.json has their order\.\nNothing was run\.\n$/,
  );
  const { files } = JSON.parse(readFileSync(join(into, 'manifest.json'), 'utf8')) as {
    files: { transaction: boolean; up: { file: string } }[];
  };
  for (const { transaction, up } of files) {
    const text = readFileSync(join(into, up.file), 'utf8');
    assert.equal(/ CONCURRENTLY /.test(text), !transaction, up.file);
    if (!transaction) assert.equal(text.match(/;\n/g)?.length, 1, up.file);
  }
  assert.equal((await exported()).status, 0, 'its own files are written anew');
  writeFileSync(join(into, 'mine.sql'), 'SELECT 1;');
  assert.match((await exported()).stderr, /FILE_EXISTS: .* holds mine\.sql/);
  assert.equal(readFileSync(join(into, 'mine.sql'), 'utf8'), 'SELECT 1;');
});

it('writes the keys of all rows without an owner, for nobody else to read', async () => {
  const file = join(folder, 'rows.tsv');
  assert.equal((await planned('--rows', file)).status, 0);
  assert.deepEqual(readFileSync(file, 'utf8').trimEnd().split('\n'), [
    'public.assignments\tdisputed\t2 00000000-0000-4000-8000-0000000000b2',
    'public.files\townerless\t3',
    'public.notes\townerless\t3',
    'public.notes\townerless\t4',
  ]);
  assert.equal(statSync(file).mode & 0o077, 0);
});

it('takes the steps, says how far it is, and takes them back; without a word nothing is written', async () => {
  const on = words(example.config).slice(2);
  const verb = (name: string, ...more: string[]): Promise<Outcome> =>
    droverHere(['tenantize', name, ...on, ...more]);
  assert.match((await verb('status')).stdout, /^No conversion was begun here/);
  const unasked = await verb('apply');
  assert.deepEqual([unasked.status, unasked.stdout], [1, '']);
  assert.match(unasked.stderr, /CONFIRMATION_REQUIRED: Take \d+ steps of expand, fill, validate, shadow\?/);
  const open = changed('unanswered', (tenantize) => delete tenantize['tables']);
  const asked = await droverHere(['tenantize', 'apply', '--yes', ...words(open).slice(2)]);
  assert.deepEqual([asked.status, /4 questions are open/.test(asked.stdout)], [2, true]);
  assert.match((await verb('status')).stdout, /^No conversion was begun here/);
  const bound = await verb('apply', '--phase', 'bind', '--yes');
  assert.equal(bound.status, 2);
  assert.match(bound.stderr, /PHASE_BLOCKED: bind needs --accept-unverified REASON/);
  assert.match((await verb('status')).stdout, /^No conversion was begun here/);
  const taken = await verb('apply', '--phase', 'fill', '--yes');
  assert.match(taken.stdout, /^\d+ steps taken\.\n$/, taken.stderr);
  assert.equal((await verb('apply', '--phase', 'fill', '--yes')).stdout, 'Nothing to do.\n');
  const board = await verb('status');
  assert.match(board.stdout, /public\.tasks\s+done\s+done/);
  assert.match(board.stdout, /Under way, fill is done; \d+ of \d+ steps are done\. Begun by /);
  const otherwise = changed('otherwise', (tenantize) => (tenantize['keys'] = 'tenant-led'));
  assert.match(
    (await droverHere(['tenantize', 'apply', '--yes', ...words(otherwise).slice(2)])).stderr,
    /CONVERSION_DRIFTED: [^]*says otherwise than when the conversion began/,
  );
  const back = JSON.parse((await verb('revert', '--yes', '--json')).stdout) as {
    taken: number;
    conversion: { outcome: string; steps: { state: string }[] };
  };
  assert.equal(back.conversion.outcome, 'reverted');
  assert.ok(back.taken > 0 && back.conversion.steps.every(({ state }) => state === 'planned'));
  assert.equal((await verb('revert', '--yes')).stdout, 'Nothing to do.\n');
});

it('names what of the block does not fit, with its place, and the block where there is none', async () => {
  const unfit = changed('unfit', (tenantize) => {
    tenantize['tables'] = {
      nowhere: { owner: 'zero' },
      tasks: { columns: { nothing: 'x' }, triggers: { none: 'fire' } },
    };
    tenantize['zero'] = '00000000-0000-4000-8000-00000000dead';
  });
  const { status, stderr } = await droverHere(words(unfit));
  assert.equal(status, 1);
  for (const said of [
    /unfit\.yaml:\d+:\d+ .*no table nowhere/,
    /tasks has no column nothing/,
    /tasks has no trigger none/,
  ])
    assert.match(stderr, said);
  const unknown = changed('unknown', (tenantize) => {
    tenantize['zero'] = '00000000-0000-4000-8000-00000000dead';
  });
  assert.match(
    (await droverHere(words(unknown))).stderr,
    /tenantize\.zero: public\.orgs has no row with that key/,
  );
  const bare = join(folder, 'bare.yaml');
  writeFileSync(bare, stringify({ version: 1, tenant: { root: 'orgs' }, isolation: {} }));
  assert.match((await droverHere(words(bare))).stderr, /CONFIG_INVALID[^]*no block tenantize/);
});
