/** Names of variables that would redirect a provider's requests are reserved, in every writing; a tool's own are not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { refuseCompute, refuseSecretName } from '../../src/platform/secrets/names.ts';
import { variableWords } from '../../src/registry/known/variable-words.ts';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { lastingRegistry } from '../support/routing.ts';

const read = loadRegistryFolder(lastingRegistry);
if (read.kind !== 'ok') throw new Error(JSON.stringify(read.problems));
const { registry } = read;
const words = variableWords(registry);
const keys = registry.providers.flatMap(({ secrets, variable }) => [...secrets, variable ?? 'HOME']);

const pick = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split(' '));
const tail = pick(
  'BASE_URL BASEURL BASE_URI API_BASE API_URL API_HOST ENDPOINT ENDPOINT_URL URL URI HOST PROXY HTTPS_PROXY URL2',
);
const ofProvider = fc
  .tuple(
    pick('AZURE_ _').map((before) => before.replace(/^_$/, '')),
    fc.constantFrom(...words),
    tail,
  )
  .map(([before, word, end]) => `${before}${word}_${end}`);
const anyCase = fc
  .tuple(pick('http_proxy https_proxy all_proxy'), fc.infiniteStream(fc.boolean()))
  .map(([name, upper]) =>
    name
      .split('')
      .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
      .join(''),
  );
const reserved = fc.oneof(ofProvider, anyCase, pick('BASE_URL LLM_BASE_URL ENDPOINT MODEL OPENAI_MODEL2'));
const ofTools = fc
  .tuple(pick('JIRA SLACK S3 OTEL_EXPORTER_OTLP DATABASE GITLAB HFOO XAIO'), tail)
  .map(([tool, end]) => `${tool}_${end}`);

/** How a text, or what is around it, gives a variable. */
const writings: readonly ((name: string) => unknown)[] = [
  (name) => ({ env: { [name]: 'x' } }),
  (name) => ({ env: [{ name, value: 'x' }] }),
  (name) => `${name}=x`,
  (name) => `export ${name}=x`,
  (name) => ({ args: ['run', `-e ${name}=x`] }),
  (name) => [`-e${name}=x`, 'image'],
  (name) => `--env=${name}=x`,
  (name) => `A=1\n${name}="x"`,
  (name) => `FROM image\nENV ${name} x`,
  (name) => `services:\n  app:\n    environment:\n      - ${name}=x`,
  (name) => `environment:\n  ${name}: x`,
  (name) => JSON.stringify({ env: { [name]: 'x' } }),
  (name) => JSON.stringify(JSON.stringify({ env: { [name]: 'x' } })),
  (name) => `if true; then ${name} = x; fi`,
];

describe('The name of a variable', () => {
  it('is reserved where it redirects a provider of the registry, or any', () => {
    fc.assert(
      fc.property(reserved, (name) => {
        assert.equal(refuseSecretName(name, words)?.code, 'SECRET_NAME_RESERVED', name);
      }),
    );
  });

  it('can be had where it is a tool’s own, or the key of a provider', () => {
    fc.assert(
      fc.property(fc.oneof(ofTools, fc.constantFrom(...keys, 'GOOGLE_OAUTH_REDIRECT_URI')), (name) => {
        assert.equal(refuseSecretName(name, words), undefined, name);
        for (const written of writings) assert.deepEqual(refuseCompute(written(name), words), [], name);
      }),
    );
  });

  it('is found in compute in every writing', () => {
    fc.assert(
      fc.property(reserved, (name) => {
        for (const written of writings) {
          const found = refuseCompute({ deep: [written(name)] }, words).map(({ data }) => data['name']);
          assert.deepEqual(found, [name], JSON.stringify(written(name)));
        }
      }),
    );
    for (const free of [{ gpu: { model: 'a100' } }, { endpoint: 'x', base_url: 'x' }, 'GPU MODEL: A100'])
      assert.deepEqual(refuseCompute(free, words), []);
  });

  it('goes by the providers of the registry that is asked', () => {
    assert.notEqual(refuseSecretName('ACME_BASE_URL', ['ACME']), undefined);
    assert.equal(refuseSecretName('OPENAI_BASE_URL', ['ACME']), undefined);
    assert.equal(refuseSecretName('ACME_BASE_URL', []), undefined);
    assert.notEqual(refuseSecretName('HTTPS_PROXY', []), undefined);
  });
});
