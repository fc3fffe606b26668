/** Where little is known, a question with a reason is proposed: never nothing, and never a guess without a reason. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Catalog, Column, ForeignKey, Table, ValueKind } from '../../src/engine/catalogue/catalog.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import type { Observations } from '../../src/engine/propose/observation.ts';
import { proposalText } from '../../src/cli/database/proposal-text.ts';
import { type Proposal, propose } from '../../src/engine/propose/propose.ts';
import { proposalWords } from '../../src/registry/known/proposal-words.ts';
import { loadValid, builtInFolder } from '../../src/registry/load/folder.ts';
import {
  looksLikeModel,
  namesModel,
  namesProvider,
  singularWords,
} from '../../src/engine/catalogue/wording.ts';

const words = proposalWords(loadValid(builtInFolder));

function column(text: string): Column {
  const [name = '', kind = 'uuid', ...flags] = text.split(' ');
  const types: Readonly<Record<string, string>> = {
    timestamp: 'timestamp with time zone',
    boolean: 'boolean',
  };
  const type = types[kind] ?? kind;
  return {
    name,
    type,
    kind: (kind in types ? 'other' : kind) as ValueKind,
    notNull: flags.includes('!'),
    hasDefault: false,
    generated: false,
    computed: false,
  };
}

/** `agents`, its columns as `name kind`, the first of which is the key, and its keys as `column -> table`. */
function table(name: string, columns: readonly string[], keys: readonly string[] = []): Table {
  const first = columns[0]?.split(' ')[0] ?? '';
  const foreignKeys = keys.map((key): ForeignKey => {
    const [from = '', to = ''] = key.split(' -> ');
    return {
      name: `${name}_${from}`,
      columns: [from],
      references: `public.${to}`,
      referencedColumns: ['id'],
      onDelete: 'no action',
      onUpdate: 'no action',
      deferrable: false,
      validated: true,
    };
  });
  return {
    id: `public.${name}`,
    schema: 'public',
    name,
    partitioned: false,
    columns: columns.map(column),
    primaryKey: [first],
    foreignKeys,
    uniqueIndexes: [{ name: `${name}_pkey`, columns: [first], nullsNotDistinct: false, primary: true }],
    triggers: [],
    policies: [],
    checks: [],
    rowSecurity: { enabled: false, forced: false },
    rowEstimate: 10,
  };
}

function proposeFor(
  tables: readonly Table[],
  values: Readonly<Record<string, readonly string[]>> = {},
  more: Partial<Observations> = {},
): Proposal {
  const catalog: Catalog = { tables };
  const columns = Object.entries(values).map(([place, distinct]) => ({
    table: `public.${place.split('.')[0]}`,
    column: place.split('.')[1] ?? '',
    filled: distinct.length,
    distinct,
  }));
  const nothing = { inner: [], bound: [], links: [], sampled: [], unreadable: [], hidden: [] };
  return propose({ catalog, schemas: ['public'], seen: { columns, ...nothing, ...more }, words });
}

function place(proposal: Proposal, at: string): PlaceConfig | undefined {
  return proposal.config.places?.find((each) => each.at === at);
}

const tenants = table('tenants', ['id', 'name text']);
const models = table('models', ['id', 'tenant_id', 'name text'], ['tenant_id -> tenants']);
const names = { 'models.name': ['gpt-4o', 'claude-3-opus'] };

describe('places', () => {
  test('a column named like a model without any value is a question', () => {
    const agents = table(
      'agents',
      ['id', 'tenant_id', 'model text', 'backup_model_id uuid', 'model_ids uuid[]'],
      ['tenant_id -> tenants'],
    );
    const proposal = proposeFor([tenants, models, agents], names);
    for (const at of ['agents.model', 'agents.backup_model_id', 'agents.model_ids']) {
      assert.equal(place(proposal, at)?.role, 'ask', at);
      assert.match(place(proposal, at)?.reason ?? '', /no value/);
    }
  });

  test('a column with any name moves when its values name models, and is a question when only some do', () => {
    const agents = table('agents', ['id', 'tenant_id', 'brain text', 'title text'], ['tenant_id -> tenants']);
    const proposal = proposeFor([tenants, models, agents], {
      ...names,
      'agents.brain': ['gpt-4o', 'claude-3-opus'],
      'agents.title': ['gpt-4o', 'Anna', 'Bo'],
    });
    assert.equal(place(proposal, 'agents.brain')?.role, undefined);
    assert.equal(place(proposal, 'agents.title')?.role, 'ask');
  });

  test('records are history, also where only their shape says so; records that change are a question', () => {
    const keys = ['tenant_id -> tenants', 'model_id -> models'];
    const tables = [
      table('messages', ['id', 'tenant_id', 'model_id', 'created_at timestamp'], keys),
      table('spent', ['id', 'tenant_id', 'model_id', 'created_at timestamp', 'total_tokens integer'], keys),
      table('runs', ['id', 'tenant_id', 'model_id', 'updated_at timestamp'], keys),
      table('conversations', ['id', 'tenant_id', 'model_id', 'updated_at timestamp'], keys),
      table('agents', ['id', 'tenant_id', 'model_id', 'created_at timestamp'], keys),
    ];
    const proposal = proposeFor([tenants, models, ...tables], names);
    const roles = tables.map(({ name }) => place(proposal, `${name}.model_id`)?.role);
    assert.deepEqual(roles, ['history', 'history', 'ask', 'ask', undefined]);
  });

  test('a reference to a model of embeddings is bound to its data', () => {
    const embeddings = table('embedding_models', ['id', 'tenant_id', 'name text'], ['tenant_id -> tenants']);
    const docs = table(
      'collections',
      ['id', 'tenant_id', 'engine_id'],
      ['tenant_id -> tenants', 'engine_id -> embedding_models'],
    );
    const found = place(proposeFor([tenants, models, embeddings, docs], names), 'collections.engine_id');
    assert.deepEqual([found?.role, found?.kind], ['data-bound', 'embedding']);
  });

  test('a key without a foreign key is found by its values', () => {
    const agents = table('agents', ['id', 'tenant_id', 'model_id'], ['tenant_id -> tenants']);
    const link = { table: 'public.agents', column: 'model_id', target: 'public.models', targetColumn: 'id' };
    const certain = proposeFor([tenants, models, agents], names, {
      links: [{ ...link, sampled: 9, matched: 9 }],
    });
    assert.deepEqual(
      [place(certain, 'agents.model_id')?.role, place(certain, 'agents.model_id')?.as],
      [undefined, 'key'],
    );
    const doubtful = proposeFor([tenants, models, agents], names, {
      links: [{ ...link, sampled: 9, matched: 3 }],
    });
    assert.equal(place(doubtful, 'agents.model_id')?.role, 'ask');
  });

  test('names of members, JSON in strings and lists in strings are places; titles and texts are questions', () => {
    const agents = table('agents', ['id', 'tenant_id', 'doc jsonb'], ['tenant_id -> tenants']);
    const inner = [
      { kind: 'json-key' as const, pointer: '/limits' },
      { kind: 'json-value' as const, pointer: '/graph/~json/model' },
      { kind: 'json-value' as const, pointer: '/title' },
      { kind: 'json-value' as const, pointer: '/llm' },
      { kind: 'comma' as const, pointer: '/order' },
      { kind: 'bars' as const, pointer: '/choice' },
      { kind: 'json-value' as const, pointer: '/args/*', distinct: ['--model=gpt-4o', '-v'] },
    ].map((entry) => ({ table: 'public.agents', column: 'doc', filled: 1, distinct: ['gpt-4o'], ...entry }));
    const places = proposeFor([tenants, models, agents], names, { inner }).config.places ?? [];
    assert.deepEqual(
      places.map((each) => [each.json, each.shape, each.role]),
      [
        ['/title', undefined, 'ask'],
        ['/args/*', 'inside', 'ask'],
        ['/limits/~key', undefined, undefined],
        ['/graph/~json/model', undefined, undefined],
        ['/llm', undefined, undefined],
        ['/order', 'comma', undefined],
        ['/choice', 'bars', undefined],
      ],
    );
  });

  test('a status says which rows are dead, doubtful or replaced', () => {
    const agents = table(
      'agents',
      ['id', 'tenant_id', 'model_id', 'status text'],
      ['tenant_id -> tenants', 'model_id -> models'],
    );
    const proposal = proposeFor([tenants, models, agents], {
      ...names,
      'agents.status': ['active', 'archived', 'draft', 'superseded'],
    });
    assert.equal(proposal.config.dead?.['agents'], "status = 'archived'");
    assert.equal(place(proposal, 'agents.model_id')?.ask, "status = 'draft'");
    assert.equal(place(proposal, 'agents.model_id')?.live, "NOT (status = 'superseded')");
  });
});

describe('tenants', () => {
  test('a database without customers has a single tenant, and says that this was a guess', () => {
    const proposal = proposeFor([table('settings', ['id', 'model text'])], { 'settings.model': ['gpt-4o'] });
    assert.equal(proposal.config.tenant.root, 'none');
    assert.match(proposal.reasons['tenant.root'] ?? '', /no table looks like/);
  });

  test('people are not tenants, however many tables belong to them', () => {
    const users = table('users', ['id', 'company_id', 'name text'], ['company_id -> companies']);
    const companies = table('companies', ['id', 'name text']);
    const others = ['notes', 'files', 'agents'].map((name) =>
      table(name, ['id', 'user_id', 'model text'], ['user_id -> users']),
    );
    assert.equal(proposeFor([users, companies, ...others]).config.tenant.root, 'companies');
  });

  test('a table with models that leads to nobody is named, not passed over', () => {
    const lost = table('robots', ['id', 'model_id'], ['model_id -> models']);
    const proposal = proposeFor([tenants, models, lost], names);
    assert.ok(proposal.questions.some((question) => question.startsWith('Whose are the rows of robots?')));
    assert.deepEqual(proposal.config.tenant.global, ['robots']);
  });

  test('an empty catalogue gives a proposal too', () => {
    assert.match(proposalText(proposeFor([]), 'x'), /version: 1/);
  });
});

test('names are read in every way to write them', () => {
  for (const name of [
    'model',
    'model_id',
    'modelId',
    'LLM',
    'chatModelName',
    'fallback_model',
    'modelIds',
    'engine',
  ])
    assert.ok(namesModel(name), name);
  for (const name of ['model_settings', 'remodel', 'modelled_at', 'name', 'model_count'])
    assert.ok(!namesModel(name), name);
  for (const name of ['provider', 'providerId', 'vendor', 'model_provider'])
    assert.ok(namesProvider(name), name);
  for (const name of [
    'gpt-4o',
    'openai/gpt-4o',
    'claude-3-7-sonnet',
    'eu.anthropic.claude-sonnet-4',
    'o3',
    'text-embedding-3-small',
    'mistral:7b',
  ])
    assert.ok(looksLikeModel(name), name);
  for (const name of ['gpt', 'order', 'o365 user', 'claude', 'We use gpt-4o here', 'nova'])
    assert.ok(!looksLikeModel(name), name);
  assert.deepEqual(singularWords('appPolicies_HTTPAddresses'), ['app', 'policy', 'http', 'address']);
});
