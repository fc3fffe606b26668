/** The guide of the registry names every key that a document may have, and the codes of every refusal. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { modelShape, providerShape, runtimeShape } from '../../src/registry/load/shape.ts';
import { table } from './verdict-table.ts';

const guide = readFileSync(new URL('../../docs/guides/registry.md', import.meta.url), 'utf8');

test('every key of a provider, a runtime and a model is in the guide', () => {
  const sections = { providers: providerShape, runtimes: runtimeShape, models: modelShape };
  for (const [name, shape] of Object.entries(sections)) {
    const [, section = ''] = guide.split(`### ${name}\n`);
    const own = section.split('\n#')[0] ?? '';
    for (const key of Object.keys(shape.shape))
      assert.match(own, new RegExp(`\`(arms\\[\\]\\.)?${key}\\b`), `${name} ${key}`);
  }
});

test('every row of the verdict and every code of a refusal is in the guide', () => {
  for (const { row, expected } of table) {
    const line = guide.split('\n').find((each) => each.startsWith(`| ${row} |`)) ?? '';
    const code = expected['code'];
    if (typeof code === 'string') assert.ok(line.includes(code), `row ${row}: ${code}`);
    else assert.notEqual(line, '', `row ${row}`);
  }
});
