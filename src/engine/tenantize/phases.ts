/** Which steps each table takes, phase by phase; parents before children within each. */
import { given } from '../given.ts';
import type { ConvertedTable, StepLock } from './conversion.ts';
import { contract } from './contract-phase.ts';
import { lock, ownerSources, schemaStep, step, triggerName } from './course.ts';
import type { Course } from './course.ts';
import { fill, fillSchema } from './fill-phase.ts';
import { contextOf } from './ground.ts';
import type { GroundIndex } from './ground.ts';
import { bind, roles, shadow, views } from './secure-phases.ts';
import { fitted } from './shorten.ts';
import type { ConversionStep, StepChange } from './steps.ts';

/** All steps, in their order. */
export function stepsOf(index: GroundIndex, tables: readonly ConvertedTable[]): ConversionStep[] {
  const { tenantize, tenant } = index.ground.config;
  const root = index.root();
  const key = root?.columns.find(({ name }) => name === (tenant.key ?? root.primaryKey[0]));
  const course: Course = {
    index,
    tables,
    byTable: new Map(tables.map((each) => [each.table, each])),
    type: key?.type ?? 'uuid',
    context: contextOf(tenantize),
    zero: tenantize.zero,
  };
  return [
    ...beforeAll(course),
    ...tables.flatMap((each) => expand(course, each)),
    ...fillSchema(
      index,
      tables.flatMap((each) => fill(course, each)),
    ),
    ...tables.flatMap((each) => validate(course, each)),
    ...tables.flatMap((each) => validateKeys(each)),
    ...roles(course),
    ...tables.flatMap((each) => shadow(course, each)),
    ...views(course),
    ...tables.flatMap((each) => bind(course, each)),
    ...contract(course),
  ];
}

function beforeAll({ index, tables, zero }: Course): ConversionStep[] {
  const { tenant, tenantize } = index.ground.config;
  const isMade = tenantize.root === 'make';
  const at = index.rootInV2();
  const moved = tables.filter(({ mode }) => mode === 'shim').map(({ v2 }) => v2.schema);
  const schemas = [...new Set([...moved, ...(isMade ? [at.schema] : [])])];
  const users = new Set(
    tables.flatMap(({ table }) => (index.relations.get(table)?.grants ?? []).map(({ grantee }) => grantee)),
  );
  const made = schemas.map((schema) =>
    schemaStep(index, { phase: 'expand', schema, users: [...users].toSorted() }),
  );
  if (!isMade) return made;
  const root = step('expand', '', `table of tenants ${at.schema}.${at.name}`, {
    change: {
      kind: 'root',
      at,
      key: tenant.key ?? 'id',
      display: tenant.display ?? 'name',
      ...given({ zero }),
    },
  });
  return [...made, root];
}

function expand(course: Course, each: ConvertedTable): ConversionStep[] {
  const { index, type, context, zero } = course;
  const { table, column, v2: at } = each;
  const steps: ConversionStep[] = [];
  const add = (what: string, locks: readonly StepLock[], change: StepChange): void => {
    steps.push(step('expand', table, what, { locks, change }));
  };
  const exclusive = [lock(table, 'ACCESS EXCLUSIVE')];
  if (each.shim !== undefined)
    add('move the table, and keep its name as a view', exclusive, {
      kind: 'shim',
      v1: each.v1,
      v2: at,
      shim: each.shim,
      renamed: each.renamed,
      owner: each.ownerRole,
      grants: index.relations.get(table)?.grants ?? [],
    });
  for (const twin of each.twins)
    add(`twin ${twin.v2} of ${twin.v1}`, exclusive, {
      kind: 'twin',
      at,
      twin,
    });
  if (each.class !== 'tenant' || column === undefined) return steps;
  const isZero = each.owner?.kind === 'zero';
  if (!each.hasColumn)
    add(`tenant column ${column}`, exclusive, {
      kind: 'owner-column',
      at,
      column,
      type,
      context,
      ...given({ zero: isZero ? zero : undefined }),
    });
  const sources = ownerSources(course, each);
  if (each.owner?.kind === 'path')
    add('owner trigger', [lock(table, 'SHARE ROW EXCLUSIVE')], {
      kind: 'owner-trigger',
      at,
      column,
      type,
      context,
      name: triggerName(each),
      keys: [...new Set([...sources.flatMap(({ from }) => from), column])],
      sources,
      ...given({ otherwise: index.givenTo(table) }),
    });
  for (const key of each.foreignKeys.filter(({ instead }) => instead === undefined))
    add(`foreign key ${key.name}, not validated`, keyLocks(each, key.parent), {
      kind: 'foreign-key',
      at,
      key,
    });
  return steps;
}

function keyLocks({ table }: ConvertedTable, parent: string | undefined): StepLock[] {
  const mode = 'SHARE ROW EXCLUSIVE';
  return parent === undefined || parent === table
    ? [lock(table, mode)]
    : [lock(table, mode), lock(parent, mode)];
}

function validate(course: Course, each: ConvertedTable): ConversionStep[] {
  const { index, type } = course;
  const { table, v2: at, column } = each;
  const steps: ConversionStep[] = [];
  const add = (what: string, locks: readonly StepLock[], change: StepChange, alone?: true): void => {
    steps.push(step('validate', table, what, { locks, change, ...given({ alone }) }));
  };
  const exclusive = [lock(table, 'ACCESS EXCLUSIVE')];
  const scanning = [lock(table, 'SHARE UPDATE EXCLUSIVE', true)];
  const sources = ownerSources(course, each);
  if (sources.length > 0 && column !== undefined)
    add('gate: no row without owner, none that differs from its parent', [], {
      kind: 'owner-gate',
      at,
      column,
      type,
      sources,
    });
  for (const twin of each.twins) {
    add(`gate: ${twin.v1} and ${twin.v2} say the same`, [], { kind: 'twin-gate', at, twin });
    add(`set of values of ${twin.v2}`, exclusive, { kind: 'value-check', at, twin });
    add(`validate ${twin.check}`, scanning, { kind: 'valid-check', at, check: twin.check });
  }
  const required = [
    ...(needsNotNull(index, each) && column !== undefined ? [column] : []),
    ...each.twins.filter(({ notNull }) => notNull).map(({ v2 }) => v2),
  ];
  for (const name of required) {
    const check = fitted(`${at.name}_${name}_given`);
    add(`${name} must be given, not validated`, exclusive, { kind: 'not-null', at, column: name, check });
    add(`validate ${check}`, scanning, { kind: 'valid-check', at, check });
    add(`${name} NOT NULL`, exclusive, { kind: 'drop-check', at, column: name, check });
  }
  for (const key of each.keys) {
    add(`unique index ${key.name}`, scanning, { kind: 'wide-index', at, key }, true);
    if (key.constraint) add(`constraint ${key.name}`, exclusive, { kind: 'wide-constraint', at, key });
  }
  for (const planned of each.indexes)
    add(`index ${planned.name}`, scanning, { kind: 'index', at, index: planned }, true);
  return steps;
}

function needsNotNull(
  index: GroundIndex,
  { table, owner, column, hasColumn, class: kind }: ConvertedTable,
): boolean {
  if (kind !== 'tenant') return false;
  if (owner?.kind === 'path') return true;
  const there = index.tables.get(table)?.columns.find(({ name }) => name === column);
  return hasColumn && there?.notNull === false;
}

/** Foreign keys come when all tables have the unique keys that they lead to. */
function validateKeys(each: ConvertedTable): ConversionStep[] {
  const { table, v2: at } = each;
  return each.foreignKeys.flatMap((key) => {
    const made = step('validate', table, `foreign key ${key.name}, not validated`, {
      locks: keyLocks(each, key.parent),
      change: { kind: 'foreign-key', at, key },
    });
    const parents =
      key.parent === undefined || key.parent === table ? [] : [lock(key.parent, 'ROW SHARE', true)];
    const valid = step('validate', table, `validate ${key.name}`, {
      locks: [lock(table, 'SHARE UPDATE EXCLUSIVE', true), ...parents],
      change: { kind: 'valid-key', at, key },
    });
    return key.instead === undefined ? [valid] : [made, valid];
  });
}
