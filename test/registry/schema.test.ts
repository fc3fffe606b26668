/** The schema for editors says what the loader says of each entry, over the built-in registry and mistakes in it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { builtInFolder, readRegistryFolder } from '../../src/registry/load/folder.ts';
import { readEntries } from '../../src/registry/load/documents.ts';
import { registrySchema, schemaFile } from '../support/registry-schema.ts';

type Document = Record<string, unknown>;

const stored = JSON.parse(readFileSync(schemaFile, 'utf8')) as object;
const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(stored);
/** JSON is YAML. */
const problemsOf = (document: unknown): readonly { readonly message: string }[] =>
  readEntries([{ file: 'x.yaml', text: JSON.stringify(document) }]).problems;

/** One entry of each section with as many keys as there are. */
const whole: Document = {
  schema: 1,
  version: '1',
  extends: 'built-in',
  levels: { meaning: { low: 0.2 }, source: 'https://example.org' },
  providers: [
    {
      id: 'acme',
      label: 'Acme',
      vendor: 'acme',
      protocol: 'openai-chat',
      payer: 'tenant',
      secrets: ['ACME_KEY'],
      variable: 'ACME_KEY',
      baseUrl: 'https://example.org',
      matchers: [{ word: 'acme', after: ['-'], ignoreCase: true }],
      source: 'https://example.org',
    },
  ],
  runtimes: [
    {
      id: 'desk',
      label: 'Desk',
      kind: 'closed',
      successor: 'shed',
      source: 'https://example.org',
      arms: [
        {
          provider: 'acme',
          models: ['acme-1', { id: 'x', model: 'acme-1', withdrawn: '2026-01-01' }],
          byName: true,
          separators: ['-'],
          variable: 'ACME_KEY',
          baseUrl: 'https://example.org',
          protocol: 'openai-chat',
          source: 'https://example.org',
        },
      ],
    },
  ],
};

/** Every way to make one mistake: a key that is missing, unknown, or of another type. */
function* mistakes(
  at: unknown,
  path: readonly (string | number)[] = [],
): Generator<(root: Document) => void> {
  if (typeof at !== 'object' || at === null) return;
  const parentOf = (root: Document): Document =>
    path.reduce<unknown>((value, step) => (value as Document)[step], root) as Document;
  if (!Array.isArray(at))
    yield (root) => {
      parentOf(root)['colour'] = 'red';
    };
  for (const [key, value] of Object.entries(at)) {
    if (!Array.isArray(at))
      yield (root) => {
        delete parentOf(root)[key];
      };
    for (const other of [7, -1, 'no such thing!', '', true, null, [], {}, ['a b'], [7]])
      yield (root) => {
        parentOf(root)[key] = other;
      };
    yield* mistakes(value, [...path, Array.isArray(at) ? Number(key) : key]);
  }
}

describe('the schema for editors', () => {
  it('is what npm run registry:schema writes', () => {
    assert.deepEqual(stored, JSON.parse(JSON.stringify(registrySchema())));
  });

  it('takes the built-in registry', () => {
    for (const { file, text } of readRegistryFolder(builtInFolder))
      assert.ok(accepts(parse(text)), `${file} ${JSON.stringify(accepts.errors)}`);
  });

  it('refuses no document that the loader takes, and takes only what a rule between keys refuses', () => {
    const [model] = readRegistryFolder(builtInFolder).flatMap(({ text }) => {
      const { models = [] } = parse(text) as { models?: { parameters?: unknown; prices?: unknown }[] };
      return models.filter(({ parameters, prices }) => parameters !== undefined && prices !== undefined);
    });
    const document = { ...whole, models: [model] };
    assert.ok(problemsOf(document).length === 0 && accepts(document), JSON.stringify(accepts.errors));
    const all = [...mistakes(document)];
    const tally = { both: 0, neither: 0, loader: [] as string[] };
    for (const change of all) {
      const changed = structuredClone(document);
      change(changed);
      const problems = problemsOf(changed);
      const [loaded, accepted] = [problems.length === 0, accepts(changed)];
      const shown = JSON.stringify(changed);
      assert.ok(accepted || !loaded, `only the schema refuses ${shown} ${JSON.stringify(accepts.errors)}`);
      if (loaded === accepted) tally[loaded ? 'both' : 'neither'] += 1;
      else tally.loader.push(problems[0]?.message ?? '');
    }
    assert.ok(all.length > 600 && tally.both > 30 && tally.neither > 400, JSON.stringify(tally));
    const between =
      /must have word and after|boundary after|meaning names a level|https:\/\/ URL|must be a date|is announced after|min is above max/;
    assert.deepEqual(
      tally.loader.filter((message) => !between.test(message)),
      [],
    );
  });
});
