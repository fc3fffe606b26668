/** A wrong configuration is refused whole, with every problem at its line; a right one is what the engine gets. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseSync } from 'oxc-parser';
import { schemaFor } from '../src/cli/database/proposal-text.ts';
import {
  formatConfigProblems,
  loadConfigFile,
  locate,
  locateProblems,
  parseConfig,
} from '../src/config-file.ts';
import type { ConfigFileProblem } from '../src/config-file.ts';
import { loadEnvironment } from '../src/config.ts';
import { nearestName } from '../src/engine/nearest.ts';
import { DroverError } from '../src/errors.ts';
import { schemaKeys, typeKeys } from './support/config-keys.ts';

const minimal = 'version: 1\nmodel: { identity: [provider, name] }\ntenant: { root: tenants }\n';

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof DroverError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.message.split('\n');
  }
  return [];
}

function problemsIn(text: string): string[] {
  return problemsOf(() => parseConfig(text, 'c.yaml'));
}

/** The places of a configuration that is otherwise right; they begin on line 5. */
function withPlaces(places: string): string {
  return `${minimal}places:\n${places}`;
}

describe('a configuration file', () => {
  it('is read as the engine wants it', () => {
    const text = `${minimal}# why\nplaces:\n  - at: '"Order"."modelId"'\n    live: pointed-at-by a.b\n    ask: { via: x, where: y }\n    companions: { effort: drop, mode: { map: { a: b } } }\n    partner: { provider: p }\n`;
    assert.deepEqual(parseConfig(text, 'c.yaml').config, {
      version: 1,
      model: { identity: ['provider', 'name'] },
      tenant: { root: 'tenants' },
      places: [
        {
          at: '"Order"."modelId"',
          live: 'pointed-at-by a.b',
          ask: { via: 'x', where: 'y' },
          companions: { effort: 'drop', mode: { map: { a: 'b' } } },
          partner: { provider: 'p' },
        },
      ],
    });
  });

  it('names every problem at once, in the order of the file, with line and column', () => {
    const text = withPlaces(
      [
        '  - at: a.b',
        '    roles: grant',
        '  - role: histroy',
        '    json: nodes',
        '  - at: 7',
        '    companions:',
        '      effort: delete',
        'dedd: {}',
      ].join('\n'),
    );
    assert.deepEqual(problemsIn(text), [
      'c.yaml:6:5 places[0].roles: unknown key roles; did you mean role?',
      'c.yaml:7:5 places[1]: the key at is missing',
      'c.yaml:7:11 places[1].role: must be one of reference, grant, catalogue, history, dead-copy, data-bound, deny, prose, ignore, ask, not "histroy"; did you mean history?',
      'c.yaml:8:11 places[1].json: must be a JSON pointer with wildcards: empty or beginning with `/`; `*` is one step, `**` any depth, `~json` the document in a string, `~key` at the end the names of members; otherwise `~` only as ~0 ~1 ~2',
      'c.yaml:9:9 places[2].at: must be a text, not a number',
      'c.yaml:11:15 places[2].companions.effort: must be keep, drop, or { map: { old: new } }',
      'c.yaml:12:1 dedd: unknown key dedd; did you mean dead?',
    ]);
  });

  const wrong: Readonly<Record<string, readonly [text: string, ...problems: RegExp[]]>> = {
    'an empty file': ['', /^c\.yaml:1:1 must be a map, not empty$/],
    'a list': ['- a', /^c\.yaml:1:1 must be a map, not a list$/],
    'broken YAML': ['version: 1\nmodel: [', /^c\.yaml:2:\d+ /],
    'a key that occurs twice': [`${minimal}version: 1\n`, /^c\.yaml:4:1 .*unique/],
    'two documents': [`${minimal}---\na: 1\n`, /^c\.yaml:4:1 .*multiple documents/],
    'an anchor that is not there': ['version: *v\n', /^c\.yaml:1:10 .*alias/],
    'a tag nobody knows': [`${minimal}dead: !x {}\n`, /^c\.yaml:4:7 .*tag/],
    'another version': [minimal.replace('1', '2'), /^c\.yaml:1:10 version: must be 1$/],
    'a key without a value': [withPlaces(''), /^c\.yaml:4:1 places: must be a list, not empty$/],
    'an empty text': [withPlaces("  - at: ''"), /^c\.yaml:5:9 places\[0\]\.at: must not be empty$/],
    'components without name': [
      minimal.replace('name', 'type'),
      /^c\.yaml:2:20 model\.identity: must contain name$/,
    ],
    'fields without a pointer': [
      withPlaces('  - { at: a.b, fields: { name: id } }'),
      /^c\.yaml:5:5 places\[0\]: the key json is missing$/,
    ],
    'an unknown key of a condition': [
      withPlaces('  - { at: a.b, live: { via: x, were: y } }'),
      /places\[0\]\.live: the key where is missing/,
      /places\[0\]\.live\.were: unknown key were; did you mean where\?/,
    ],
    'a pointer with a wrong escape': [
      withPlaces('  - { at: a.b, json: /x~3 }'),
      /places\[0\]\.json: must be a JSON pointer/,
    ],
    'a number that is none': [`${minimal}priceLimit: .inf\n`, /^c\.yaml:4:13 priceLimit: must be a number/],
    'a unit that is not whole': [
      `${minimal}database: { lockTimeoutMs: 1.5 }\n`,
      /lockTimeoutMs: must be a whole number, not a number/,
    ],
  };
  for (const [name, [text, ...expected]] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => {
      const problems = problemsIn(text);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const [at, problem] of problems.entries()) assert.match(problem, expected[at] ?? /^$/);
    });
  }

  it('refuses a setting that every transaction pins, in any letters, at its line', () => {
    const settings =
      'database: { session: { settings: {\n  app.tenant: $tenant,\n  TimeZone: Europe/Oslo,\n  datestyle: German } } }';
    const found = problemsIn(`${minimal}${settings}`);
    assert.deepEqual(
      found.map((line) => line.slice(0, line.indexOf(' is pinned'))),
      ['c.yaml:6:3 database.session.settings.TimeZone:', 'c.yaml:7:3 database.session.settings.datestyle:'],
      found.join('\n'),
    );
  });

  it('refuses aliases that multiply', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'
        .split('')
        .map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdef'[at]}`).join(',')}]`),
    ];
    assert.match(problemsIn(bomb.join('\n'))[0] ?? '', /^c\.yaml:1:1 .*alias/i);
  });

  it('that is not there is said to be not there', () => {
    assert.throws(() => loadConfigFile('/nowhere/drover.config.yaml'), {
      code: 'CONFIG_NOT_FOUND',
      message: /nowhere/,
    });
  });

  it('locates problems that only the catalogue shows', () => {
    const opened = parseConfig(withPlaces('  - at: a.b\n    live: x\n  - { at: "c.d" }\n'), 'c.yaml');
    assert.deepEqual(locate(opened, ['places', 1, 'at']), { line: 7, column: 11 });
    assert.deepEqual(locate(opened, ['places', 0, 'live'], 'key'), { line: 6, column: 5 });
    assert.deepEqual(
      locate(opened, ['places', 0, 'copies', 3]),
      { line: 5, column: 5 },
      'the nearest that is there',
    );
    assert.deepEqual(locate(opened, ['places', 9]), { line: 5, column: 3 });
    assert.deepEqual(locate(opened, []), { line: 1, column: 1 });
    const problems: ConfigFileProblem[] = locateProblems(opened, [
      { path: ['places', 1, 'at'], message: 'no column c.d' },
    ]);
    assert.deepEqual(formatConfigProblems(problems), ['c.yaml:7:11 places[1].at: no column c.d']);
  });
});

describe('a mistyped name', () => {
  const names = ['reference', 'grant', 'at', 'DROVER_DATA', 'DROVER_DATABASE'];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['refrense', 'reference'],
    ['Grant', 'grant'],
    ['ta', 'at'],
    ['grxyt', undefined],
    ['nothing', undefined],
    ['DROVER_DATABSE', 'DROVER_DATABASE'],
  ];
  for (const [name, expected] of cases) {
    it(`${name} ${expected === undefined ? 'is near to nothing' : `is near to ${expected}`}`, () => {
      assert.equal(nearestName(name, names), expected);
    });
  }
});

describe('the schema for editors', () => {
  it('is found from a proposed file: in the modules of the project, else where Drover is installed', () => {
    const root = mkdtempSync(join(tmpdir(), 'drover-schema-'));
    const [project, installed] = [join(root, 'project'), join(root, 'project/node_modules/drover/schema')];
    mkdirSync(join(project, 'deploy'), { recursive: true });
    const elsewhere = schemaFor(join(project, 'drover.config.yaml'));
    assert.equal(
      readFileSync(new URL(elsewhere), 'utf8'),
      readFileSync('schema/drover.config.schema.json', 'utf8'),
    );
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'drover.config.schema.json'), '{}');
    for (const [file, schema] of [
      ['drover.config.yaml', 'node_modules/drover/schema/drover.config.schema.json'],
      ['deploy/drover.yaml', '../node_modules/drover/schema/drover.config.schema.json'],
    ] as const)
      assert.equal(schemaFor(join(project, file)), schema);
    rmSync(root, { recursive: true });
  });

  it('has the keys, and demands the keys, that the type has', () => {
    const files = ['place-config.ts', 'config.ts'].map((name) => `src/engine/rules/${name}`);
    const source = files.map((path) => readFileSync(path, 'utf8')).join('\n');
    const schema: unknown = JSON.parse(readFileSync('schema/drover.config.schema.json', 'utf8'));
    const expected = typeKeys(parseSync('config.ts', source).program, 'Config');
    assert.ok(expected.length > 60);
    assert.deepEqual(schemaKeys(schema), expected);
  });
});

describe('the environment', () => {
  it('is read with empty variables as good as none', () => {
    assert.deepEqual(
      loadEnvironment({
        DROVER_DATABASE: 'postgres://me:secret@host/db',
        DROVER_DATA: ' ',
        USER: 'me',
        NO_COLOR: '',
        PGPASSWORD: 's',
        PGHOST: '',
      }),
      {
        databaseUrl: 'postgres://me:secret@host/db',
        configFile: 'drover.config.yaml',
        operator: 'me',
        libpq: new Map([['PGPASSWORD', 's']]),
        color: 'auto',
      },
    );
  });

  it('names the operator and the colours', () => {
    assert.equal(loadEnvironment({ DROVER_OPERATOR: 'ops', USER: 'me' }).operator, 'ops');
    assert.equal(loadEnvironment({ NO_COLOR: '1', FORCE_COLOR: '1' }).color, 'never');
    assert.equal(loadEnvironment({ FORCE_COLOR: '1' }).color, 'always');
  });

  it('lists everything that is wrong at once and shows no value', () => {
    const variables = {
      DROVER_DATABASE: 'mysql://secret',
      DROVER_DATA: 'x',
      DROVER_STATE: 'secret',
      DROVER_CONFG: 'x',
      DROVER_TEST_X: '1',
      DROVER_SOAK: '1',
    };
    const problems = problemsOf(() => loadEnvironment(variables));
    assert.deepEqual(problems, [
      'DROVER_CONFG: unknown variable; did you mean DROVER_CONFIG?',
      'DROVER_DATABASE: not a URL such as postgres://user@host:5432/database',
      'DROVER_STATE: not a URL such as postgres://user@host:5432/database',
      'DROVER_DATABASE, DROVER_DATA: set one of them, a server or a folder',
    ]);
  });
});
