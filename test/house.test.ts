/** The rules of the house hold for every source, and each rule notices a violation that is planted. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { errorCodes } from '../src/errors.ts';
import {
  compareErrorCodes,
  filesAreShort,
  importsFollowTheTable,
  namesSayWhatIsInside,
  onlyConfigReadsTheEnvironment,
  onlyPostgresSpeaksSql,
  type Rule,
  type Source,
} from './support/house-rules.ts';

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
      ['src/postgres/execute.ts', "import { app } from '../http/app.ts';"],
      ['src/platform/models.ts', "import pg from 'pg';"],
      ['src/cli/plan.ts', "import { build } from '../../test/support/databases.ts';"],
      ['src/cli/plan.ts', "import { plan } from './commands/plan';"],
      ['src/somewhere/new.ts', 'export const x = 1;'],
    ],
    good: [
      ['src/engine/plan.ts', "import { refs } from './references.ts';"],
      ['src/engine/operations/merge.ts', "import { refs } from '../references.ts';"],
      ['src/postgres/execute.ts', "import pg from 'pg';\nimport type { Plan } from '../engine/plan.ts';"],
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
    ],
    good: [['src/engine/plan/plan-types.ts', '']],
  },
  'files are short': {
    rule: filesAreShort,
    bad: [['src/engine/planner/plan.ts', 'x;\n'.repeat(401)]],
    good: [['src/engine/planner/plan.ts', 'x;\n'.repeat(400)]],
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
      ['src/fleet/run.ts', 'await tx.run('BEGIN');'],
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
