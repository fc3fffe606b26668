/** The guides say what the program does: every example of a configuration is valid, every option is described. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../src/config-file.ts';
import { commandsBelow, droverHere } from './drover-here.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every example of a configuration is valid, and together they use every key', () => {
  const text = read('docs/guides/attached.md');
  const blocks = [...text.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1] ?? '');
  assert.ok(blocks.length > 8);
  for (const block of blocks) {
    const whole = {
      version: 1,
      model: { identity: ['name'] },
      tenant: { root: 'none' },
      ...(parse(block) as object),
    };
    parseConfig(stringify(whole), block);
  }
  const keys = keysOf(JSON.parse(read('schema/drover.config.schema.json')));
  assert.ok(keys.length > 40);
  for (const key of keys) assert.match(text, new RegExp(`\\b${key}\\b`), key);
});

/** The names of all properties that a JSON Schema declares. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: object };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(keysOf)];
}

test('every option of every command is in the guide', async () => {
  const guide = read('docs/guides/cli.md');
  for (const words of await commandsBelow()) {
    const { stdout } = await droverHere([...words, '--help']);
    // A word above others has no page of its own.
    if (stdout.includes('\nCommands:\n')) continue;
    assert.match(guide, new RegExp(`^## (.* )?${words.join(' ')}`, 'm'));
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map((match) => match[1] ?? '');
    for (const option of options.filter((each) => each !== '--help'))
      assert.ok(guide.includes(option), `${words.join(' ')} ${option}`);
  }
});
