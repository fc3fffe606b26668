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

test('every option of every command stands in its section of the guide, or in that of its group', async () => {
  const sections = read('docs/guides/cli.md').split(/^(?=## )/m);
  for (const words of await commandsBelow()) {
    const { stdout } = await droverHere([...words, '--help']);
    // A word above others has no page of its own.
    if (stdout.includes('\nCommands:\n')) continue;
    const name = words.join(' ');
    const own = sections.find((each) => titleOf(each).split(' and ').includes(name));
    assert.ok(own !== undefined, name);
    for (const { group, option } of optionsOf(stdout)) {
      const shared = sections.filter((each) => each.includes(`## ${group}\n`) || general.has(option));
      const where = [own, ...shared].join('\n');
      assert.match(where, new RegExp(`${option}(?![\\w-])`), `${name} ${option}`);
      if (option === '--json') assert.match(own, /\{ "/, `${name} --json: its shape`);
    }
  }
});

/** What every command does alike stands at the top of the guide. */
const general: ReadonlySet<string> = new Set(['--json', '--debug']);

function titleOf(section: string): string {
  return /^## (.*)/.exec(section)?.[1] ?? '';
}

/** The options that a help lists, each with the heading above it. */
function optionsOf(help: string): { group: string; option: string }[] {
  let group = '';
  return help.split('\n').flatMap((line) => {
    group = /^(\w.*):$/.exec(line)?.[1] ?? group;
    const option = /^ {2}(?:-\w, )?(--[\w-]+)/.exec(line)?.[1];
    return option === undefined || option === '--help' ? [] : [{ group, option }];
  });
}
