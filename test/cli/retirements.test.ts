/** `drover retirements` says when models in use end: for people, for programs and for calendars; it writes nothing. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { digestRows } from '../support/platform.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, examplePlace, scratch } from './drover-process.ts';
import type { Place } from './drover-process.ts';

/** A registry in which one model ends. */
const registryText = `schema: 1
version: '1'
levels: { meaning: { low: 0.2 }, source: https://example.org/levels }
providers:
  - { id: openai, label: OpenAI, protocol: openai-chat, secrets: [OPENAI_API_KEY], variable: OPENAI_API_KEY, source: https://example.org/openai }
runtimes:
  - { id: field, label: Field, kind: open }
models:
  - id: gpt-4o
    name: GPT-4o
    vendor: openai
    family: gpt
    kind: completion
    lifecycle: { status: deprecated, shutdown: 2027-01-31 }
    source: https://example.org/models
    checked: 2026-11-21
`;

oneEngine((engine) => {
  let demo: Place;
  before(async () => {
    demo = await demoPlace(engine);
  });
  after(() => demo.drop());

  test('a table, JSON and a calendar have the same days, and nothing is written', async () => {
    const start = await demo.look((tx) => digestRows(tx));
    const table = await droverHere(['retirements', ...demo.where]);
    assert.equal(table.status, 0, table.stderr);
    assert.match(
      table.stdout,
      /^2026-02-19\t\d+ over\tclaude-3-7-sonnet\tclaude-sonnet-4-6\t4\t\d+\tboth\tassistants/,
    );
    const json = await droverHere(['retirements', ...demo.where, '--json']);
    const { retirements } = JSON.parse(json.stdout) as {
      retirements: { day: string; tenants: { name: string }[] }[];
    };
    assert.deepEqual(
      retirements.map(({ day, tenants }) => [day, tenants.length]),
      [
        ['2026-02-19', 4 + 1], // the templates of everybody
        ['2026-08-05', 4],
      ],
    );
    const calendar = await droverHere(['retirements', ...demo.where, '--ical']);
    assert.equal(calendar.status, 0, calendar.stderr);
    assert.match(
      calendar.stdout,
      /^BEGIN:VCALENDAR\r\n[^]*\r\nDTSTART;VALUE=DATE:20260219\r\n[^]*END:VCALENDAR\r\n$/,
    );
    assert.deepEqual(await demo.look((tx) => digestRows(tx)), start);
  });

  test('of one tenant, and nothing where that tenant has moved away', async () => {
    const words = ['retirements', ...demo.where, '--tenant', 'Cedar School'];
    assert.match((await droverHere(words)).stdout, /2026-02-19\t.*\t1\t\d+\tboth\t/);
    const move = [
      '--from',
      'claude-3-7-sonnet',
      '--to',
      'claude-sonnet-4-6',
      '--tenant',
      'Cedar School',
      '--yes',
    ];
    assert.equal((await droverHere(['apply', ...demo.where, ...move])).status, 0);
    const left = await droverHere(words);
    assert.doesNotMatch(left.stdout, /2026-02-19/);
    // A workspace names it, and no row does.
    assert.match(left.stdout, /2026-08-05\t.*\tclaude-opus-4-1\tclaude-opus-4-8\t1\t1\tregistry\tworkspaces/);
  });

  test('goes by the registry where the database says nothing, and has no models either', async () => {
    const attached = await examplePlace(engine, 'b-text-pairs');
    const registry = scratch('registry-of-a-date');
    mkdirSync(registry);
    writeFileSync(join(registry, 'one.yaml'), registryText);
    const found = await droverHere(['retirements', ...attached.where, '--json'], {
      env: { DROVER_REGISTRY: registry },
    });
    assert.equal(found.status, 0, found.stderr);
    const { retirements } = JSON.parse(found.stdout) as { retirements: Record<string, unknown>[] };
    const page = 'https://example.org/models';
    const ends = { by: 'registry', status: 'deprecated', page, shutdown: '2027-01-31' };
    assert.deepEqual(
      new Map(retirements.map(({ day, says, components }) => [components, [day, says]])),
      new Map([
        [{ name: 'gpt-4o', family: 'gpt', provider: 'openai' }, ['2027-01-31', [ends]]],
        [{ name: 'gpt-4o', provider: 'azure' }, ['2027-01-31', [{ ...ends, vendor: 'openai' }]]],
      ]),
    );
    const types = Object.keys(retirements.at(0)?.['rowsByType'] ?? {});
    assert.ok(types.includes('agents') && types.includes('tasks'), 'found by the texts that name it');
    await attached.drop();
  });

  test('refuses two forms at once, and a tenant that is not there', async () => {
    const both = await droverHere(['retirements', ...demo.where, '--ical', '--json']);
    assert.deepEqual([both.status, /one of them/.test(both.stderr)], [1, true]);
    const nobody = await droverHere(['retirements', ...demo.where, '--tenant', 'Nobody']);
    assert.match(nobody.stderr, /^TENANT_NOT_FOUND: /);
  });
});
