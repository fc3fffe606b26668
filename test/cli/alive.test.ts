/** Whoever waits sees that a command lives: how much is done where the server can tell, otherwise for how long it is at work. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import pg from 'pg';
import { showProgress } from '../../src/cli/terminal/progress.ts';
import { openTerminal } from '../../src/cli/terminal/terminal.ts';
import type { Terminal } from '../../src/cli/terminal/terminal.ts';
import { waitUntil } from '../support/guarantee.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace } from './drover-process.ts';
import type { Outcome, Place } from './drover-process.ts';
import { countWaiters } from './table-locks.ts';

const step = {
  step: 1,
  steps: 2,
  operation: 'repoint',
  table: 'public.a',
  entity: 'a',
  rows: 0,
  expected: 9,
} as const;

function openHere(terminal: { isTTY: true; columns: number } | object): {
  terminal: Terminal;
  said: () => string;
} {
  const stderr = Object.assign(new PassThrough(), terminal);
  const opened = openTerminal({ stdin: process.stdin, stdout: new PassThrough(), stderr }, 'never');
  return { terminal: opened, said: () => String(stderr.read() ?? '') };
}

test('a long statement shows by the time that it lives, before its step and after it, too', (context) => {
  context.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { terminal, said } = openHere({});
  const view = showProgress(terminal);
  context.mock.timers.tick(30_000);
  view.show(step);
  context.mock.timers.tick(30_000);
  view.show({ ...step, rows: 4 });
  context.mock.timers.tick(30_000);
  view.show({ ...step, rows: 9 });
  view.show({ ...step, step: 2, operation: 'retire', expected: 1, rows: 1 });
  context.mock.timers.tick(30_000);
  view.end();
  context.mock.timers.tick(90_000);
  assert.deepEqual(said().split('\n'), [
    '  Taking locks, and reading the facts again: at work for 30 s',
    '  1/2 repoint a: at work for 30 s',
    '  1/2 repoint a 4/9: at work for 60 s',
    '  1/2 repoint a: 9 of 9',
    '  Looking for what is left, and committing: at work for 30 s',
    '  2/2 retire a: 1 of 1',
    '',
  ]);
});

/** What a terminal shows in the end of what was written to it: a line, and what erases lines. */
function screenOf(text: string): string[] {
  const lines = [''];
  for (const part of text.split(new RegExp(String.raw`(\r\n|\n|\r|\u001b\[\d*[AJ])`))) {
    if (part.endsWith('\n')) lines.push('');
    else if (part === '\r') lines[lines.length - 1] = '';
    else if (part.endsWith('A')) lines.splice(lines.length - Number(part.slice(2, -1)));
    else if (part.endsWith('J')) lines[lines.length - 1] = '';
    else lines[lines.length - 1] += stripVTControlCharacters(part);
  }
  return lines;
}

test('whoever watches sees one line that changes, whole at every width, and other lines above it', (context) => {
  context.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  for (const columns of [40, 80, 120]) {
    const { terminal, said } = openHere({ isTTY: true, columns });
    const entity = 'assistants_of_all_the_organisations';
    const view = showProgress(terminal);
    view.show({ ...step, entity, rows: 4, expected: 1_905_000 });
    context.mock.timers.tick(5000);
    terminal.err('a line of something else');
    const screen = screenOf(said());
    assert.equal(screen[0], 'a line of something else');
    const status = screen.slice(1).map((line) => line.trim());
    assert.match(
      status.join(' '),
      new RegExp(`^([━╌]+ )?1/2 repoint ${entity} 4/1905000, 5 s$`),
      String(columns),
    );
    assert.equal(status.length > 1, columns === 40);
    for (const line of screen) assert.ok(line.length < columns || line.trim() === entity, line);
    view.end();
    assert.deepEqual(screenOf(said()).at(-1), '', 'what follows begins a line');
  }
});

/** Runs a command while a table is locked by somebody else, and lets half a minute pass before the lock is released. */
async function whileLocked(
  context: TestContext,
  demo: Place,
  { words, columns, until }: { words: readonly string[]; columns?: number; until: RegExp },
): Promise<Outcome> {
  if (!('url' in demo.target)) throw new Error('a server has a URL');
  const holder = new pg.Client({ connectionString: demo.target.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE migration.assistants IN SHARE MODE');
  context.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() });
  let said = '';
  const running = droverHere([...words, ...demo.where], {
    ...(columns === undefined ? {} : { columns }),
    told: (text) => (said += text),
  });
  const isTold = async (): Promise<boolean> => {
    if (until.test(said)) return true;
    if ((await countWaiters(holder)) > 0) context.mock.timers.tick(30_000);
    return false;
  };
  try {
    await Promise.race([running, waitUntil(isTold, `is told: ${String(until)}`)]);
  } finally {
    context.mock.timers.reset();
    await holder.query('ROLLBACK');
    await holder.end();
  }
  return running;
}

const places = new Map<string, Promise<Place>>();
const freshDemo = (title: string): Promise<Place> => {
  const made = demoPlace('server');
  places.set(title, made);
  return made;
};
after(async () => {
  for (const place of places.values()) await (await place).drop();
});

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-haiku-4-5', '--yes'];

for (const [who, words, until] of [
  [
    'one tenant',
    ['--tenant', 'Alder Clinic'],
    / {2}(Taking locks, and reading the facts again|\d+\/\d+ .+): at work for \d+ s\n/,
  ],
  ['a run', ['--all-tenants'], / {2}\d of \d tenants(, \d skipped)?: at work for \d+ s\n/],
] as const)
  test(`${who} that waits for a lock says so in a pipe`, async (context) => {
    const demo = await freshDemo(who);
    const { status, stderr } = await whileLocked(context, demo, {
      words: ['apply', ...words, ...move],
      until,
    });
    assert.equal(status, 0, stderr);
    assert.match(stderr, until);
  });

test('a run that waits for a lock says so on a terminal', async (context) => {
  const demo = await freshDemo('a watched run');
  const until = /tenants(, \d skipped)?, [1-9]\d* s/;
  const words = ['apply', '--all-tenants', ...move];
  const { status, stderr } = await whileLocked(context, demo, { words, columns: 40, until });
  assert.equal(status, 0, stderr);
  assert.match(stderr, until);
});
