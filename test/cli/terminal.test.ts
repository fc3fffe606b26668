/** What a person sees fits the terminal, cuts no name, and can be left by Ctrl-C; a shell knows every command. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';
import { askToGoOn } from '../../src/cli/terminal/ask.ts';
import { wrapLine } from '../../src/cli/terminal/wrap.ts';
import { showList, showTable } from '../../src/cli/terminal/table.ts';
import { onErrorStream, openTerminal } from '../../src/cli/terminal/terminal.ts';
import { DroverError } from '../../src/errors.ts';
import { commandsBelow, droverHere } from './drover-here.ts';
import { csvText } from '../../src/csv.ts';

/** What is shown on a terminal of so many columns, line by line. */
function shownAt(columns: number, rows: readonly (readonly (string | number)[])[]): string[] {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  const terminal = openTerminal({ stdin: process.stdin, stdout, stderr: stdout }, 'always');
  showTable(terminal, { head: ['where', 'rows', 'how it is written'], rows });
  return stripVTControlCharacters(String(stdout.read())).split('\n');
}

test('a table fits 40, 80 and 120 columns, and cuts no name', () => {
  const rows = [
    ['migration.app_templates.pipeline /nodes/*/data/model/name', 6, 'claude-3-7-sonnet'],
    [
      'migration.completion_models.a_name_that_is_longer_than_any_terminal_of_forty',
      12_345,
      'it is written in words, and so it wraps between them',
    ],
    ['a', 1, ''],
  ];
  const words = rows.flat().flatMap((cell) => String(cell).split(' '));
  for (const columns of [40, 80, 120]) {
    const lines = shownAt(columns, rows);
    const parts = new Set(lines.flatMap((line) => line.trim().split(/ +/)));
    for (const word of words) assert.ok(word === '' || parts.has(word), `${columns}: ${word}`);
    // A name without spaces that is wider than the terminal is left to it.
    const wide = lines.filter((line) => line.length > columns && line.trim().includes(' '));
    assert.deepEqual(
      wide.filter((line) => !line.includes('a_name_that_is_longer')),
      [],
      String(columns),
    );
  }
});

test('a table within a text is rows with tabs below its head where nobody watches that stream', () => {
  const content = {
    head: ['what moved', 'row changes'],
    rows: [
      ['apps of a long name', 4],
      ['a', 12],
    ],
  };
  const shown = (isTTY: { readonly out: boolean; readonly err: boolean }, onErr: boolean): string => {
    const stream = (tty: boolean) => Object.assign(new PassThrough(), { isTTY: tty, columns: 80 });
    const [stdout, stderr] = [stream(isTTY.out), stream(isTTY.err)];
    const terminal = openTerminal({ stdin: process.stdin, stdout, stderr }, 'never');
    showTable(onErr ? onErrorStream(terminal) : terminal, content);
    return String((onErr ? stderr : stdout).read());
  };
  const rows = 'what moved\trow changes\napps of a long name\t4\na\t12\n';
  assert.equal(shown({ out: false, err: true }, false), rows);
  assert.equal(shown({ out: true, err: false }, true), rows);
  assert.doesNotMatch(shown({ out: true, err: false }, false), /\t/);
  assert.doesNotMatch(shown({ out: false, err: true }, true), /\t/);
});

test('a list is a row a line with tabs where nobody watches, and CSV where that is asked for', () => {
  const content = {
    head: ['where', 'rows'],
    rows: [
      ['a.column whose name is long '.repeat(9), 6],
      ['b, c', 7],
    ],
  };
  const shown = (csv: boolean): string => {
    const stdout = new PassThrough();
    showList(openTerminal({ stdin: process.stdin, stdout, stderr: stdout }, 'auto'), content, csv);
    return String(stdout.read());
  };
  assert.equal(shown(false), `${content.rows.map((row) => row.join('\t')).join('\n')}\n`);
  assert.match(shown(true), /^where,rows\r\n[^,]+,6\r\n"b, c",7\n$/);
});

test('Ctrl-C at a question ends the command with 130, and no answer is taken for it', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  const terminal = openTerminal({ stdin, stdout: stderr, stderr }, 'never');
  const asked = askToGoOn(terminal, { message: 'Apply it?', yes: false });
  setImmediate(() => stdin.write('\u0003'));
  await assert.rejects(
    asked,
    (error: unknown) => error instanceof DroverError && error.code === 'INTERRUPTED',
  );
});

test('`drover help COMMAND` is its help, whatever its depth, and an unknown one is told', async () => {
  for (const words of [[], ['plan'], ['registry'], ['registry', 'diff']])
    assert.deepEqual(await droverHere(['help', ...words]), await droverHere([...words, '--help']));
  const { status, stderr } = await droverHere(['help', 'paln']);
  assert.equal(status, 1);
  assert.match(stderr, /Unknown command 'paln'.*Did you mean plan/);
});

/** The options that the help of a command lists. */
async function optionsOf(words: readonly string[]): Promise<string[]> {
  const { stdout } = await droverHere([...words, '--help']);
  return [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = '']) => flag);
}

test('bash completes every command, and after it its options and their values', async () => {
  const { stdout: script } = await droverHere(['completion', 'bash']);
  const commands = [[], ...(await commandsBelow())];
  const lines = [
    ...commands.map((words) => ['drover', ...words, '']),
    ['drover', 'plan', '--parameters', 't'],
  ].map(
    (words) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _drover; echo "\${COMPREPLY[@]}"`,
  );
  const { stdout, stderr, status } = spawnSync('bash', ['-c', [script, ...lines].join('\n')], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
  const said = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  for (const [at, words] of commands.entries()) {
    const below = commands.filter(
      (each) => each.length === words.length + 1 && words.every((word, i) => each[i] === word),
    );
    const expected = [...below.map((each) => each.at(-1) ?? ''), ...(await optionsOf(words))];
    assert.deepEqual(
      expected.filter((word) => said[at]?.includes(word) !== true),
      [],
      words.join(' '),
    );
  }
  assert.deepEqual(said.at(-1), ['translate']);
});

test('the other shells and the man page know every command and every option', async () => {
  const commands = await commandsBelow();
  const [zsh, fish, man] = await Promise.all(
    [['completion', 'zsh'], ['completion', 'fish'], ['man']].map(
      async (words) => (await droverHere(words)).stdout,
    ),
  );
  for (const words of commands) {
    const options = await optionsOf(words);
    const zshLine = zsh?.split('\n').find((line) => line.includes(`(' ${words.join(' ')}') known=`)) ?? '';
    for (const option of options) {
      assert.ok(zshLine.includes(`'${option}:`), `zsh ${words.join(' ')} ${option}`);
      assert.match(
        fish ?? '',
        new RegExp(`seen_subcommand_from ${words.at(-1)}.* -l ${option.slice(2)}\\b`),
        option,
      );
      assert.ok(man?.includes(option.replaceAll('-', '\\-')), `man ${option}`);
    }
    const isGroup = commands.some(
      (each) => each.length > words.length && words.every((word, at) => each[at] === word),
    );
    if (!isGroup) assert.ok(man?.includes(`.SS drover ${words.join(' ')}`), `man ${words.join(' ')}`);
  }
  for (const [shell, script] of [
    ['zsh', zsh],
    ['fish', fish],
  ] as const) {
    const { status, error } = spawnSync(shell, ['-n'], { input: script });
    if (error === undefined) assert.equal(status, 0, shell);
  }
});

test('a line goes on below itself, and a command that can be pasted stays whole', () => {
  const command = '`drover rollback 5e142f85 --data "a folder"`';
  const text = `  Take it back first, and then go on: ${command} does that.`;
  for (const width of [40, 80, 120]) {
    const lines = wrapLine(text, width);
    assert.ok(
      lines.some((line) => line.includes(command)),
      lines.join('\n'),
    );
    assert.equal(lines.map((line) => line.trim()).join(' '), text.trim());
    const others = lines.filter((line) => !line.includes(command));
    assert.ok(others.every((line) => line.length <= width));
  }
  const check = 'drover config check --database url --config file';
  for (const beginning of ['  2. ', '', '  2. \u001b[36m'])
    assert.ok(wrapLine(`${beginning}${check}`, 40).at(-1)?.endsWith(check), beginning);
  const last = 'Go on with: drover runs resume 9e59ba27 --data d';
  assert.equal(wrapLine(last, 40).at(-1)?.trim(), 'drover runs resume 9e59ba27 --data d');
});

test('CSV keeps numbers as they are, and texts from being taken for formulas', () => {
  const text = csvText(
    ['days', 'name'],
    [
      [-284, '-284'],
      [3, '=1+1'],
      [0, 'a, "b"'],
    ],
  );
  assert.equal(text, `days,name\r\n-284,'-284\r\n3,'=1+1\r\n0,"a, ""b"""`);
});
