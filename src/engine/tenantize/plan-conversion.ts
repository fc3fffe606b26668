/** The plan of a conversion: pure, from what was read to classes, questions, tables and steps. */
import type { ConfigProblem } from '../rules/config.ts';
import { findColumn } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import { classify } from './classify.ts';
import type { Classified, ConversionQuestion, ConvertedTable, Duty, ShortenedName } from './conversion.ts';
import { dutiesOf } from './duties.ts';
import { GroundIndex } from './ground.ts';
import type { ConversionGround } from './ground.ts';
import { layOut } from './lay-out.ts';
import { stepsOf } from './phases.ts';
import { questionsOf } from './questions.ts';
import { Names } from './shorten.ts';
import type { ConversionStep } from './steps.ts';

export interface ConversionPlan {
  /** Of every table of which something is known, ledgers of migration tools included. */
  readonly classes: readonly Classified[];
  /** While there is one, there are no steps. */
  readonly questions: readonly ConversionQuestion[];
  readonly tables: readonly ConvertedTable[];
  readonly steps: readonly ConversionStep[];
  readonly duties: readonly Duty[];
  /** Names that PostgreSQL would cut. */
  readonly shortened: readonly ShortenedName[];
}

/** Classes, questions and, where none is open, tables and steps. */
export function planConversion(ground: ConversionGround): ConversionPlan {
  const index = new GroundIndex(ground);
  const classes = classify(index);
  const questions = questionsOf({ index, classes });
  const names = new Names(takenNames(ground));
  const tables = questions.length === 0 ? layOut({ index, classes, names }) : [];
  return {
    classes: [...classes.classified.values()],
    questions,
    tables,
    steps: questions.length === 0 ? stepsOf(index, tables) : [],
    duties: questions.length === 0 ? dutiesOf(index, tables) : [],
    shortened: names.shortened,
  };
}

/** Names of relations, constraints and functions, which share their places in part. */
function takenNames({ facts, scope }: ConversionGround): string[] {
  return [
    ...facts.relations.map(({ name }) => name),
    ...facts.indexes.map(({ name }) => name),
    ...facts.keys.map(({ name }) => name),
    ...facts.functions.map(({ name }) => name),
    ...scope.catalog.tables.flatMap(({ uniqueIndexes }) => uniqueIndexes.map(({ name }) => name)),
  ];
}

/** What of the block `tenantize:` does not fit the catalogue. */
export function tenantizeProblems({
  scope,
  config,
  facts,
}: Pick<ConversionGround, 'scope' | 'config' | 'facts'>): ConfigProblem[] {
  const { tenantize, tenant } = config;
  const problems: ConfigProblem[] = [];
  const refuse = (path: ConfigProblem['path'], message: string): void => {
    problems.push({ path: ['tenantize', ...path], message });
  };
  const root = findNamedTable(scope, tenant.root ?? '');
  if (tenantize.root === 'make' && root !== undefined)
    refuse(['root'], `make: there is a table ${root.id} already`);
  if (tenantize.root === 'make' && tenantize.zero === undefined)
    refuse(['root'], 'make: say with zero whom the rows that are there belong to');
  if (tenant.schemas !== undefined || tenant.root === undefined || tenant.root === 'none')
    refuse([], 'a conversion needs tenant.root: the table of tenants, which tenantize.root: make makes');
  for (const [name, said] of Object.entries(tenantize.tables ?? {})) {
    const table = findNamedTable(scope, name);
    if (table === undefined) {
      refuse(['tables', name], `no table ${name}`);
      continue;
    }
    if (said.owner === 'zero' && tenantize.zero === undefined)
      refuse(['tables', name, 'owner'], 'zero: tenantize.zero does not say which tenant that is');
    for (const part of ['columns', 'values'] as const)
      for (const column of Object.keys(said[part] ?? {}))
        if (findColumn(table, column) === undefined)
          refuse(['tables', name, part, column], `${name} has no column ${column}`);
    for (const to of Object.values(said.columns ?? {}))
      if (findColumn(table, to) !== undefined)
        refuse(['tables', name, 'columns'], `${name} has a column ${to} already`);
    for (const key of said.global ?? [])
      if (
        !facts.indexes.some(
          (one) => one.table === table.id && one.name === key && (one.unique || one.exclusion),
        )
      )
        refuse(['tables', name, 'global'], `${name} has no unique index ${key}`);
    for (const trigger of Object.keys(said.triggers ?? {}))
      if (!table.triggers.some((one) => one.name === trigger))
        refuse(['tables', name, 'triggers', trigger], `${name} has no trigger ${trigger}`);
  }
  return problems;
}
