/** Whatever a command prints fits 40, 80 and 120 columns without cutting a name, has no colours where none are wanted, and is rows in a pipe. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { commandsBelow, droverHere } from './drover-here.ts';
import { demoPlace, examplePlace, scratch } from './drover-process.ts';
import type { Place } from './drover-process.ts';

interface Seen {
  /** The words after the command; `RUN`, `MIGRATION` stand for ids. */
  readonly words: readonly string[];
  /** A list: rows with tabs in a pipe. */
  readonly isList?: true;
  /** It opens no database. */
  readonly isAlone?: true;
}

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-sonnet-4-6'];
const list = (...words: string[]): Seen => ({ words, isList: true });
const text = (...words: string[]): Seen => ({ words });
const alone = (...words: string[]): Seen => ({ words, isAlone: true });

/** Every command, or why it is not among them: the test looks for those that are missing. */
const seen: Readonly<Record<string, readonly Seen[] | string>> = {
  inventory: [text()],
  inspect: [list()],
  doctor: [text()],
  'doctor rules': [{ ...list(), isAlone: true }],
  'doctor explain': [alone('POLICY_MISSING')],
  'doctor diff': 'compares two files: its lines are broken as those of doctor are',
  lint: 'a folder of migrations; its lines are broken as those of doctor are',
  grants: 'a script of SQL',
  plan: [text('--tenant', 'Alder Clinic', ...move), list('--all-tenants', ...move)],
  history: [list(), text('MIGRATION')],
  aliases: [list()],
  'models list': [list()],
  'models suggest': [list('claude-3-7-sonnet')],
  retirements: [list()],
  'assess start': 'a line for each tenant, and the next one says another number',
  'assess show': [list(), list('--tenant', 'Cedar School')],
  'assess decide': 'as assess accept',
  'assess accept': 'a line for each tenant',
  'assess reopen': 'as assess accept',
  'assess cancel': 'as assess accept',
  'assess export': 'a document',
  assess: 'a group',
  watch: [text()],
  runs: [list(), list('show', 'RUN')],
  check: [alone('hermes', 'claude-opus-4-7'), alone('hermes', 'no-such-model')],
  'registry show': [alone(), alone('hermes'), alone('claude-3-7-sonnet')],
  'registry validate': [alone()],
  'registry diff': [{ ...list('registry', 'registry'), isAlone: true }],
  keys: [list('list')],
  'config check': 'attached databases alone; one line',
  apply: 'shows the plan of `plan`, and the result that `history MIGRATION` shows; tried below',
  rollback: 'as apply',
  'rekey plan': 'as plan',
  'rekey apply': 'as apply',
  'tenantize plan': 'attached databases alone',
  'tenantize apply': 'attached databases alone',
  'tenantize revert': 'attached databases alone',
  'tenantize status': 'attached databases alone',
  'tenantize export': 'attached databases alone',
  tenantize: 'a group',
  init: 'a file, whose lines are as they are',
  completion: 'a script',
  man: 'a page for `man`, which wraps it',
  demo: 'a story of what the others print',
  serve: 'waits; a line',
  edge: 'waits; a line',
  worker: 'waits; a line for each wave',
  notify: 'one line',
  seed: 'one line for each key',
  secrets: 'one line',
  'registry import': 'needs a file of a feed',
  'registry audit': 'needs a file of a feed',
  config: 'a group',
  models: 'a group',
  registry: 'a group',
  rekey: 'a group',
};

/** A line that may be as long as it is: one word, the path of a file, or a command that a person pastes. */
function mayBeLong(line: string): boolean {
  const said = line
    .replace(/`[^`]*`\S*/g, '')
    .replace(/(: |^ *)(drover|npx|psql) .*$/, '')
    .replace(/ \/\S*$/, '');
  return !said.trim().includes(' ');
}

/** Of what a terminal of that many columns shows; of a status line that is drawn over it is the last part. */
function tooLong(said: string, columns = Number.POSITIVE_INFINITY): string[] {
  const lines = stripVTControlCharacters(said).split(/[\r\n]/);
  return lines.filter((line) => line.length > columns && !mayBeLong(line));
}

const wordsOf = (said: string): Set<string> => new Set(stripVTControlCharacters(said).split(/\s+/));

describe('what is printed', () => {
  let demo: Place;
  const ids = new Map<string, string>();
  const run = async (
    name: string,
    { words, isAlone }: Seen,
    options: { columns?: number; env?: Record<string, string>; more?: readonly string[] },
  ): Promise<string> => {
    const given = words.map((word) => ids.get(word) ?? word);
    const where = isAlone === true ? [] : demo.where;
    const outcome = await droverHere(
      [...name.split(' '), ...given, ...where, ...(options.more ?? [])],
      options,
    );
    assert.doesNotMatch(outcome.stderr, /INTERNAL|USAGE_INVALID/, `${name}: ${outcome.stderr}`);
    assert.deepEqual(tooLong(outcome.stderr, options.columns), [], `beside the data of ${name}`);
    return outcome.stdout;
  };

  before(async () => {
    demo = await demoPlace('server');
    await droverHere(['apply', ...demo.where, '--tenant', 'Alder Clinic', ...move, '--yes']);
    await droverHere(['apply', ...demo.where, '--all-tenants', ...move, '--yes']);
    await droverHere(['assess', 'start', ...demo.where, '--all-tenants']);
    for (const [id, command, member] of [
      ['MIGRATION', 'history', 'migrations'],
      ['RUN', 'runs', 'runs'],
    ] as const) {
      const { stdout } = await droverHere([command, '--json', ...demo.where]);
      const found = JSON.parse(stdout) as Record<string, { id: string }[]>;
      ids.set(id, found[member]?.[0]?.id ?? '');
    }
  });
  after(() => demo.drop());

  it('is looked at for every command', async () => {
    const commands = (await commandsBelow()).map((words) => words.join(' '));
    assert.deepEqual(Object.keys(seen).toSorted(), commands.toSorted());
  });

  for (const [name, cases] of Object.entries(seen))
    if (typeof cases !== 'string')
      for (const each of cases)
        it(`drover ${[name, ...each.words].join(' ')}`, async () => {
          const wide = wordsOf(await run(name, each, { columns: 120 }));
          for (const columns of [40, 80, 120]) {
            const said = await run(name, each, { columns });
            assert.deepEqual(tooLong(said, columns), [], String(columns));
            const narrow = wordsOf(said);
            const cut = [...wide].filter((word) => !narrow.has(word) && !/\d[:.]\d|^[─━]+$/.test(word));
            assert.deepEqual(cut, [], `whole at 120 columns, and not at ${columns}`);
          }
          const plain = await run(name, each, { columns: 80, env: { NO_COLOR: '1' } });
          assert.equal(plain, stripVTControlCharacters(plain), 'no colours where none are wanted');
          const piped = await run(name, each, {});
          assert.equal(piped, stripVTControlCharacters(piped), 'no colours in a pipe');
          if (each.isList !== true) return;
          const rows = piped.split('\n').filter((line) => line !== '');
          const csv = await run(name, each, { more: ['--csv'] });
          const [head = ''] = csv.split('\r\n');
          for (const row of rows) assert.equal(row.split('\t').length, head.split(',').length, row);
        });
});

it('what a command says of itself, of what comes next and of what is wrong is as wide as the terminal, too', async () => {
  const { where, config, drop } = await examplePlace('server', 'a-two-owners');
  const [database = '', url = ''] = where;
  const target = ['--database', url, '--config', config];
  for (const columns of [40, 80])
    for (const words of [
      ['init', database, url, '--out', scratch(`proposed-${columns}.yaml`)],
      ['config', 'check', ...target],
      ['tenantize', 'plan', ...target],
      ['plan', ...target, '--tenant', 'nobody', ...move],
      ['serve', database, url],
      ['inventory', database, url, '--within', '60'],
      ['keys', 'list', '--data', scratch('nowhere')],
      ['plan', '--nonsense'],
    ]) {
      const { stdout, stderr } = await droverHere(words, { columns });
      assert.notEqual(stdout + stderr, '', words[0]);
      assert.equal(stderr.replaceAll(/\s+/g, ' ').includes('Unknown option'), words.includes('--nonsense'));
      assert.deepEqual(tooLong(stderr, columns), [], `${words[0]} at ${columns}`);
    }
  const refused = await droverHere(['plan', ...target, '--tenant', 'nobody', ...move, '--json'], {
    columns: 40,
  });
  assert.equal(JSON.parse(refused.stderr.split('\n').at(-2) ?? '').error.code, 'TENANT_NOT_FOUND');
  await drop();
});
