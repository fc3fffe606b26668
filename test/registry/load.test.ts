/** A registry loads as a whole or not at all, and every mistake is told with file and line. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { builtInFolder, loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { loadRegistry } from '../../src/registry/load/load.ts';
import type { RegistryProblem } from '../../src/registry/load/positions.ts';
import { judge } from '../../src/registry/verdict/routability.ts';
import { head, loaded, model, models, providers, runtimes, texts } from './small-registry.ts';

function problemsOf(changed: Readonly<Record<string, string>>): readonly RegistryProblem[] {
  const result = loadRegistry(texts(changed));
  assert.equal(result.kind, 'invalid', 'must be refused');
  return result.kind === 'invalid' ? result.problems : [];
}

function arms(lines: string): Record<string, string> {
  return {
    'runtimes.yaml': `schema: 1\nruntimes:\n  - id: desk\n    label: Desk\n    kind: closed\n    source: https://example.org\n    arms:\n${lines}`,
  };
}

/** The providers, with another matcher of brio. */
function brio(matcher: string): Record<string, string> {
  return {
    'providers.yaml': providers.replace(/matchers: \[\{ forms.*/, () => `matchers: [{ ${matcher} }]`),
  };
}

/** One mistake each, the message, and how the text begins at its position. */
const mistakes: readonly (readonly [name: string, changed: Record<string, string>, said: RegExp, at?: string])[] = [
  ['unreadable YAML', { 'models.yaml': 'schema: 1\nmodels: [\n' }, /./],
  ['not a map', { 'x.yaml': '- 1\n' }, /must be a map/, '- 1'],
  ['tabs', { 'x.yaml': 'schema: 1\nmodels:\n\t- id: x\n' }, /Tabs are not allowed/, '\t- id'],
  ['an empty file', { 'x.yaml': '' }, /must be a map/],
  ['a key twice', { 'x.yaml': 'schema: 1\nschema: 1\n' }, /keys must be unique/, 'schema: 1'],
  ['two documents in a file', { 'x.yaml': 'schema: 1\n---\nschema: 1\n' }, /multiple documents/, '---'],
  ['a tag that nobody knows', { 'x.yaml': 'schema: !!js/function 1\n' }, /Unresolved tag/, '!!js'],
  ['aliases that multiply', { 'x.yaml': `schema: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [${Array(10).fill('*a').join()}]\nc: [${Array(10).fill('*b').join()}]\n` }, /Excessive alias count/, 'schema'],
  ['endless nesting', { 'x.yaml': `schema: 1\nmodels: ${'['.repeat(20_000)}` }, /./, '['],
  ['a key that objects have', { 'x.yaml': 'schema: 1\n__proto__: { version: x }\n' }, /unknown key __proto__/, '__proto__'],
  ['an alias to nothing', { 'x.yaml': 'schema: 1\nmodels: *nowhere\n' }, /nowhere/, 'schema'],
  ['an unknown schema', { 'x.yaml': 'schema: 2\n' }, /schema 2 is not known; this Drover reads schema 1/, '2'],
  ['no schema', { 'x.yaml': 'models: []\n' }, /schema is missing/, 'models: []'],
  ['an unknown section', { 'x.yaml': 'schema: 1\nmodel: []\n' }, /unknown key model; known are/, 'model: []'],
  ['extending something else', { 'x.yaml': 'schema: 1\nextends: theirs\n' }, /must be built-in/, 'theirs'],
  ['no version', { 'head.yaml': 'schema: 1\n' }, /no document says which version/],
  ['two versions', { 'x.yaml': "schema: 1\nversion: '2'\n" }, /version is said twice, first in head\.yaml/, "'2'"],
  ['no runtime', { 'runtimes.yaml': 'schema: 1\n' }, /there is no runtime, and there must be one/],
  ['an unknown key', { 'models.yaml': `${models}${model('b', 'lifecycle: { status: active }', 'contexts: 5')}\n` }, /models\[6\]: unknown key contexts/, 'contexts: 5'],
  ['an unknown key inside', { 'models.yaml': `${models}${model('b', 'lifecycle: { status: active, until: 1 }')}\n` }, /models\[6\]\.lifecycle: unknown key until/, 'until: 1'],
  ['a missing key', { 'models.yaml': `${models}${model('b')}\n` }, /models\[6\]\.lifecycle: is missing/, 'id: b'],
  ['no such day', { 'models.yaml': models.replace('2027-01-01', '2027-02-30') }, /shutdown: must be a date/, '2027-02-30'],
  ['announced after the end', { 'models.yaml': models.replace('2026-01-01, shutdown', '2028-01-01, shutdown') }, /announced after it is shut down/, '{ status: deprecated'],
  ['a source that is no page', { 'models.yaml': models.replace('https://example.org/models', 'a book') }, /source: must be an https/, 'a book'],
  ['a provider twice', { 'providers.yaml': providers.replace('id: brio', 'id: acme') }, /provider acme is there already: providers\.yaml:3/, 'acme'],
  ['a runtime twice', { 'runtimes.yaml': runtimes.replace('id: shed', 'id: desk') }, /runtime desk is there already/, 'desk'],
  ['a model twice, by an alias', { 'models.yaml': models.replace('acme-gone-0', 'acme-1') }, /model acme-1 is there already/, 'acme-gone'],
  ['an unknown provider', arms('      - provider: nobody\n'), /there is no provider nobody/, 'nobody'],
  ['a provider twice on a runtime', arms('      - provider: brio\n      - { provider: brio, models: [brio1] }\n'), /desk has an arm of brio already/, 'brio, models'],
  ['an id twice in an arm', arms('      - { provider: brio, models: [brio1, brio1] }\n'), /brio1 is in this arm already/, 'brio1] }'],
  ['an id of no model', arms('      - { provider: brio, models: [brio2] }\n'), /there is no model brio2; where the runtime spells it otherwise/, 'brio2'],
  ['an id of an embedding model', { ...arms('      - { provider: acme, models: [v] }\n'), 'models.yaml': `${models}${model('v', 'lifecycle: { status: active }').replace('completion', 'embedding')}\n` }, /v is a model for embedding; what runs agents takes completion models/, 'v]'],
  ['a withdrawal without a day', arms('      - { provider: brio, models: [{ id: brio1, withdrawn: true }] }\n'), /models\[0\]: must be a model id, or \{ id: …, model: …, withdrawn: … \}/, '{ id: brio1'],
  ['a spelling of no model', arms('      - { provider: brio, models: [{ id: x, model: brio2 }] }\n'), /there is no model brio2$/, '{ id: x'],
  ['a matcher without a boundary', { 'providers.yaml': providers.replaceAll("after: ['-', '/'] }", '}') }, /boundary after acme is missing/, '{ word: acme'],
  ['a form that is a regular expression', brio("forms: ['^brio[0-9]$']"), /forms\[0\]: must be an id; # in it is a number/, "'^brio"],
  ['a form with something behind the rest', brio("forms: ['brio-*-x']"), /forms\[0\]: \* is the rest: nothing can stand behind it/, "'brio-*-x"],
  ['a form without a boundary', brio("forms: ['brio-*', 'brio*']"), /forms\[1\]: the boundary before \* is missing/, "'brio*"],
  ['a form that is only the rest', brio("forms: ['*']"), /forms\[0\]: the boundary before \* is missing/, "'*'"],
  ['a form with half a number', brio("forms: ['brio1#']"), /forms\[0\]: # is a whole number/, "'brio1#"],
  ['a word that is a form', brio("word: 'brio#', after: ['-']"), /word: must be letters, digits and/, "'brio#"],
  ['word and forms', brio("word: x, after: ['-'], forms: ['x']"), /must have word and after, or forms/, '{ word: x'],
  ['neither word nor forms', brio("after: ['-']"), /must have word and after, or forms/, '{ after'],
  ['a pattern, as earlier registries had it', brio("pattern: '^brio[0-9]$'"), /matchers\[0\]\.pattern: regular expressions are not read: write forms: \['gpt-#', 'gpt-#\*'\]/, "'^brio"],
  ['a platform that goes by name', arms('      - provider: platform\n'), /the platform pays for platform: its arm lists exact ids/, 'platform'],
  ['a platform with a menu that also goes by name', arms('      - { provider: platform, models: [acme-1], byName: true }\n'), /lists exact ids, and only those/, 'platform'],
  ['a platform with matchers', { 'providers.yaml': providers.replace('    payer: platform', "    payer: platform\n    matchers: [{ word: p, after: ['-'] }]") }, /exact ids only, no matchers/, 'platform'],
  ['a tenant that pays with nothing', { 'providers.yaml': providers.replace('    secrets: [BRIO_KEY]\n', '') }, /brio: the tenant pays, with which secrets/, 'brio'],
  ['going by name without matchers', arms("      - { provider: brio, separators: ['/'] }\n"), /going by name reaches nothing/, 'brio'],
  ['a closed runtime without arms', { 'runtimes.yaml': runtimes.replace('kind: open', "kind: closed, source: 'https://example.org'") }, /field is closed and has no arms/, 'closed'],
  ['a retired runtime with arms', { 'runtimes.yaml': runtimes.replace('kind: retired,', 'kind: retired, arms: [{ provider: brio }],') }, /barn is retired: it has no arms/, '[{ provider'],
  ['a successor that is not there', { 'runtimes.yaml': runtimes.replace('successor: desk', 'successor: attic') }, /there is no runtime attic/, 'attic'],
  ['a successor that is retired', { 'runtimes.yaml': runtimes.replace('successor: desk', 'successor: barn') }, /successor barn is retired itself/, 'barn'],
  ['a replacement that is not there', { 'models.yaml': models.replace('replacement: acme-3', 'replacement: acme-9') }, /there is no model acme-9/, 'acme-9'],
  ['a replacement of another kind', { 'models.yaml': `${models}${model('v', 'lifecycle: { status: active, replacement: acme-1 }').replace('completion', 'embedding')}\n` }, /acme-1 is of the kind completion, not embedding/, 'acme-1'],
  ['replacements in a circle', { 'models.yaml': models.replace('id: acme-3', 'id: acme-4').replace('status: active', 'status: active, replacement: acme-2').replace('replacement: acme-3', 'replacement: acme-4'), ...arms('      - { provider: acme, models: [acme-2] }\n') }, /lead in a circle/, 'acme-2'],
  ['a vendor that nobody serves', { 'models.yaml': models.replace('vendor: brio', 'vendor: nobody') }, /no provider serves the models of nobody/, 'nobody'],
  ['a meaning of no level', { 'models.yaml': `${models}${model('b', 'lifecycle: { status: active }', 'parameters: { accepts: { effort: { levels: [a], meaning: { b: 1 } } } }')}\n` }, /meaning names a level/, '{ levels'],
  ['names that overlap', { ...brio("forms: ['b#', 'ACME-#'], ignoreCase: true"), ...arms('      - provider: acme\n      - provider: brio\n') }, /desk: acme \(acme-…, acme\/…\) and brio \(b#, ACME-# \(any case\)\) both take acme-1/, 'brio'],
]; // prettier-ignore

/** The text of a file from where a problem is. */
function textAt(changed: Readonly<Record<string, string>>, { file, line, column }: RegistryProblem): string {
  const lines = texts(changed)
    .find((each) => each.file === file)
    ?.text.split('\n');
  return lines?.[line - 1]?.slice(column - 1) ?? '';
}

for (const [name, changed, said, at = ''] of mistakes) {
  test(`refused: ${name}`, () => {
    const problems = problemsOf(changed);
    const [found] = problems.filter(({ message }) => said.test(message));
    assert.ok(found !== undefined, problems.map(({ message }) => message).join('\n'));
    assert.equal(textAt(changed, found).slice(0, at.length), at);
    for (const { file, line, column } of problems) assert.ok(file !== '' && line >= 1 && column >= 1);
  });
}

test('an unreadable file is told in at most five problems, and entries that may be in it are not missed elsewhere', () => {
  for (const text of [
    'schema: 1\nmodels: [\n',
    'schema: 1\nmodels: 5\n',
    '',
    `models: ${'['.repeat(20_000)}`,
  ]) {
    const problems = problemsOf({ 'models.yaml': text });
    assert.ok(problems.length <= 5, String(problems.length));
    for (const { file } of problems) assert.equal(file, 'models.yaml');
  }
});

test('all mistakes are told at once, each with its line, and a broken entry is not missed where it is named', () => {
  const problems = problemsOf({
    'providers.yaml': providers.replace('protocol: openai-chat', 'protocol: telex'),
    'models.yaml': models
      .replace('family: acme', 'family: ACME')
      .replace('replacement: acme-left', 'replacement: acme-9'),
    'x.yaml': 'schema: 3\n',
  });
  assert.deepEqual(
    problems.map(({ file, line, message }) => `${file}:${line} ${message.replace(/:.*/, '')}`),
    [
      'models.yaml:6 models[0].family',
      'models.yaml:40 there is no model acme-9',
      'providers.yaml:5 providers[0].protocol',
      'x.yaml:1 schema 3 is not known; this Drover reads schema 1',
    ],
  );
});

test('a vendor’s key and subscription may take the same ids where they have no common secret', () => {
  assert.equal(loaded(arms('      - provider: acme\n      - provider: acme-login\n')).kind, 'ok');
  const shared = {
    'providers.yaml': providers.replace('secrets: [ACME_TOKEN]', 'secrets: [ACME_TOKEN, ACME_KEY]'),
  };
  assert.match(problemsOf(shared)[0]?.message ?? '', /shed: acme .* and acme-login .* both take acme/);
});

test('the hash is of the content: it changes with the order of arms, and not with files, comments or the order of entries', () => {
  const hash = loaded().hash;
  assert.match(hash, /^[0-9a-f]{64}$/);
  const split = loadRegistry([
    { file: 'z.yaml', text: `# a comment\n${models}` },
    { file: 'y.yaml', text: head },
    { file: 'a.yaml', text: runtimes },
    { file: 'b.yaml', text: providers },
  ]);
  assert.ok(split.kind === 'ok' && split.hash === hash);
  const swapped = runtimes.replace(
    '- { provider: acme }\n      - { provider: acme-login }',
    '- { provider: acme-login }\n      - { provider: acme }',
  );
  assert.notEqual(loaded({ 'runtimes.yaml': swapped }).hash, hash);
  assert.notEqual(loaded({ 'models.yaml': models.replace('2027-01-01', '2027-01-02') }).hash, hash);
});

test('a registry may extend the built-in one: its own entries replace those with the same id', () => {
  const own = `schema: 1\nextends: built-in\nruntimes:\n  - { id: field, label: Meadow, kind: open }\n  - { id: yard, label: Yard, kind: open }\n`;
  const result = loadRegistry([{ file: 'own.yaml', text: own }], texts());
  assert.ok(result.kind === 'ok');
  assert.deepEqual(
    result.registry.runtimes.map(({ label }) => label),
    ['Desk', 'Shed', 'Barn', 'Meadow', 'Yard'],
  );
  assert.equal(judge(result, { runtime: 'desk', model: 'acme-1' }).verdict, 'allow');
});

/** A folder with the small registry and one file more. */
function folderWith(test: TestContext, add: (folder: string) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-registry-'));
  test.after(() => rmSync(folder, { recursive: true }));
  for (const { file, text } of texts()) writeFileSync(join(folder, file), text);
  add(folder);
  return folder;
}

test('a link to a file is read as the file, and names that begin with a dot are left out', (context) => {
  const folder = folderWith(context, (at) => {
    mkdirSync(join(at, '..2026_11_21'));
    renameSync(join(at, 'models.yaml'), join(at, '..2026_11_21', 'models.yaml'));
    symlinkSync('..2026_11_21', join(at, '..data'));
    symlinkSync('..data/models.yaml', join(at, 'models.yaml'));
    writeFileSync(join(at, '.#models.yaml'), 'half');
    mkdirSync(join(at, 'folder.yaml'));
  });
  const result = loadRegistryFolder(folder);
  assert.ok(result.kind === 'ok');
  assert.equal(result.hash, loaded().hash);
});

test('a file that cannot be read as text refuses the whole registry and is named', (context) => {
  const unreadable: readonly (readonly [(at: string) => void, RegExp])[] = [
    [(at) => symlinkSync('nowhere.yaml', join(at, 'more.yaml')), /cannot be read: .*more\.yaml/],
    [(at) => writeFileSync(join(at, 'more.yaml'), Buffer.from('schema: 1 # Ä', 'latin1')), /cannot be read: more\.yaml is no UTF-8/],
  ]; // prettier-ignore
  for (const [add, said] of unreadable) {
    const result = loadRegistryFolder(folderWith(context, add));
    assert.ok(result.kind === 'invalid');
    assert.match(result.problems[0]?.message ?? '', said);
  }
});

test('a missing or empty folder is an invalid registry and no error', () => {
  for (const folder of ['/nowhere/at/all', import.meta.dirname]) {
    const result = loadRegistryFolder(folder);
    assert.equal(result.kind, 'invalid');
    assert.equal(judge(result, { runtime: 'desk', model: 'x' }).verdict, 'refuse');
  }
});

test('the built-in registry loads, knows at least 60 models, and each fact has a public source', () => {
  const result = loadRegistryFolder(builtInFolder);
  assert.ok(result.kind === 'ok');
  const { models: all, runtimes: runs, providers: who } = result.registry;
  assert.ok(all.length >= 60);
  for (const { source, checked } of all) assert.ok(source.startsWith('https://') && checked > '2026');
  for (const id of ['claude-code', 'codex', 'hermes', 'openclaw', 'google-adk', 'external', 'mock'])
    assert.ok(
      runs.some((each) => each.id === id),
      id,
    );
  for (const id of ['anthropic', 'anthropic-oauth', 'openai', 'openai-subscription', 'google', 'minimax', 'moonshot', 'deepseek', 'zai', 'xiaomi', 'alibaba', 'openrouter', 'huggingface', 'groq', 'ollama-cloud', 'nvidia', 'custom', 'platform'])
    assert.ok(who.some((each) => each.id === id), id); // prettier-ignore
});
