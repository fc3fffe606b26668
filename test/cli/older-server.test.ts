/** Whatever opens a database refuses a server that is too old, by its name and version, before anything else. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { openSite } from '../../src/library/library.ts';
import { openTollGate } from '../support/toll-gate.ts';
import { commandsBelow, droverHere } from './drover-here.ts';
import { examplePlace, scratch } from './drover-process.ts';
import type { Outcome } from './drover-process.ts';

const id = '00000000-0000-4000-8000-000000000000';
const move = ['--from', 'gpt-4o', '--to', 'gpt-5.4'];
const row = ['--table', 'models', '--from', 'a', '--to', 'b', '--tenant', 't'];

/** What a command needs beside the database, for those that need something. */
const words: Readonly<Record<string, readonly string[]>> = {
  plan: ['--tenant', 't', ...move],
  apply: ['--all-tenants', ...move, '--yes'],
  'rekey plan': row,
  'rekey apply': [...row, '--yes'],
  rollback: [id, '--yes'],
  'models suggest': ['gpt-4o', '--tenant', 't'],
  'models list': ['--tenant', 't'],
  runs: ['show', id],
  keys: ['create', '--sysadmin', 'a@example.org'],
  secrets: ['rotate'],
  seed: ['--install'],
  serve: ['--install'],
  'registry diff': ['registry', 'test/support/registry'],
  lint: ['migrations'],
  'assess decide': ['--recommended'],
  'assess reopen': ['--reason', 'r'],
  'assess cancel': ['--reason', 'r'],
  'tenantize apply': ['--yes'],
  'tenantize revert': ['--yes'],
  'tenantize export': [scratch('steps')],
  'doctor diff': [scratch('report.json')],
};

/** One that goes on, because nobody refused, is told to end. */
async function within(given: readonly string[]): Promise<Outcome> {
  let press = (): void => undefined;
  const late = setTimeout(() => press(), 20_000);
  try {
    return await droverHere(given, { listens: (end) => (press = end) });
  } finally {
    clearTimeout(late);
  }
}

describe('a server that is too old', () => {
  let place: Awaited<ReturnType<typeof examplePlace>>;
  let gate: Awaited<ReturnType<typeof openTollGate>>;
  before(async () => {
    place = await examplePlace('server', 'a-two-owners');
    writeFileSync(
      scratch('report.json'),
      (await droverHere(['doctor', ...place.where, '--format', 'json'])).stdout,
    );
    const older = (text: string): string =>
      text.replace(/\b1[5-9]00\d\d\b/, '140022').replace(/PostgreSQL 1\d/, 'PostgreSQL 14');
    gate = await openTollGate(place.where[1] ?? '', undefined, older);
  });
  after(async () => {
    await gate.close();
    await place.drop();
  });

  it('is refused by every command that takes a database', async () => {
    const tried: string[] = [];
    for (const command of await commandsBelow()) {
      const name = command.join(' ');
      const { stdout: help } = await droverHere([...command, '--help']);
      if (!/^ *--database </m.test(help)) continue;
      const config = /^ *--config </m.test(help) ? ['--config', place.config] : [];
      const given = [...command, ...(words[name] ?? []), '--database', gate.url, ...config];
      const { status, stdout, stderr } = await within(given);
      assert.match(
        stderr,
        /DATABASE_UNSUPPORTED: The server at .* is PostgreSQL 14\S*, and Drover needs PostgreSQL 15/,
        name,
      );
      assert.deepEqual([status, stdout], [1, ''], name);
      tried.push(name);
    }
    assert.ok(tried.length > 20, tried.join(', '));
    assert.deepEqual(
      Object.keys(words).filter((name) => !tried.includes(name)),
      [],
    );
  });

  it('is refused by the library', async () => {
    const opened = openSite({ database: gate.url, config: place.config });
    await assert.rejects(opened, { code: 'DATABASE_UNSUPPORTED' });
  });
});
