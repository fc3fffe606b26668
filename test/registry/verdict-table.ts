/** The table of the verdict as data: cases for each row, and for each allowed pair a nonsense twin that is refused. */
import { isDeepStrictEqual } from 'node:util';
import type { RoutingRequest } from '../../src/registry/verdict/choose-arm.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import type { Verdict } from '../../src/registry/verdict/routability.ts';
import { loaded, model, models, providers, runtimes } from './small-registry.ts';

export interface Case {
  /** Of the table in src/registry/verdict/routability.ts. */
  readonly row: number;
  readonly name: string;
  readonly registry: Loaded;
  readonly request: RoutingRequest;
  /** Members that the verdict must have. */
  readonly expected: Readonly<Record<string, unknown>>;
}

const ok = loaded();
const shutDown = loaded({
  'models.yaml': models.replace(/(id: brio1[^]*status: )active/, '$1retired'),
});
/** With somebody who serves the models of others, models of another kind, and an id that one arm takes anew no more. */
const more = loaded({
  'providers.yaml': providers.replace(
    '  - id: platform',
    `  - id: mart
    label: Mart
    protocol: openai-chat
    secrets: [MART_KEY]
    variable: MART_KEY
    matchers: [{ word: mart, after: ['/'] }]
    source: https://example.org/mart
  - id: platform`,
  ),
  'runtimes.yaml': runtimes
    .replace('      - { provider: brio }', '      - { provider: brio }\n      - { provider: mart }')
    .replace('models: [acme-2] }', 'models: [acme-2, { id: acme-1, withdrawn: 2026-06-10 }, { id: acme-3, withdrawn: 2026-06-10 }] }')
    .replace('models: [acme-2, acme-3]', 'models: [acme-2, { id: acme-3, withdrawn: 2026-06-10 }]')
    .replace('models: [acme-1, acme-2, acme-3,', 'models: [acme-1, acme-2,'),
  'models.yaml': `${models}
${model('acme-vec', 'lifecycle: { status: active }').replace('kind: completion', 'kind: embedding')}
${model('acme-kept', 'lifecycle: { status: retired, distributors: [{ via: mart, shutdown: 2026-09-01, source: https://example.org/mart }] }')}
`,
}); // prettier-ignore
const broken: Loaded = {
  kind: 'invalid',
  problems: [{ file: 'x.yaml', line: 1, column: 1, message: 'broken' }],
};
const version = `1+${ok.hash.slice(0, 12)}`;

function secrets(...names: string[]): ReadonlySet<string> {
  return new Set(names);
}

function one(row: number, name: string, request: RoutingRequest, expected: Case['expected']): Case {
  return { row, name, registry: ok, request, expected: { registryVersion: version, ...expected } };
}

/** The same with the larger registry. */
function another(row: number, name: string, request: RoutingRequest, expected: Case['expected']): Case {
  return { row, name, registry: more, request: { secrets: new Set(['ACME_KEY']), ...request }, expected };
}

function allowed(
  provider: string | null,
  payer: string,
  by: string,
  needs: readonly string[],
): Case['expected'] {
  return { verdict: 'allow', provider, payer, by, needs, verified: by.startsWith('listed') };
}

const key = ['ACME_KEY', 'ACME_OTHER_KEY'];
const platform = (by: string): Case['expected'] => allowed('platform', 'platform', by, []);
const acme = (by: string): Case['expected'] => allowed('acme', 'tenant', by, key);
const login = (by: string): Case['expected'] => allowed('acme-login', 'tenant', by, ['ACME_TOKEN']);
const brio = allowed('brio', 'tenant', 'name', ['BRIO_KEY']);

const refused = (code: string, more: Case['expected'] = {}): Case['expected'] => ({
  verdict: 'refuse',
  code,
  ...more,
});

export const table: readonly Case[] = [
  one(1, 'no model', { runtime: 'desk', model: null }, { verdict: 'not-asked' }),
  one(1, 'an absent model', { runtime: 'desk', model: undefined }, { verdict: 'not-asked' }),
  one(1, 'a blank model, also on a runtime that is not there', { runtime: 'nowhere', model: ' \t' }, { verdict: 'not-asked' }),
  {
    ...one(1, 'no model and no registry', { runtime: 'desk', model: '' }, {}),
    registry: broken,
    expected: { verdict: 'not-asked', registryVersion: null },
  },
  ...['desk', 'field', 'barn', 'nowhere'].map((runtime) => ({
    ...one(2, `no registry, ${runtime}`, { runtime, model: 'acme-1' }, {}),
    registry: broken,
    expected: refused('REGISTRY_UNAVAILABLE', { registryVersion: null, provider: null }),
  })),
  one(3, 'a retired runtime', { runtime: 'barn', model: 'acme-1' }, refused('RUNTIME_UNSUPPORTED', { successor: 'desk' })),
  one(4, 'an unknown runtime', { runtime: 'nowhere', model: 'acme-1' }, refused('RUNTIME_UNSUPPORTED', { successor: null })),
  one(4, 'a runtime is spelled exactly', { runtime: 'Desk', model: 'acme-1' }, refused('RUNTIME_UNSUPPORTED')),
  one(5, 'an open runtime', { runtime: 'field', model: 'anything' }, allowed(null, 'tenant', 'open', [])),
  one(6, 'listed by one arm', { runtime: 'desk', model: 'acme-1' }, acme('listed')),
  one(6, 'trimmed', { runtime: 'desk', model: ' acme-1\n' }, { ...acme('listed'), model: 'acme-1' }),
  one(6, 'listed under a spelling of its own', { runtime: 'desk', model: 'Special' }, acme('listed')),
  one(7, 'listed by several, no secrets: the first', { runtime: 'desk', model: 'acme-2' }, platform('listed-first')),
  one(7, 'one has its secret', { runtime: 'desk', model: 'acme-2', secrets: secrets('ACME_TOKEN') }, login('listed-by-secrets')),
  one(7, 'any of its secrets', { runtime: 'desk', model: 'acme-2', secrets: secrets('ACME_OTHER_KEY', 'BRIO_KEY') }, acme('listed-by-secrets')),
  one(7, 'two have theirs: the first of them', { runtime: 'desk', model: 'acme-2', secrets: secrets('ACME_TOKEN', 'ACME_KEY') }, acme('listed-first')),
  one(7, 'only foreign secrets: the first', { runtime: 'desk', model: 'acme-2', secrets: secrets('BRIO_KEY') }, platform('listed-first')),
  one(8, 'one arm takes the name', { runtime: 'desk', model: 'brio7' }, brio),
  one(8, 'in any case where the matcher says so', { runtime: 'desk', model: 'BRIO7-fast' }, brio),
  one(9, 'several take it, one has its secret', { runtime: 'shed', model: 'acme-new', secrets: secrets('ACME_TOKEN') }, login('name-by-secrets')),
  one(9, 'several take it, no secrets', { runtime: 'shed', model: 'acme-new' }, refused('AMBIGUOUS_MODEL_FOR_RUNTIME', { needs: [...key, 'ACME_TOKEN'] })),
  one(9, 'several take it, both have theirs', { runtime: 'shed', model: 'acme-new', secrets: secrets('ACME_KEY', 'ACME_TOKEN') }, refused('AMBIGUOUS_MODEL_FOR_RUNTIME')),
  one(10, 'withdrawn', { runtime: 'desk', model: 'acme-left' }, refused('MODEL_WITHDRAWN', { provider: 'acme', payer: 'tenant', suggestions: ['acme-3', 'acme-1', 'acme-2'] })),
  one(10, 'withdrawn, where it is', { runtime: 'desk', model: 'acme-left', existing: true }, acme('listed')),
  one(10, 'shut down, where it is', { runtime: 'desk', model: 'acme-gone', existing: true }, refused('MODEL_WITHDRAWN')),
  one(10, 'shut down, by name', { runtime: 'shed', model: 'acme/acme-gone', secrets: secrets('ACME_KEY') }, refused('MODEL_WITHDRAWN', { provider: 'acme' })),
  one(10, 'shut down, by an alias', { runtime: 'shed', model: 'acme-gone-0', secrets: secrets('ACME_KEY') }, refused('MODEL_WITHDRAWN')),
  { ...one(10, 'shut down, by name in another case', { runtime: 'desk', model: 'BRIO1' }, {}), registry: shutDown, expected: refused('MODEL_WITHDRAWN', { provider: 'brio' }) },
  one(10, 'its day has come', { runtime: 'desk', model: 'acme-2', today: '2027-01-01' }, refused('MODEL_WITHDRAWN')),
  one(10, 'its day has not come', { runtime: 'desk', model: 'acme-2', today: '2026-12-31' }, { ...platform('listed-first'), lifecycle: { status: 'deprecated', shutdown: '2027-01-01', replacement: 'acme-3' } }),
  one(11, 'nothing has it', { runtime: 'desk', model: 'unheard-of' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME', { suggestions: ['acme-2', 'acme-3', 'acme-1'] })),
  one(11, 'its family first', { runtime: 'desk', model: 'brio-9' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME', { suggestions: ['brio1', 'acme-2', 'acme-3', 'acme-1'] })),
  one(11, 'ids are case-sensitive', { runtime: 'desk', model: 'ACME-1' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  one(11, 'a menu does not go by name', { runtime: 'desk', model: 'acme-new' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  one(11, 'the boundary of a word', { runtime: 'shed', model: 'acmeology', secrets: secrets('ACME_KEY') }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  one(11, 'a word and its boundary are no id', { runtime: 'shed', model: 'acme-', secrets: secrets('ACME_KEY') }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  one(11, 'a pattern is anchored', { runtime: 'desk', model: 'xbrio7' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  one(11, 'an endless id', { runtime: 'shed', model: `acme-${'x'.repeat(300)}`, secrets: secrets('ACME_KEY') }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  another(8, 'the word of a provider is not sent', { runtime: 'shed', model: 'acme/acme-new' }, { ...acme('name-by-secrets'), wireId: 'acme-new' }),
  another(8, 'sent in the vendor’s own case', { runtime: 'desk', model: 'BRIO1' }, { ...brio, wireId: 'brio1' }),
  another(6, 'sent as the model is called', { runtime: 'desk', model: 'Special' }, { wireId: 'acme-1' }),
  another(8, 'of others, by who makes no models', { runtime: 'desk', model: 'mart/acme-1:free' }, { provider: 'mart', verified: false, wireId: 'acme-1:free' }),
  another(10, 'what its vendor ended, at another', { runtime: 'desk', model: 'mart/ACME_gone@x' }, refused('MODEL_WITHDRAWN', { provider: 'mart' })),
  another(8, 'what its vendor ended, at another where it is in use', { runtime: 'desk', model: 'mart/acme-gone', existing: true }, { provider: 'mart' }),
  another(8, 'what its vendor ended, at another who goes on', { runtime: 'desk', model: 'mart/acme-kept', today: '2026-08-31' }, { provider: 'mart' }),
  another(10, 'what another has ended, too', { runtime: 'desk', model: 'mart/acme-kept', today: '2026-09-01', existing: true }, refused('MODEL_WITHDRAWN')),
  ...['acme-gone@default', 'acme-gone:free', 'acme/models/acme-gone', 'acme-GONE'].map((id) => another(10, `shut down, as ${id}`, { runtime: 'shed', model: id }, refused('MODEL_WITHDRAWN', { provider: 'acme' }))),
  ...['acme-1:free', 'acme-1@default', 'acme/models/acme-1', 'acme-1?x=1', 'acme//acme-1', 'acme-1-', 'acme-.new', 'acme-new?x=1', 'acme-new:free', 'acme/new/one'].map((id) => another(11, `no id of the vendor: ${id}`, { runtime: 'shed', model: id }, refused('UNREGISTERED_MODEL_FOR_RUNTIME'))),
  another(11, 'another vendor’s', { runtime: 'shed', model: 'acme/brio1' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  another(11, 'another vendor’s, in another spelling', { runtime: 'shed', model: 'acme/BRIO-1' }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  ...['acme-vec', 'acme/acme-vec'].map((id) => another(11, `of another kind: ${id}`, { runtime: 'shed', model: id }, refused('UNREGISTERED_MODEL_FOR_RUNTIME'))),
  another(11, 'of another kind, at another', { runtime: 'desk', model: 'mart/acme-vec', existing: true }, refused('UNREGISTERED_MODEL_FOR_RUNTIME')),
  another(6, 'one arm takes it no more, another does', { runtime: 'desk', model: 'acme-1', secrets: secrets('ACME_TOKEN'), today: '2026-06-10' }, acme('listed')),
  another(7, 'one arm takes it no more, and has it already', { runtime: 'desk', model: 'acme-1', secrets: secrets('ACME_TOKEN'), today: '2026-06-10', existing: true }, login('listed-by-secrets')),
  another(7, 'an arm still takes it', { runtime: 'desk', model: 'acme-1', secrets: secrets('ACME_TOKEN'), today: '2026-06-09' }, login('listed-by-secrets')),
  another(10, 'no arm takes it any more', { runtime: 'desk', model: 'acme-3', today: '2026-06-10' }, refused('MODEL_WITHDRAWN', { provider: 'platform' })),
]; // prettier-ignore

/** For each allowed pair an id that nothing takes. Open runtimes take everything and have no twins. */
export const twins: readonly Case[] = table
  .filter(({ expected }) => expected['verdict'] === 'allow' && expected['by'] !== 'open')
  .map((each) => ({
    ...each,
    name: `nonsense twin of: ${each.name}`,
    request: { ...each.request, model: `zz-nonsense-${String(each.request.model).trim()}` },
    expected: refused('UNREGISTERED_MODEL_FOR_RUNTIME'),
  }));

/** What a judge gets wrong, one line each. */
export function failuresOf(judge: (loaded: Loaded, request: RoutingRequest) => Verdict): string[] {
  return [...table, ...twins].flatMap(({ row, name, registry, request, expected }) => {
    const verdict: Readonly<Record<string, unknown>> = { ...judge(registry, request) };
    return Object.entries(expected)
      .filter(([member, value]) => !isDeepStrictEqual(verdict[member], value))
      .map(
        ([member, value]) =>
          `row ${row}, ${name}: ${member} is ${JSON.stringify(verdict[member])}, not ${JSON.stringify(value)}`,
      );
  });
}
