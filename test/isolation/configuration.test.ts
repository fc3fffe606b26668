/** What is wrong with the isolation part of a configuration is named with its line, and the doctor needs no models. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-file.ts';
import { allRules } from '../../src/isolation/rules/all-rules.ts';
import { droverHere } from '../cli/drover-here.ts';

const file = join(mkdtempSync(join(tmpdir(), 'drover-isolation-')), 'drover.config.yaml');

test('config check names an unknown rule and a past day, with line and column', async () => {
  writeFileSync(
    file,
    `version: 1
tenant: { root: orgs }
isolation:
  ignore:
    - rule: rls-of
      at: public.orgs
      reason: tried
    - rule: rls-off
      at: public.orgs
      reason: tried
      until: 2020-01-31
`,
  );
  const { status, stderr } = await droverHere(['config', 'check', '--config', file]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /:5:13 isolation\.ignore\[0\]\.rule: the doctor has no rule rls-of; did you mean rls-off\?/,
  );
  assert.match(stderr, /:11:14 isolation\.ignore\[1\]\.until: 2020-01-31 is past/);
});

test('an ignore needs its reason', () => {
  const text =
    'version: 1\ntenant: { root: orgs }\nisolation:\n  ignore:\n    - { rule: rls-off, at: public.orgs }\n';
  assert.throws(
    () => parseConfig(text, 'c.yaml'),
    /c\.yaml:5:7 isolation\.ignore\[0\]: the key reason is missing/,
  );
});

test('models may be left out for the doctor, or where isolation is spoken of, and nowhere else', () => {
  const bare = 'version: 1\ntenant: { root: orgs }\n';
  assert.throws(() => parseConfig(bare, 'c.yaml'), /the key model is missing/);
  assert.deepEqual(parseConfig(bare, 'c.yaml', 'ownership').config.tenant, { root: 'orgs' });
  assert.ok(parseConfig(`${bare}isolation: { roles: [app] }\n`, 'c.yaml').config.isolation);
});

test('every rule is listed, and explained without a database', async () => {
  const { stdout } = await droverHere(['doctor', 'rules', '--json']);
  const { rules } = JSON.parse(stdout) as { rules: { rule: string }[] };
  const listed = new Set(rules.map(({ rule }) => rule));
  assert.deepEqual(
    allRules.map(({ id }) => id).filter((id) => !listed.has(id)),
    [],
  );
  const explained = await droverHere(['doctor', 'explain', 'rls-off']);
  assert.ok(explained.stdout.startsWith('# rls-off\n'));
  const unknown = await droverHere(['doctor', 'explain', 'rls-of']);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /RULE_UNKNOWN.*did you mean rls-off/);
});
