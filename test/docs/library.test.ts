/** The library is what its list says, and the program of its guide runs as printed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import * as library from '../../src/library/library.ts';
import { members, membersFor } from '../../src/library/words.ts';
import { demoPlace, examplePlace, scratch } from '../cli/drover-process.ts';
import { refusedWith } from '../support/guarantee.ts';
import { libraryApi, libraryApiFile } from '../support/library-api.ts';

const guide = readFileSync('docs/guides/library.md', 'utf8');

test('what is exported is what docs/library-api.txt lists; `npm run library:api` writes it', () => {
  assert.equal(readFileSync(libraryApiFile, 'utf8'), libraryApi());
  assert.deepEqual(Object.keys(library).toSorted(), [
    'DroverError',
    'apply',
    'inventory',
    'openSite',
    'plan',
    'rollback',
  ]);
});

test('the program of the guide runs as printed, and nothing is written by a site that is open for reading', async () => {
  const place = await demoPlace('server');
  const database = place.where[1] ?? '';
  const [, program = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? [];
  const file = scratch('program.mjs');
  const source = pathToFileURL('src/library/library.ts').href;
  writeFileSync(
    file,
    program.replace("'drover'", `'${source}'`).replace('postgres://user@host:5432/database', database),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^claude-3-7-sonnet-20250219 \d+ \d{4}-\d\d-\d\d$/m);
  assert.match(
    stdout,
    /^succeeded complete for the tenant\n\d+ rows are as they were; 0 were changed since\n$/m,
  );

  const site = await library.openSite({ database });
  const move = { tenant: 'Cedar School', from: 'claude-3-7-sonnet', to: 'claude-haiku-4-5' };
  const made = await library.plan(site, move);
  await refusedWith(library.apply(site, made, { actor: 'me', confirm: true }), 'USAGE_INVALID');
  await refusedWith(library.rollback(site, 'x', { actor: 'me' }), 'USAGE_INVALID');
  await site.close();
  const writing = await library.openSite({ database, write: true });
  const edited = { ...made, steps: made.steps.slice(1) };
  await refusedWith(library.apply(writing, edited, { actor: 'me' }), 'PLAN_INVALID');
  await refusedWith(library.apply(writing, made, { actor: 'me' }), 'CONFIRMATION_REQUIRED');
  await writing.close();
  await writing.close();
  for (const call of [
    library.plan(writing, move),
    library.apply(writing, made, { actor: 'me' }),
    library.rollback(writing, 'x', { actor: 'me' }),
  ])
    await assert.rejects(call, { code: 'USAGE_INVALID', message: /^This site was closed\./ });
  await place.drop();
});

test('what is refused names what a program writes, and no option of the command line', async () => {
  const place = await examplePlace('server', 'e-settings');
  const [, database = '', , config = ''] = place.where;
  const site = await library.openSite({ database, config, write: true });
  const move = { from: 'openai/gpt-4o', to: 'openai/gpt-5.4' };
  const asked = await library.plan(site, { ...move, tenant: 'moss' });
  const refused: Record<string, () => Promise<unknown>> = {
    TENANT_REQUIRED: () => library.plan(site, move),
    MODEL_UNKNOWN: () => library.plan(site, { ...move, tenant: 'fern', to: 'openai/gpt-5.4-typo' }),
    PLAN_REFUSED: () => library.apply(site, asked, { actor: 'me', confirm: true }),
    USAGE_INVALID: () => library.plan(site, { ...move, tenant: 'fern', shared: true }),
    NO_DATABASE: () => library.openSite({ database: `pglite:${scratch('nothing')}` }),
  };
  for (const [code, call] of Object.entries(refused)) {
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof library.DroverError, code);
    assert.equal(error.code, code, error.message);
    assert.deepEqual(optionsIn(error.message), [], error.message);
    assert.ok(error.stack?.includes(error.message.split('\n')[0] ?? '') === true, 'the stack says the same');
  }
  for (const database of ['', undefined as unknown as string, 'mysql://x'])
    await assert.rejects(library.openSite({ database }), { code: 'USAGE_INVALID', message: /^`database`/ });
  // What a program means by a member that there is not, or by a word that there is not, would be done otherwise.
  const anything = move as never;
  const wrong: readonly (readonly [RegExp, () => Promise<unknown>])[] = [
    [
      /^plan: Unrecognized key: "types"\. It takes from, to,/,
      () => library.plan(site, { ...move, types: ['x'] } as never),
    ],
    [/^plan: parameters: /, () => library.plan(site, { ...move, parameters: 'foo' } as never)],
    [/^plan: answers\.a\.b: /, () => library.plan(site, { ...move, answers: { 'a.b': 'zzz' } } as never)],
    [/^plan: leaveAsks: /, () => library.plan(site, { ...move, leaveAsks: 'no' } as never)],
    [/^plan: from: .*; to: /, () => library.plan(site, undefined as never)],
    [/^apply: actor: /, () => library.apply(site, asked, { confirm: true } as never)],
    [/^apply: actor: /, () => library.apply(site, anything, undefined as never)],
    [/^rollback: actor: /, () => library.rollback(site, 'x', undefined as never)],
    [/^inventory: samplePercent: /, () => library.inventory({ database, samplePercent: 0 })],
    [/^`database`/, () => library.inventory(undefined as never)],
  ];
  for (const [message, call] of wrong) await assert.rejects(call(), { code: 'USAGE_INVALID', message });
  await site.close();
  await place.drop();
});

/** Outside of commands that are to be typed. */
function optionsIn(text: string): string[] {
  return text.replaceAll(/`drover [^`]*`/g, '').match(/--[a-z]+(-[a-z]+)*/g) ?? [];
}

/** Options that are named only where the command line or the server is meant. */
const elsewhere = new Set(
  (
    '--accept-unverified --due --group --instead --merge --model --online --owner --rehearse --source --sql --target ' +
    '--until'
  ).split(' '),
);

test('every option that a message below the library names is a member', () => {
  const below = globSync('src/{site,engine,postgres,registry}/**/*.ts').map((path) =>
    readFileSync(path, 'utf8'),
  );
  const literals = below.flatMap((text) => text.match(/(['`])(?:(?!\1)[^\\\n]|\\.)*\1/g) ?? []);
  const named = new Set(
    literals.flatMap((text) => optionsIn(text)).filter((option) => !elsewhere.has(option)),
  );
  assert.ok(named.size > 5);
  for (const option of named) {
    if (option === '--answer')
      assert.equal(membersFor('--answer "a.b=keep"'), '`answers: { "a.b": "keep" }`');
    else assert.ok(members.has(option), option);
  }
  const api = libraryApi();
  for (const member of members.values())
    assert.match(api, new RegExp(`\\b${member.split(':')[0]}\\??:`), member);
  assert.equal(
    membersFor('`drover grants --database URL` prints --tenant'),
    '`drover grants --database URL` prints `tenant`',
  );
});
