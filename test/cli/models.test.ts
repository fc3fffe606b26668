/** `drover models` lists what a tenant has and until when, and ranks what could follow, with the plan to each; it writes nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { digestRows } from '../support/platform.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, examplePlace } from './drover-process.ts';
import type { Place } from './drover-process.ts';

oneEngine((engine) => {
  let demo: Place;
  before(async () => {
    demo = await demoPlace(engine);
  });
  after(() => demo.drop());
  const mine = ['--tenant', 'Alder Clinic'];

  test('lists models with their end, their successor and their rows', async () => {
    const start = await demo.look((tx) => digestRows(tx));
    const table = await droverHere(['models', 'list', ...demo.where, ...mine, '--kind', 'completion']);
    assert.equal(table.status, 0, table.stderr);
    assert.match(
      table.stdout,
      /claude-3-7-sonnet [^\t]+\tcompletion\tretired\t2026-02-19\tclaude-sonnet-4-6\t54\n/,
    );
    assert.match(table.stdout, /gpt-4o \(gpt, openai\)\tcompletion\tactive, disabled\t\t\t0\n/);
    assert.doesNotMatch(table.stdout, /transcription|embedding/);
    const json = await droverHere(['models', 'list', ...demo.where, ...mine, '--json']);
    const { models } = JSON.parse(json.stdout) as {
      models: { model: { kind: string; lifecycle?: { by: string }[] }; usage: object }[];
    };
    assert.deepEqual(
      [...new Set(models.map(({ model }) => model.kind))],
      ['completion', 'embedding', 'transcription'],
    );
    assert.deepEqual(
      models[0]?.model.lifecycle?.map(({ by }) => by),
      ['database', 'registry'],
    );
    assert.deepEqual(await demo.look((tx) => digestRows(tx)), start);
  });

  test('suggests what could follow, the plan to each with it', async () => {
    const words = ['models', 'suggest', 'claude-3-7-sonnet', ...demo.where, ...mine];
    const shown = await droverHere([...words, '--limit', '2']);
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /^claude-sonnet-4-6 [^\t]*\t\d+\t\d+\tTo be confirmed: SOURCE_IS_DEFAULT\.\t/);
    assert.equal(shown.stdout.trimEnd().split('\n').length, 2);
    const watched = await droverHere([...words, '--limit', '1'], { columns: 120 });
    assert.match(
      watched.stdout,
      /1\. .*claude-sonnet-4-6 .*: \d+ points, \d+ row changes\n {3}To be confirmed: SOURCE_IS_DEFAULT\.\n/,
    );
    const json = await droverHere([...words, '--json']);
    const { suggestions } = JSON.parse(json.stdout) as {
      suggestions: {
        model: { components: { name: string } };
        planHash: string;
        findings: { code: string }[];
      }[];
    };
    const last = suggestions.at(-1);
    assert.ok(last?.findings.some(({ code }) => code === 'TARGET_DISABLED'));
    const planned = await droverHere([
      'plan',
      ...demo.where,
      ...mine,
      '--from',
      'claude-3-7-sonnet',
      '--to',
      'claude-sonnet-4-6',
      '--json',
    ]);
    const { findings, hash } = JSON.parse(planned.stdout) as { findings: unknown; hash: string };
    assert.deepEqual(
      [suggestions[0]?.findings, suggestions[0]?.model.components.name],
      [findings, 'claude-sonnet-4-6'],
    );
    assert.match(hash, /^[0-9a-f]{64}$/);
  });

  test('refuses what is not there', async () => {
    const wrong = await droverHere(['models', 'list', ...demo.where, ...mine, '--kind', 'image']);
    assert.match(wrong.stderr, /^KIND_UNKNOWN: /);
    assert.match((await droverHere(['models', 'list', ...demo.where])).stderr, /^TENANT_REQUIRED: /);
    const missing = await droverHere(['models', 'suggest', 'nothing-like-it', ...demo.where, ...mine]);
    assert.match(missing.stderr, /^MODEL_NOT_FOUND: /);
  });

  test('where no table holds models, those that values name: of the registry by any of their names, and others', async () => {
    const attached = await examplePlace(engine, 'b-text-pairs');
    try {
      const iris = [...attached.where, '--tenant', 'iris'];
      const list = await droverHere(['models', 'list', ...iris]);
      const [rows, header] = [
        list.stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')),
        list.stderr,
      ];
      assert.equal(header, '');
      const names = rows.map(([name = '']) => name.replace(/ .*/, ''));
      // The database has an alias of the first, and never its id.
      assert.ok(
        names.includes('claude-3-7-sonnet-20250219') && names.includes('text-embedding-3-small'),
        list.stdout,
      );
      assert.ok(
        list.stdout.includes('gpt-4o (azure)\t'),
        'what another provider serves is a model of its own',
      );
      assert.ok(
        rows.every((row) => row.length === 6 && row[0] !== ''),
        'no prose, no empty name',
      );
      const kinds = await droverHere(['models', 'list', ...iris, '--kind', 'embedding']);
      assert.match(kinds.stdout, /^text-embedding-3-small [^\n]+\n$/);
      const retired = await droverHere(['retirements', ...iris]);
      assert.match(retired.stdout, /\tclaude-3-7-sonnet-20250219\t/, 'an alias is a use, too');

      const said = await droverHere([
        'models',
        'suggest',
        'openai/gpt-4o',
        ...iris,
        '--limit',
        '1',
        '--json',
      ]);
      const { suggestions } = JSON.parse(said.stdout) as {
        suggestions: { model: { components: { name: string } }; planHash: string }[];
      };
      const [first] = suggestions;
      const to = `openai/${first?.model.components.name ?? ''}`;
      const plan = await droverHere(['plan', ...iris, '--from', 'openai/gpt-4o', '--to', to, '--json']);
      assert.equal((JSON.parse(plan.stdout) as { hash: string }).hash, first?.planHash);
      const unknown = await droverHere(['models', 'suggest', 'gpt-4p', ...iris]);
      assert.match(unknown.stderr, /^MODEL_UNKNOWN: .* Did you mean gpt-4/);
      const both = await droverHere(['models', 'suggest', 'gpt-4o', ...iris]);
      assert.match(both.stderr, /^MODEL_AMBIGUOUS: .*gpt-4o \(azure\)/);
    } finally {
      await attached.drop();
    }
  });
});
