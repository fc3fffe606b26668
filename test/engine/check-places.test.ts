/**
 * A place that would be accepted and then be without effect, or fail in the middle of a move, is refused: at its own line, with what is
 * wrong and what to write instead. What the message says to write is accepted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import type { Config, ModelTableConfig } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { buildCatalog } from './build-catalog.ts';

const tables = buildCatalog(
  {
    orgs: { id: 'uuid!', name: 'text' },
    vendors: { id: 'uuid!', title: 'text' },
    models: { id: 'uuid!', org_id: 'uuid -> orgs.id', name: 'text', vendor_id: 'uuid -> vendors.id' },
    voices: { id: 'uuid!', org_id: 'uuid -> orgs.id', name: 'text' },
    rooms: { id: 'uuid!', org_id: 'uuid! -> orgs.id' },
    room_models: { room_id: 'uuid! -> rooms.id', model_id: 'uuid! -> models.id' },
    room_voices: { room_id: 'uuid! -> rooms.id', voice_id: 'uuid! -> voices.id' },
    bots: {
      id: 'uuid!',
      org_id: 'uuid! -> orgs.id',
      room_id: 'uuid -> rooms.id',
      model: 'text',
      engine: 'text',
      connection: 'text',
      voice_id: 'uuid -> voices.id',
      settings: 'jsonb',
      names: 'text[]',
      shown: 'text',
      on_day: 'date',
    },
  },
  {
    room_models: { primaryKey: ['room_id', 'model_id'] },
    room_voices: { primaryKey: ['room_id', 'voice_id'] },
  },
);

/** `bots.shown` is computed. */
const catalog: Catalog = {
  tables: tables.tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) => ({ ...column, generated: column.name === 'shown' })),
  })),
};

function problemsOf(places: readonly string[], model: Partial<ModelTableConfig> = {}) {
  const config: Config = {
    version: 1,
    model: {
      tables: [
        { table: 'models', columns: { name: 'name' }, ...model },
        { table: 'voices', kind: 'transcription', columns: { name: 'name' } },
      ],
    },
    tenant: { root: 'orgs', key: 'id', display: 'name', column: 'org_id' },
    places: places.map((place) => parse(`{ ${place} }`) as PlaceConfig),
  };
  const { problems } = resolveRules(catalog, config);
  return problems.map(({ path, message }) => ({
    at: path[1],
    said: `${path.slice(2).join('.')}: ${message}`,
  }));
}

interface Case {
  readonly about: string;
  readonly places: readonly string[];
  /** What is said of the last place. */
  readonly says: RegExp;
  /** What the message says to write. */
  readonly instead: readonly string[];
}

const grants = [
  'at: room_models.model_id, role: grant',
  'at: room_voices.voice_id, kind: transcription, role: grant',
];

const cases: readonly Case[] = [
  {
    about: 'a partner that the models do not have',
    places: ['at: bots.model, partner: connection'],
    says: /partner: the models have no component provider, only name: .*leave partner out/,
    instead: ['at: bots.model'],
  },
  {
    about: 'a member that the models do not have',
    places: ['at: bots.settings, json: "", fields: { name: a, family: b }'],
    says: /fields: the models have no component family, only name/,
    instead: ['at: bots.settings, json: "", fields: { name: a }'],
  },
  {
    about: 'a template over what the models do not have',
    places: ['at: bots.model, as: "{provider}/{name}"'],
    says: /as: the models have no component provider, only name: .*write \{name\}/,
    instead: ['at: bots.model, as: "{name}"'],
  },
  {
    about: 'a template without a component',
    places: ['at: bots.model, as: name'],
    says: /as: "name" names no component: write key, or a template such as "\{name\}"/,
    instead: ['at: bots.model, as: "{name}"'],
  },
  {
    about: 'the name of the models themselves',
    places: ['at: models.name'],
    says: /at: models\.name says which model a row of models is, and names no other: take this place out/,
    instead: [],
  },
  {
    about: 'the key of the models themselves',
    places: ['at: models.id, role: history'],
    says: /at: models\.id says which model a row of models is/,
    instead: [],
  },
  {
    about: 'a column that the database computes',
    places: ['at: bots.shown'],
    says: /at: the database computes bots\.shown, and nobody can write it: take this place out/,
    instead: [],
  },
  {
    about: 'a companion that the database computes',
    places: ['at: bots.model, companions: { shown: drop }'],
    says: /companions\.shown: the database computes bots\.shown.*leave it out/,
    instead: ['at: bots.model'],
  },
  {
    about: 'a document without a pointer',
    places: ['at: bots.settings'],
    says: /bots\.settings is of type jsonb: say with "json" where .*json: \/model, or json: ""/,
    instead: ['at: bots.settings, json: ""'],
  },
  {
    about: 'a document that is history as a whole and has a reference in it',
    places: ['at: bots.settings, json: /a', 'at: bots.settings, role: history'],
    says: /places\[0\] is within the same document: say with "json" which part of bots\.settings is history/,
    instead: ['at: bots.settings, json: /a', 'at: bots.settings, role: history, json: /b'],
  },
  {
    about: 'a list in a column that holds none',
    places: ['at: bots.model, shape: list'],
    says: /bots\.model is of type text: a list place cannot live there; a comma list is shape: comma/,
    instead: ['at: bots.model, shape: comma'],
  },
  {
    about: 'a column beside a list',
    places: [
      'at: bots.names, enables: { grant: room_models.model_id, via: room_id }',
      grants[0] ?? '',
    ].toReversed(),
    says: /enables: enables is for a column that holds one model, and bots\.names holds more: leave it out/,
    instead: ['at: bots.names', grants[0] ?? ''],
  },
  {
    about: 'an element of a document at a number beside a grant',
    places: [
      grants[0] ?? '',
      'at: bots.settings, json: /models/0, as: key, enables: { grant: room_models.model_id, via: room_id }',
    ],
    says: /enables: enables is for a column that holds one model, and bots\.settings holds more: leave it out/,
    instead: [
      grants[0] ?? '',
      'at: bots.settings, json: /models/*, as: key, enables: { grant: room_models.model_id, via: room_id -> room_id }',
    ],
  },
  {
    about: 'a grant that holds a list',
    places: ['at: bots.names, role: grant', 'at: bots.model, enables: { grant: bots.names, via: room_id }'],
    says: /bots\.names holds several models in one value, and no row of it grants one: leave "enables" out/,
    instead: ['at: bots.model', 'at: bots.names, role: grant'],
  },
  {
    about: 'a name where only keys can stand',
    places: ['at: bots.room_id, as: "{name}"'],
    says: /as: bots\.room_id is of type uuid, and holds no names: write as: key/,
    instead: ['at: bots.room_id, as: key'],
  },
  {
    about: 'a column that holds no model',
    places: ['at: bots.on_day'],
    says: /at: bots\.on_day is of type date, and holds no model: take this place out/,
    instead: [],
  },
  {
    about: 'a grant of another kind',
    places: [
      ...grants,
      'at: bots.voice_id, kind: transcription, enables: { grant: room_models.model_id, via: room_id }',
    ],
    says: /grant: room_models\.model_id grants models of kind completion, and bots\.voice_id names those of kind transcription: write grant: room_voices\.voice_id/,
    instead: [
      ...grants,
      'at: bots.voice_id, kind: transcription, enables: { grant: room_voices.voice_id, via: room_id }',
    ],
  },
  {
    about: 'a kind that the foreign key does not lead to',
    places: ['at: bots.voice_id, kind: completion'],
    says: /kind: the foreign key of bots\.voice_id leads to voices, which holds transcription and not completion: write kind: transcription/,
    instead: ['at: bots.voice_id, kind: transcription'],
  },
  {
    about: 'a kind that nobody has',
    places: ['at: bots.model, kind: transcripts'],
    says: /kind: no table of models holds transcripts; there are completion, transcription/,
    instead: ['at: bots.model, kind: transcription'],
  },
  {
    about: 'the same place twice',
    places: ['at: bots.model', 'at: public.bots.model'],
    says: /at: bots\.model is listed already as places\[0\]: take one of them out/,
    instead: ['at: bots.model'],
  },
];

describe('a place is refused, and what the message says to write is accepted', () => {
  for (const { about, places, says, instead } of cases)
    it(about, () => {
      const problems = problemsOf(places);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.equal(problems[0]?.at, places.length - 1);
      assert.match(problems[0]?.said ?? '', says);
      assert.deepEqual(problemsOf(instead), []);
    });
});

describe('the table of providers', () => {
  const columns = { name: 'name', provider: 'vendor_id' };
  const said = (providers: NonNullable<ModelTableConfig['providers']>, given = columns): string[] =>
    problemsOf([], { columns: given, providers }).map((problem) => problem.said);

  it('is named by its own columns', () => {
    const [wrong] = said({ table: 'vendors', column: 'vendor_id', name: 'title' });
    assert.match(wrong ?? '', /providers\.column: vendors has no column vendor_id: .*write column: id$/);
    assert.deepEqual(said({ table: 'vendors', column: 'id', name: 'title' }), []);
  });

  it('is there', () => {
    assert.deepEqual(said({ table: 'makers', column: 'id', name: 'title' }), [
      '0.providers.table: no table makers',
    ]);
  });

  it('is led to by a column of the models', () => {
    const [wrong] = problemsOf([], { providers: { table: 'vendors', column: 'id', name: 'title' } });
    assert.match(
      wrong?.said ?? '',
      /providers: nothing says which provider a model has: add to columns a "provider"/,
    );
  });
});

describe('several places at one column and pointer', () => {
  const ids = (places: readonly PlaceConfig[]): string[] => {
    const config: Config = { version: 1, model: { identity: ['name'] }, tenant: { root: 'none' }, places };
    const { rules, problems } = resolveRules(catalog, config);
    assert.deepEqual(problems, []);
    return rules.places.map(({ id }) => id);
  };
  const at = 'bots.settings';

  it('have ids of their own where their conditions differ', () => {
    const places: PlaceConfig[] = [
      { at, json: '', shape: 'list', live: "engine = 'a'" },
      { at, json: '', live: "engine = 'b'" },
      { at, json: '/a' },
      { at, json: '', live: "engine = 'c'" },
    ];
    assert.deepEqual(ids(places), [at, `${at}#2`, `${at}/a`, `${at}#3`]);
  });

  it('never take the id of another place', () => {
    const places: PlaceConfig[] = [
      { at, json: '/a', live: "engine = 'a'" },
      { at, json: '/a#2' },
      { at, json: '/a', live: "engine = 'b'" },
    ];
    assert.deepEqual(ids(places), [`${at}/a`, `${at}/a#2`, `${at}/a#3`]);
  });
});
