/** The rules of the house hold for every source, and each rule notices a violation that is planted. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { errorCodes } from '../src/errors.ts';
import {
  compareErrorCodes,
  cyclesOf,
  filesAreShort,
  filesFormNoCycle,
  foldersAreSmall,
  importsFollowTheTable,
  linesAreShort,
  namesSayWhatIsInside,
  namesAreNoMembers,
  noTenantIsWrittenInOnePlace,
  nothingIsKeptByIdentity,
  onlyConfigReadsTheEnvironment,
  onlyPostgresSpeaksSql,
  type Rule,
  type RuleOfAll,
  type Source,
  statementsHaveAnOrder,
  typesHaveNamesOfTheirOwn,
} from './support/house-rules.ts';
import { isAllowed, mayImport } from './support/import-table.ts';

const sources: Source[] = globSync('src/**/*.ts').map((path) => ({
  path: path.replaceAll('\\', '/'),
  text: readFileSync(path, 'utf8'),
}));

interface Planted {
  readonly rule: Rule;
  readonly bad: readonly (readonly [path: string, text: string])[];
  readonly good: readonly (readonly [path: string, text: string])[];
}

const rules: Readonly<Record<string, Planted>> = {
  'imports follow the table': {
    rule: importsFollowTheTable,
    bad: [
      ['src/engine/plan.ts', "import { readFileSync } from 'node:fs';"],
      ['src/engine/plan.ts', "import { DroverError } from '../errors.ts';"],
      ['src/engine/plan.ts', "import type { Tx } from '../postgres/database.ts';"],
      ['src/engine/plan.ts', "export { x } from '../registry/load.ts';"],
      ['src/engine/plan.ts', "export * from '../registry/load.ts';"],
      ['src/engine/plan.ts', "const x = await import('../registry/load.ts');"],
      ['src/engine/plan.ts', 'const x = await import(name);'],
      ['src/postgres/move/execute.ts', "import { app } from '../../http/server/app.ts';"],
      ['src/postgres/facts/scan.ts', "import type { Move } from '../move/plan.ts';"],
      ['src/postgres/sql/row.ts', "import type { Tx } from '../driver/database.ts';"],
      ['src/postgres/move/operations/merge.ts', "import { applyMoves } from '../move.ts';"],
      ['src/platform/open.ts', "import { reading } from './rows/unit.ts';"],
      ['src/platform/queries/users.ts', "import { asTenant } from '../../postgres/scope/tenant.ts';"],
      ['src/platform/resources/users.ts', "import { reading } from '../rows/unit.ts';"],
      ['src/http/api/access.ts', "import { runs } from '../routes/runs/runs.ts';"],
      ['src/http/routes/runs/runs.ts', "import { createApp } from '../../server/app.ts';"],
      ['src/registry/load/load.ts', "import { routability } from '../verdict/routability.ts';"],
      ['src/cli/terminal/times.ts', "import { usage } from '../../site/where.ts';"],
      ['src/platform/models.ts', "import pg from 'pg';"],
      ['src/cli/plan.ts', "import { build } from '../../test/support/databases.ts';"],
      ['src/cli/main.ts', "import { plan } from './migrations/plan';"],
      ['src/somewhere/new.ts', 'export const x = 1;'],
      ['src/postgres/new.ts', 'export const x = 1;'],
      ['src/postgres/new/new.ts', 'export const x = 1;'],
    ],
    good: [
      ['src/engine/plan.ts', "import { refs } from './references.ts';"],
      ['src/engine/operations/merge.ts', "import { refs } from '../references.ts';"],
      [
        'src/postgres/driver/server.ts',
        "import pg from 'pg';\nimport type { Sql } from '../sql/sql.ts';\nimport './database.ts';",
      ],
      ['src/postgres/undo/edits.ts', "import { writeDocuments } from '../move/operations/rewrite.ts';"],
      ['src/fleet/worker.ts', "import { applyMoves } from '../postgres/move/move.ts';"],
      ['src/platform/queries/users.ts', "import type { Tx } from '../../postgres/driver/database.ts';"],
      ['src/main.ts', "import { run } from './cli/main.ts';"],
      ['src/engine/plan.ts', "// import x from 'node:fs'\nconst text = \"import x from 'node:fs'\";"],
    ],
  },
  'names say what is inside': {
    rule: namesSayWhatIsInside,
    bad: [
      ['src/utils/text.ts', ''],
      ['src/engine/types.ts', ''],
      ['src/http/helpers.ts', ''],
      ['src/platform/services/model.ts', ''],
      ['src/postgres/move/prepared.ts', ''],
      ['src/engine/models/known.ts', ''],
    ],
    good: [
      ['src/engine/plan/plan-types.ts', ''],
      ['src/platform/demo/seed.ts', ''],
      ['src/registry/known/knowledge.ts', ''],
    ],
  },
  'files are short': {
    rule: filesAreShort,
    bad: [['src/engine/planner/plan.ts', 'x;\n'.repeat(301)]],
    good: [['src/engine/planner/plan.ts', 'x;\n'.repeat(300)]],
  },
  'lines are short': {
    rule: linesAreShort,
    bad: [['src/engine/plan/plan.ts', `x;\n${'x'.repeat(141)}\nx;\n`]],
    good: [['src/engine/plan/plan.ts', `${'x'.repeat(140)}\n`]],
  },
  'nothing is kept by the identity of an object': {
    rule: nothingIsKeptByIdentity,
    bad: [
      ['src/fleet/worker.ts', 'const seen = new WeakSet<object>();'],
      ['src/fleet/worker.ts', 'class Seen { readonly #seen = new WeakMap(); }'],
    ],
    good: [['src/fleet/worker.ts', '// new WeakMap()\nconst seen = new Map<string, object>();']],
  },
  'no tenant is turned from one writing into another in one place': {
    rule: noTenantIsWrittenInOnePlace,
    bad: [
      ['src/postgres/move/a.ts', "const tenants = members.map(({ tenant }) => tenant ?? '');"],
      ['src/postgres/undo/a.ts', "if (parent.tenant === '') return work(tx);"],
      ['src/platform/a.ts', "const id = idOf(plan.tenant?.key ?? '', plan.hash);"],
    ],
    good: [
      ['src/engine/tenant.ts', "return tenant ?? '';"],
      ['src/engine/rules/a.ts', "const root = findNamedTable(scope, config.tenant.root ?? '');"],
      ['src/postgres/move/a.ts', 'const tenants = keysOfTenants(members.map(({ tenant }) => tenant));'],
    ],
  },
  'statements have an order': {
    rule: statementsHaveAnOrder,
    bad: [
      ['src/platform/workspaces/unit.ts', 'await Promise.all([lockRegistry(tx), tx.ask(row)]);'],
      ['src/postgres/move/locks.ts', 'await Promise.allSettled(rows.map((row) => tx.run(row)));'],
    ],
    good: [
      ['src/platform/workspaces/unit.ts', 'await tx.together([lockRegistry(schema), row]);'],
      ['src/http/routes/health/checks.ts', 'await Promise.all(asked.map((ask) => ask()));'],
    ],
  },
  'names are no members of plain objects': {
    rule: namesAreNoMembers,
    bad: [
      ['src/engine/plan/a.ts', 'const rule = place.companions[column.name];'],
      ['src/engine/plan/a.ts', 'counts[entity] = 1;'],
      ['src/cli/runs/a.ts', 'const one = mapping[request.tenant];'],
    ],
    good: [
      ['src/engine/plan/a.ts', 'const rule = ownMember(place.companions, column.name);'],
      ['src/engine/plan/a.ts', 'const one = members[at]; const two = facts["context"];'],
    ],
  },
  'only config.ts reads the environment': {
    rule: onlyConfigReadsTheEnvironment,
    bad: [
      ['src/cli/main.ts', 'const url = process.env.URL;'],
      ['src/cli/main.ts', "const url = process['env'].URL;"],
      ['src/cli/main.ts', 'const { env } = process;'],
      ['src/cli/main.ts', "import { env } from 'node:process';"],
    ],
    good: [
      ['src/config.ts', 'export const url = process.env.URL;'],
      ['src/cli/main.ts', '// process.env is read in config.ts\nconst { argv } = process;'],
    ],
  },
  'only postgres and isolation speak SQL': {
    rule: onlyPostgresSpeaksSql,
    bad: [
      ['src/fleet/run.ts', "await tx.many('SELECT id FROM migration.runs');"],
      ['src/fleet/run.ts', "await tx.many('select id from migration.runs');"],
      ['src/fleet/run.ts', 'await tx.run(`UPDATE ${table} SET done = true`);'],
      ['src/fleet/run.ts', "await tx.run('delete from runs');"],
      ['src/fleet/run.ts', "await tx.run('BEGIN');"],
      ['src/fleet/run.ts', "await tx.script('ALTER TABLE runs ADD COLUMN x int');"],
    ],
    good: [
      ['src/platform/queries/runs.ts', "await tx.many('SELECT id FROM migration.runs');"],
      [
        'src/cli/init.ts',
        "const text = 'Select a model from the list, or update the file and set enabled.';",
      ],
      ['src/cli/init.ts', "const text = 'Rolled back; begin again.';"],
    ],
  },
};

interface PlantedTogether {
  readonly rule: RuleOfAll;
  readonly bad: readonly (readonly Source[])[];
  readonly good: readonly (readonly Source[])[];
}

/** Files by what they import, in one folder. */
function importing(files: Readonly<Record<string, string>>): Source[] {
  return Object.entries(files).map(([name, text]) => ({ path: `src/engine/plan/${name}.ts`, text }));
}

function emptyFiles(count: number, folder: string): Source[] {
  return Array.from({ length: count }, (_, at) => ({ path: `${folder}/f${at}.ts`, text: '' }));
}

const rulesOfAll: Readonly<Record<string, PlantedTogether>> = {
  'files form no cycle': {
    rule: filesFormNoCycle,
    bad: [
      importing({ a: "import { b } from './b.ts';", b: "import type { A } from './a.ts';" }),
      importing({ a: "import { b } from './b.ts';", b: "import './c.ts';", c: "export * from './a.ts';" }),
      importing({ a: "const b = await import('./b.ts');", b: "import { type A } from './a.ts';" }),
      importing({ a: "import type { A } from './a.ts';" }),
    ],
    good: [
      importing({ a: "import './b.ts';\nimport './c.ts';", b: "import './c.ts';", c: '' }),
      importing({ a: "import './b.ts';", b: "// import './a.ts';" }),
    ],
  },
  'types have names of their own': {
    rule: typesHaveNamesOfTheirOwn,
    bad: [
      importing({ a: 'export interface Found {}', b: 'type Found = string;' }),
      importing({ a: 'class Kept {}', b: 'export interface Kept {}', c: 'interface Kept {}' }),
    ],
    good: [
      importing({ a: 'export interface Found {}', b: "import type { Found } from './a.ts';" }),
      [
        ...importing({ a: 'interface Plan {}' }),
        { path: 'src/library/shapes.ts', text: 'export interface Plan {}' },
      ],
    ],
  },
  'folders are small': {
    rule: foldersAreSmall,
    bad: [emptyFiles(26, 'src/engine/plan')],
    good: [[...emptyFiles(25, 'src/engine/plan'), ...emptyFiles(25, 'src/engine/plan/rules')]],
  },
};

for (const [name, { rule, bad, good }] of Object.entries(rulesOfAll)) {
  describe(name, () => {
    it('in all sources', () => {
      assert.deepEqual(rule(sources), []);
    });
    it('notices a violation, and only that', () => {
      for (const planted of bad) assert.equal(rule(planted).length, 1, JSON.stringify(planted).slice(0, 200));
      for (const planted of good) assert.deepEqual(rule(planted), []);
    });
  });
}

describe('the table of who may import whom', () => {
  const parts = Object.keys(mayImport);

  it('has no cycle', () => {
    const next = new Map(
      parts.map((from) => [from, parts.filter((to) => to !== from && isAllowed(from, to))]),
    );
    assert.deepEqual(cyclesOf(next), []);
  });

  it('names only what is there', () => {
    const known = new Set(parts.flatMap((part) => [part, part.split('/')[0]]));
    const unknown = Object.values(mayImport).flatMap((others) => others.filter((other) => !known.has(other)));
    assert.deepEqual(unknown, []);
    const empty = parts.filter((part) => !sources.some(({ path }) => `${path}/`.startsWith(`src/${part}/`)));
    assert.deepEqual(empty, []);
  });
});

for (const [name, { rule, bad, good }] of Object.entries(rules)) {
  describe(name, () => {
    it('in every source', () => {
      assert.deepEqual(sources.flatMap(rule), []);
    });
    it('notices a violation, and only that', () => {
      for (const [path, text] of bad)
        assert.equal(rule({ path, text }).length, 1, `${path}: ${text.slice(0, 80)}`);
      for (const [path, text] of good) assert.deepEqual(rule({ path, text }), []);
    });
  });
}

describe('error codes are those of docs/errors.md', () => {
  it('all of them, and no others', () => {
    assert.deepEqual(compareErrorCodes(Object.keys(errorCodes), readFileSync('docs/errors.md', 'utf8')), []);
  });
  it('notices a code without description, the reverse, and one that is there twice', () => {
    assert.equal(compareErrorCodes(['A', 'B'], '## A\n').length, 1);
    assert.equal(compareErrorCodes(['A'], '## A\n\n## B\n').length, 1);
    assert.equal(compareErrorCodes(['A'], '## A\n\n## A\n').length, 1);
  });
});
