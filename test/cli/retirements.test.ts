/** `drover retirements` says when models in use end: for people, for programs and for calendars; it writes nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { digestRows } from '../support/platform.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, drover, examplePlace } from './drover-process.ts';
import type { Place } from './drover-process.ts';

oneEngine((engine) => {
  let demo: Place;
  before(async () => {
    demo = await demoPlace(engine);
  });
  after(() => demo.drop());

  test('a table, JSON and a calendar have the same days, and nothing is written', async () => {
    const start = await demo.look((tx) => digestRows(tx));
    const table = await drover(['retirements', ...demo.where]);
    assert.equal(table.status, 0, table.stderr);
    assert.match(
      table.stdout,
      /last day +kind +tenants +rows +model\n *2026-02-19 +completion +4 +\d+ +claude-3-7-sonnet/,
    );
    const json = await drover(['retirements', ...demo.where, '--json']);
    const { retirements } = JSON.parse(json.stdout) as {
      retirements: { day: string; tenants: { name: string }[] }[];
    };
    assert.deepEqual(
      retirements.map(({ day, tenants }) => [day, tenants.length]),
      [['2026-02-19', 4]],
    );
    const calendar = await droverHere(['retirements', ...demo.where, '--ics']);
    assert.equal(calendar.status, 0, calendar.stderr);
    assert.match(
      calendar.stdout,
      /^BEGIN:VCALENDAR\r\n[^]*\r\nDTSTART;VALUE=DATE:20260219\r\n[^]*END:VCALENDAR\r\n$/,
    );
    assert.deepEqual(await demo.look((tx) => digestRows(tx)), start);
  });

  test('of one tenant, and nothing where that tenant has moved away', async () => {
    const words = ['retirements', ...demo.where, '--tenant', 'Cedar School'];
    assert.match((await droverHere(words)).stdout, /2026-02-19 +completion +1 /);
    const move = [
      '--from',
      'claude-3-7-sonnet',
      '--to',
      'claude-sonnet-4-5',
      '--tenant',
      'Cedar School',
      '--yes',
    ];
    assert.equal((await droverHere(['apply', ...demo.where, ...move])).status, 0);
    const none = await droverHere(words);
    assert.deepEqual([none.status, none.stdout], [0, '']);
    assert.match(none.stderr, /No model in use has a last day that is known/);
  });

  test('refuses two forms at once, a tenant that is not there, and a configuration without last days', async () => {
    const both = await droverHere(['retirements', ...demo.where, '--ics', '--json']);
    assert.deepEqual([both.status, /one of them/.test(both.stderr)], [1, true]);
    const nobody = await droverHere(['retirements', ...demo.where, '--tenant', 'Nobody']);
    assert.match(nobody.stderr, /^TENANT_NOT_FOUND: /);
    const attached = await examplePlace(engine, 'b-text-pairs');
    const without = await droverHere(['retirements', ...attached.where]);
    assert.match(without.stderr, /facts/);
    assert.equal(without.status, 1);
    await attached.drop();
  });
});
