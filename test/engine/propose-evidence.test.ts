/** What a table is follows from what points at it and what it holds; its name counts least. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import type { Observations } from '../../src/engine/propose/observation.ts';
import { type Proposal, propose } from '../../src/engine/propose/propose.ts';
import { proposalText } from '../../src/cli/database/proposal-text.ts';
import { proposalWords } from '../../src/registry/known/proposal-words.ts';
import { builtInFolder, loadValid } from '../../src/registry/load/folder.ts';
import { buildCatalog, type Columns, type Details } from './build-catalog.ts';

const words = proposalWords(loadValid(builtInFolder));
const names = ['gpt-4o', 'gpt-4.1', 'claude-sonnet-4-20250514'];

type Values = Readonly<Record<string, readonly string[]>>;

function proposeFor(catalog: Catalog, values: Values = {}, more: Partial<Observations> = {}): Proposal {
  const columns = Object.entries(values).map(([place, distinct]) => {
    const [table = '', column = ''] = place.split('.');
    return { table: `public.${table}`, column, filled: distinct.length, distinct };
  });
  const nothing = { inner: [], bound: [], links: [], sampled: [], unreadable: [], hidden: [] };
  return propose({ catalog, schemas: ['public'], seen: { columns, ...nothing, ...more }, words });
}

function tablesOf(proposal: Proposal): readonly string[] {
  return (proposal.config.model?.tables ?? []).map(({ table }) => table);
}

function roleOf(proposal: Proposal, at: string): string | undefined {
  const place = proposal.config.places?.find((each) => each.at === at);
  return place === undefined ? undefined : (place.role ?? 'reference');
}

const orgs: Columns = { id: 'uuid!', name: 'text' };
const bots = (to: string): Columns => ({
  id: 'uuid!',
  org_id: 'uuid! -> orgs.id',
  choice: `uuid -> ${to}.id`,
});

describe('a table of models', () => {
  for (const name of [
    'core_llmmodel',
    'aimodels',
    'model_catalogue',
    'language_model_configurations',
    'engines',
    'things',
  ])
    test(`may be called ${name}`, () => {
      const catalog = buildCatalog({ orgs, [name]: { id: 'uuid!', name: 'text' }, bots: bots(name) });
      assert.deepEqual(tablesOf(proposeFor(catalog, { [`${name}.name`]: names })), [name]);
    });

  for (const name of ['chat_models', 'generation_models', 'message_model', 'request_llms'])
    test(`is no history by a word before: ${name}, to which nothing refers`, () => {
      const catalog = buildCatalog({
        orgs,
        [name]: { id: 'uuid!', name: 'text', created_at: 'timestamptz!' },
      });
      assert.deepEqual(tablesOf(proposeFor(catalog, { [`${name}.name`]: names })), [name]);
    });

  test('is no history where others refer to it, whatever it is called', () => {
    const events: Columns = { id: 'uuid!', name: 'text', created_at: 'timestamptz!' };
    const catalog = buildCatalog({ orgs, chat_events: events, bots: bots('chat_events') });
    assert.deepEqual(tablesOf(proposeFor(catalog, { 'chat_events.name': names })), ['chat_events']);
  });

  test('is none where its rows only use models: agents, permissions, defaults, prices, records', () => {
    const using: Readonly<Record<string, Columns>> = {
      agents: { id: 'uuid!', name: 'text', model: 'text' },
      allowed_models: { id: 'uuid!', model: 'text', enabled: 'boolean' },
      default_models: { id: 'uuid!', model: 'text', purpose: 'text' },
      model_prices: { id: 'uuid!', model: 'text', price: 'bigint' },
      usage_models: { id: 'uuid!', model: 'text', tokens: 'bigint' },
    };
    const values = Object.fromEntries(Object.keys(using).map((name) => [`${name}.model`, names]));
    const catalog = buildCatalog({ orgs, ...using, notes: { id: 'uuid!', agent: 'uuid -> agents.id' } });
    assert.deepEqual(tablesOf(proposeFor(catalog, values)), []);
  });

  test('is none where a configuration says which model something uses, nor where nothing is known of its names', () => {
    const catalog = buildCatalog({
      orgs,
      bot_model_configs: { id: 'uuid!', model_id: 'text', doc: 'json' },
      models_of_cars: { id: 'uuid!', name: 'text' },
      car_model: { id: 'uuid!', name: 'text' },
      bots: { id: 'uuid!', org_id: 'uuid! -> orgs.id', setup: 'uuid -> bot_model_configs.id' },
    });
    assert.deepEqual(tablesOf(proposeFor(catalog, { 'car_model.name': ['Beetle', 'Mini'] })), []);
  });

  test('has the names where the known ones are, and its provider where known providers are', () => {
    const models: Columns = { id: 'uuid!', name: 'text', served_by: 'text', remote_code: 'text' };
    const proposal = proposeFor(buildCatalog({ orgs, models, bots: bots('models') }), {
      'models.name': ['Fast one', 'Long one'],
      'models.served_by': names.map((_, at) => (at % 2 === 0 ? 'OpenAI' : 'Anthropic')),
      'models.remote_code': names,
    });
    const [table] = proposal.config.model?.tables ?? [];
    assert.deepEqual([table?.columns.name, table?.columns.provider], ['remote_code', 'served_by']);
  });

  test('is of the kind that its names are', () => {
    const catalog = buildCatalog({ orgs, ears: { id: 'uuid!', name: 'text' }, bots: bots('ears') });
    const { config } = proposeFor(catalog, { 'ears.name': ['whisper-1', 'gpt-4o-transcribe'] });
    assert.equal(config.model?.tables?.[0]?.kind, 'transcription');
  });

  test('gives no place to what identifies its rows, and asks about what they are built on', () => {
    const models: Columns = { id: 'uuid!', name: 'text', label: 'text', parent_model: 'text' };
    const proposal = proposeFor(buildCatalog({ orgs, models, bots: bots('models') }), {
      'models.name': names,
      'models.label': ['GPT-4o'],
      'models.parent_model': ['gpt-4o'],
    });
    const roles = ['models.name', 'models.label', 'models.parent_model'].map((at) => roleOf(proposal, at));
    assert.deepEqual(roles, [undefined, 'catalogue', 'ask']);
  });
});

describe('the tenants', () => {
  const child = (to: string): Columns => ({ id: 'uuid!', owner: `uuid! -> ${to}.id`, model: 'text' });

  test('are no budgets, no tables that tie others, and no lists of models', () => {
    const catalog = buildCatalog(
      {
        firms: { id: 'uuid!', name: 'text', plan: 'uuid -> budgets.id' },
        budgets: { id: 'uuid!', amount: 'bigint' },
        models: { id: 'uuid!', name: 'text' },
        firm_members: { firm: 'uuid! -> firms.id', person: 'uuid! -> people.id' },
        people: { id: 'uuid!', email: 'text', plan: 'uuid -> budgets.id' },
        bots: {
          id: 'uuid!',
          firm: 'uuid! -> firms.id',
          model: 'uuid -> models.id',
          plan: 'uuid -> budgets.id',
        },
        keys: { id: 'uuid!', firm: 'uuid! -> firms.id', plan: 'uuid -> budgets.id' },
      },
      { firm_members: { primaryKey: ['firm', 'person'] } },
    );
    assert.equal(proposeFor(catalog, { 'models.name': names }).config.tenant.root, 'firms');
  });

  test('are a question where two tables are as likely, and it stands on the first screen', () => {
    const catalog = buildCatalog({
      companies: { id: 'uuid!', name: 'text' },
      accounts: { id: 'uuid!', name: 'text' },
      bots: child('companies'),
      helpers: child('accounts'),
    });
    const proposal = proposeFor(catalog);
    assert.match(proposal.questions[0] ?? '', /^Who are the tenants: companies or accounts\?/);
    assert.match(proposalText(proposal, 'x').split('\n').slice(0, 12).join(' '), /companies or accounts/);
  });

  test('is asked about where somebody has its rows, and more tables name that one', () => {
    const owned = { id: 'uuid!', user_id: 'uuid! -> users.id' };
    const catalog = buildCatalog({
      users: { id: 'uuid!', email: 'text' },
      workspaces: { ...owned, name: 'text' },
      folders: { ...owned, workspace_id: 'uuid! -> workspaces.id' },
      presets: { ...owned, folder_id: 'uuid -> folders.id', model: 'text' },
      assistants: { ...owned, folder_id: 'uuid -> folders.id', model: 'text' },
    });
    const { config, questions } = proposeFor(catalog, { 'presets.model': names });
    assert.equal(config.tenant.root, 'workspaces');
    assert.match(questions[0] ?? '', /^Who are the tenants: workspaces or users\?/);
  });

  test('may be suspended by a moment, a flag or a state', () => {
    for (const [column, values, wanted] of [
      ['suspended_at', undefined, 'suspended_at IS NOT NULL'],
      ['is_active', undefined, 'NOT is_active'],
      ['status', ['ok', 'frozen', 'closed'], "status IN ('closed', 'frozen')"],
    ] as const) {
      const type = column === 'status' ? 'text' : column === 'is_active' ? 'boolean' : 'timestamp';
      const catalog = buildCatalog({ orgs: { ...orgs, [column]: type }, bots: child('orgs') });
      const { config } = proposeFor(catalog, values === undefined ? {} : { [`orgs.${column}`]: values });
      assert.equal(config.tenant.suspended, wanted);
    }
  });

  test('are not joined by whole numbers that happen to be keys', () => {
    const catalog = buildCatalog({
      orgs: { id: 'bigint!', name: 'text' },
      bots: { id: 'bigint!', org_id: 'bigint! -> orgs.id' },
      tags: { id: 'bigint!', bot: 'bigint', model: 'text' },
    });
    const link = { table: 'public.tags', column: 'bot', target: 'public.bots', targetColumn: 'id' };
    const found = (matched: number): Proposal =>
      proposeFor(catalog, { 'tags.model': names }, { links: [{ ...link, sampled: 9, matched }] });
    assert.equal(found(9).config.tenant.links?.['tags'], 'bot -> bots.id');
    assert.equal(found(8).config.tenant.links, undefined);
    assert.deepEqual(found(8).config.tenant.global, ['tags']);
  });
});

describe('records', () => {
  const base: Columns = { id: 'uuid!', org_id: 'uuid! -> orgs.id', model: 'text' };
  const cases: readonly (readonly [string, Columns, Details, string])[] = [
    [
      'tallies',
      { ...base, week: 'text' },
      { unique: [{ name: 'once', columns: ['org_id', 'week', 'model'] }] },
      'history',
    ],
    ['old_teams', { ...base, archived_on: 'timestamp!' }, {}, 'history'],
    ['teams', { ...base, archived_on: 'timestamp' }, {}, 'reference'],
    ['turns_taken', { ...base, at: 'timestamp', output_tokens: 'bigint' }, {}, 'history'],
    ['tariffs', { ...base, created_at: 'timestamp', max_tokens: 'bigint' }, {}, 'reference'],
    ['moves', { ...base, created_at: 'timestamp', cost: 'bigint', updated_at: 'timestamp' }, {}, 'ask'],
    ['chat_settings', base, {}, 'reference'],
    ['message_templates', base, {}, 'reference'],
  ];
  for (const [name, columns, details, role] of cases)
    test(`${name}: ${role}`, () => {
      const catalog = buildCatalog({ orgs, [name]: columns }, { [name]: details });
      assert.equal(roleOf(proposeFor(catalog, { [`${name}.model`]: names }), `${name}.model`), role);
    });
});

test('what says something about a model stays with it: prices and limits, but no permissions', () => {
  const models: Columns = { id: 'uuid!', name: 'text' };
  const tables = {
    orgs,
    models,
    rates: { id: 'uuid!', model_id: 'uuid! -> models.id', unit: 'text', price: 'bigint' },
    caps: { id: 'uuid!', model: 'text', rpm_limit: 'bigint' },
    quotas: { id: 'uuid!', org_id: 'uuid! -> orgs.id', model: 'text', rpm_limit: 'bigint' },
  };
  const unique = (columns: readonly string[]): Details => ({ unique: [{ name: 'once', columns }] });
  const catalog = buildCatalog(tables, {
    rates: unique(['model_id', 'unit']),
    caps: unique(['model']),
    quotas: unique(['org_id', 'model']),
  });
  const proposal = proposeFor(catalog, { 'models.name': names, 'caps.model': names, 'quotas.model': names });
  const roles = ['rates.model_id', 'caps.model', 'quotas.model'].map((at) => roleOf(proposal, at));
  assert.deepEqual(roles, ['catalogue', 'catalogue', 'reference']);
});

test('a name whose provider is missing or foreign is a question, where the same name has several', () => {
  const tables = {
    orgs,
    models: { id: 'uuid!', name: 'text', provider: 'text' },
    bots: { id: 'uuid!', org_id: 'uuid! -> orgs.id', provider: 'text', model: 'text' },
    helpers: { id: 'uuid!', org_id: 'uuid! -> orgs.id', model: 'text' },
    desks: { id: 'uuid!', org_id: 'uuid! -> orgs.id', provider: 'text', model: 'text' },
    notes: { id: 'uuid!', org_id: 'uuid! -> orgs.id', main: 'uuid -> models.id' },
  };
  const seen = (providers: readonly string[]): Proposal =>
    proposeFor(buildCatalog(tables), {
      'models.name': ['gpt-4o', 'gpt-4.1'],
      'models.provider': providers,
      'bots.provider': ['openai', 'openai'],
      'bots.model': ['gpt-4o', 'gpt-4.1'],
      'desks.provider': ['connection-7', 'connection-8'],
      'desks.model': ['gpt-4o', 'gpt-4.1'],
      'helpers.model': ['gpt-4o', 'gpt-4.1'],
    });
  const roles = (proposal: Proposal): unknown[] =>
    ['bots.model', 'helpers.model', 'desks.model'].map((at) => roleOf(proposal, at));
  assert.deepEqual(roles(seen(['openai', 'azure'])), ['reference', 'ask', 'ask']);
  assert.deepEqual(roles(seen(['openai'])), ['reference', 'reference', 'ask']);
});

test('a key in a column and in a document of the row is said to be one reference', () => {
  const catalog = buildCatalog({
    orgs,
    models: { id: 'uuid!', name: 'text' },
    desks: { id: 'uuid!', org_id: 'uuid! -> orgs.id', model_id: 'uuid -> models.id', params: 'jsonb' },
  });
  const key = '11111111-1111-4111-8111-111111111111';
  const inner = ['/modelId', '/nested/other_model_id'].map((pointer) => ({
    table: 'public.desks',
    column: 'params',
    kind: 'json-value' as const,
    pointer,
    filled: 1,
    distinct: [key],
  }));
  const { config } = proposeFor(catalog, { 'models.name': names, 'models.id': [key] }, { inner });
  assert.deepEqual(
    config.places?.map(({ at, json, copies }) => [at, json, copies]),
    [
      ['desks.model_id', undefined, ['desks.params/modelId']],
      ['desks.params', '/nested/other_model_id', undefined],
    ],
  );
});

test('a member beside its later version is a question', () => {
  const catalog = buildCatalog({ orgs, apps: { id: 'uuid!', org_id: 'uuid! -> orgs.id', doc: 'jsonb' } });
  const inner = ['/main/model', '/main_v2/model', '/maintenance/model'].map((pointer) => ({
    table: 'public.apps',
    column: 'doc',
    kind: 'json-value' as const,
    pointer,
    filled: 1,
    distinct: ['gpt-4o'],
  }));
  const places = proposeFor(catalog, {}, { inner }).config.places ?? [];
  assert.deepEqual(
    new Map(places.map(({ json, role }) => [json, role])),
    new Map([
      ['/main/model', 'ask'],
      ['/main_v2/model', undefined],
      ['/maintenance/model', undefined],
    ] as const),
  );
});

test('a name that says its provider in some rows, with a provider beside it, is asked about, and fits', () => {
  const catalog = buildCatalog({
    orgs,
    flows: { id: 'uuid!', org_id: 'uuid! -> orgs.id', model: 'text', provider: 'text' },
  });
  const seen = { 'flows.model': ['openai/gpt-4o', 'gpt-4o-mini'], 'flows.provider': ['openai', 'azure'] };
  const [place] = proposeFor(catalog, seen).config.places ?? [];
  assert.deepEqual(
    [place?.at, place?.role, place?.partner, place?.also],
    ['flows.model', 'ask', 'provider', undefined],
  );
});

test('a prose column that mentions a model here and there is no place; a short text that does is asked about, as a plan asks', () => {
  const catalog = buildCatalog({ orgs, notes: { id: 'uuid!', org_id: 'uuid! -> orgs.id', body: 'text' } });
  const others = ['Nothing here', 'Nor there', 'Write letters'];
  const roleBeside = (text: string): unknown =>
    roleOf(proposeFor(catalog, { 'notes.body': [text, ...others] }), 'notes.body');
  assert.equal(roleBeside('We like gpt-4o a lot, and nobody here would want another.'), undefined);
  assert.equal(roleBeside('We like gpt-4o a lot.'), 'ask');
});

test('where there is no table, only the database is asked about', () => {
  assert.deepEqual(proposeFor(buildCatalog({}), {}).questions, [
    'Is it the database that you mean, and are these its schemas? There is no table in public.',
  ]);
});

describe('keys that read like models', () => {
  const kept: readonly [what: string, root: string, key: string, values: readonly string[]][] = [
    ['customers called o1 and o3', 'orgs', 'id', ['o1', 'o3']],
    ['people with names of models', 'users', 'username', ['sonar', 'o3', 'gpt-4o']],
    ['workspaces with short slugs', 'workspaces', 'slug', ['o1', 'o3', 'o4']],
    ['studios, which no list of words has', 'studios', 'slug', ['o1', 'o3']],
  ];
  for (const [what, root, key, values] of kept)
    test(`${what} are tenants, and no models`, () => {
      const catalog = buildCatalog({
        [root]: { [key]: 'text!', name: 'text' },
        agents: { id: 'integer!', owner_ref: `text -> ${root}.${key}`, model: 'text' },
        notes: { id: 'integer!', owner_ref: `text -> ${root}.${key}`, body: 'text' },
      });
      const seen = {
        [`${root}.${key}`]: values,
        [`${root}.name`]: ['Acme', 'Globex'],
        'agents.owner_ref': values,
        'agents.model': names,
      };
      const proposal = proposeFor(catalog, seen);
      assert.deepEqual(tablesOf(proposal), []);
      assert.deepEqual([proposal.config.tenant.root, proposal.config.tenant.key], [root, key]);
      assert.deepEqual(
        proposal.config.places?.map(({ at }) => at),
        ['agents.model'],
      );
      assert.ok(!proposal.questions.some((each) => /one tenant only/.test(each)));
    });
});
