/** A command that Drover prints says the same when it is pasted into a shell, whatever its values hold. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import fc from 'fast-check';
import { readIntent, withMove, withWhere } from '../../src/cli/options.ts';
import type { MoveCommandOptions } from '../../src/cli/options.ts';
import { databaseWords, resolveWhere, whereWords } from '../../src/site/where.ts';
import type { WhereOptions } from '../../src/site/where.ts';
import { loadEnvironment } from '../../src/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { printable } from '../../src/engine/plan/row-text.ts';
import { moveWords } from '../../src/engine/plan/shell-text.ts';
import { builtInFolder } from '../../src/registry/load/folder.ts';
import { sharedRows } from '../../src/engine/tenant.ts';

const amount = 150;
const seed = 7;

/** What a shell hands to a program, command by command. In a folder of its own and without programs: what is quoted badly may write there. */
function pasted(commands: readonly string[]): string[][] {
  const script = commands.map((words) => `printf '%s\\0' ${words} END`).join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'drover-pasted-'));
  const words = execFileSync('/bin/sh', ['-c', script], { cwd: folder, env: { PATH: '' }, encoding: 'utf8' });
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true });
  assert.deepEqual(left, []);
  const all: string[][] = [[]];
  for (const word of words.split('\0').slice(0, -1))
    if (word === 'END') all.push([]);
    else all.at(-1)?.push(word);
  return all.slice(0, -1);
}

const chunk = fc.oneof(
  fc.constantFrom(
    ' ',
    "'",
    '"',
    '&',
    ';',
    '$(id)',
    '`id`',
    '\\',
    '*',
    '~',
    '#',
    '|',
    '>',
    '-',
    '=',
    '!',
    'é',
  ),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
);
/** A text without what no command shows as it is. It is no mark of `pasted`. */
const text = fc
  .array(chunk, { minLength: 1, maxLength: 5 })
  .map((parts) => printable(parts.join('')))
  .filter((value) => value.trim() !== '' && value !== 'END');
const name = fc.stringMatching(/^[a-z][a-z_]{0,5}$/);

const environment = loadEnvironment({});

test('the options of a database lead to the same one', () => {
  const database = fc.oneof(
    text.map((folder) => `pglite:${folder}`),
    fc.constant('postgres://u@h/db?sslmode=require&connect_timeout=5'),
    text.map((value) => `postgres://u@h/db?application_name=${encodeURIComponent(value)}&connect_timeout=5`),
  );
  const given = fc.record(
    { database, config: text, state: text, registry: text },
    { requiredKeys: ['database'] },
  );
  const asked: WhereOptions[] = [
    ...fc.sample(given, { numRuns: amount, seed }),
    ...fc.sample(fc.record({ data: text }), { numRuns: amount, seed }),
  ];
  const found = asked
    .filter(({ state }) => state === undefined || !/:\/\/|^pglite:/.test(state))
    .map((options) => resolveWhere(options, environment));
  const again = pasted(found.map(whereWords)).map((words) => {
    const command = withWhere(new Command()).parse(words, { from: 'user' });
    return resolveWhere(command.opts<WhereOptions>(), environment);
  });
  // A URL is shown as its parser writes it, which names the same place.
  const shown = JSON.stringify(found.map(whereWords));
  assert.equal(JSON.stringify(again.map(whereWords)), shown);
  const folders = found.flatMap((where) => (where.kind === 'own' ? [where.dataDir] : []));
  assert.deepEqual(
    again.flatMap((where) => (where.kind === 'own' ? [where.dataDir] : [])),
    folders,
  );
  const url = 'postgres://u:p@h/db?port=1&sslmode=require';
  assert.deepEqual(
    pasted([databaseWords({ text: `${url}&token=s3cret`, registry: builtInFolder }, 'my file.yaml')]),
    [['--database', url.replace(':p@', '@'), '--config', 'my file.yaml']],
  );
  const ofVariables = resolveWhere({}, { ...environment, databaseUrl: url, stateUrl: url });
  assert.equal(whereWords(ofVariables), '--database "$DROVER_DATABASE" --state "$DROVER_STATE"');
  // The registry of the environment is named: a shell of somebody else does not have it.
  const withRegistry = resolveWhere({ data: 'd' }, { ...environment, registryFolder: 'my registry' });
  assert.deepEqual(pasted([whereWords(withRegistry)]), [['--data', 'd', '--registry', 'my registry']]);
});

test('an intent as options asks for the same move again', () => {
  const trimmed = text.map((value) => value.trim());
  const optional = fc.record(
    {
      tenant: fc.oneof(text, fc.constant(sharedRows)),
      kind: name,
      entityTypes: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      allowUnknown: fc.constant(true as const),
    },
    { requiredKeys: [] },
  );
  const whole = fc.record({
    from: text,
    to: text,
    parameters: fc.constantFrom('reset' as const, 'keep' as const, 'translate' as const),
    answers: fc.dictionary(trimmed, fc.constantFrom('move' as const, 'keep' as const), { maxKeys: 2 }),
    leaveAsks: fc.boolean(),
  });
  const intents: Intent[] = fc.sample(
    fc.tuple(whole, optional).map(([always, some]) => ({ ...always, ...some })),
    { numRuns: amount, seed },
  );
  const again = pasted(intents.map((intent) => moveWords(intent, { reason: 'it is ours' }))).map((words) => {
    const command = withMove(new Command()).option('--reason <text>').parse(words, { from: 'user' });
    const options = command.opts<MoveCommandOptions & { readonly reason?: string }>();
    const { tenant = options.shared === true ? sharedRows : undefined } = options;
    assert.equal(options.reason, options.allowUnknown === true ? 'it is ours' : undefined);
    return { ...readIntent(options), ...(tenant === undefined ? {} : { tenant }) };
  });
  const plain = (intent: object): unknown => JSON.parse(JSON.stringify(intent));
  assert.deepEqual(again.map(plain), intents.map(plain));
});
