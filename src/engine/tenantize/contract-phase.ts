/** The last phase: what V1 needed goes. It cannot be taken back. */
import type { ConvertedTable } from './conversion.ts';
import { lock, step } from './course.ts';
import type { Course } from './course.ts';
import { shadowSchema } from './secure-phases.ts';
import type { ConversionStep, StepChange } from './steps.ts';

/** All steps of contract. Keys go only when no key of V1 leads to them any more. */
export function contract(course: Course): ConversionStep[] {
  const { index, tables } = course;
  const { name } = index.ground.config.tenantize;
  return [
    ...tables.flatMap((each) => dropShim(each)),
    ...tables.flatMap((each) => dropForeignKeys(each)),
    ...tables.flatMap((each) => narrowKeys(each)),
    ...tables.flatMap((each) => columns(course, each)),
    ...droppedTypes(course),
    ...tables.flatMap((each) => owners(each, name)),
    step('contract', '', `schema ${shadowSchema} goes`, {
      change: { kind: 'drop-schema', schema: shadowSchema },
    }),
    step('contract', '', `role ${name}_v1`, { change: { kind: 'drop-role', role: `${name}_v1` } }),
  ];
}

function contractStep({ table }: ConvertedTable, what: string, change: StepChange): ConversionStep {
  return step('contract', table, what, { locks: [lock(table, 'ACCESS EXCLUSIVE')], change });
}

function dropShim(each: ConvertedTable): ConversionStep[] {
  const { shim } = each;
  return shim === undefined ? [] : [contractStep(each, 'the shim goes', { kind: 'drop-shim', shim })];
}

function dropForeignKeys(each: ConvertedTable): ConversionStep[] {
  return each.foreignKeys.flatMap(({ instead, parent }) => {
    if (instead === undefined) return [];
    const locks = [each.table, ...(parent === undefined || parent === each.table ? [] : [parent])];
    return [
      step('contract', each.table, `foreign key ${instead} goes`, {
        locks: locks.map((table) => lock(table, 'ACCESS EXCLUSIVE')),
        change: { kind: 'drop-foreign-key', at: each.v2, name: instead },
      }),
    ];
  });
}

function narrowKeys(each: ConvertedTable): ConversionStep[] {
  const { v2: at, keys } = each;
  return each.narrow
    .filter(({ becomes }) => becomes === 'wide')
    .flatMap(({ name, primary, constraint }) => {
      const key = keys.find(({ instead }) => instead === name);
      if (primary && key !== undefined)
        return [
          contractStep(each, `primary key ${name} led by the tenant`, {
            kind: 'primary',
            at,
            old: name,
            key,
          }),
        ];
      return [contractStep(each, `narrow key ${name} goes`, { kind: 'drop-narrow', at, name, constraint })];
    });
}

function columns({ type, context }: Course, each: ConvertedTable): ConversionStep[] {
  const { v2: at, column, twins, owner } = each;
  const steps = twins.map((twin) =>
    contractStep(each, `column ${twin.kept} goes`, { kind: 'drop-twin', at, twin }),
  );
  if (each.class !== 'tenant' || column === undefined || each.hasColumn) return steps;
  const change: StepChange = {
    kind: 'context-default',
    at,
    column,
    type,
    context,
    trigger: owner?.kind === 'path',
  };
  return [...steps, contractStep(each, 'the tenant comes from the context alone', change)];
}

/** Enum types that only columns with a twin have. */
function droppedTypes({ index, tables }: Course): ConversionStep[] {
  const kept = new Set(tables.flatMap(({ table, twins }) => twins.map(({ v1 }) => `${table} ${v1}`)));
  const all = index.ground.scope.catalog.tables.flatMap((table) =>
    table.columns
      .filter(({ labels }) => labels !== undefined)
      .map(({ name, type }) => ({ type, goes: kept.has(`${table.id} ${name}`) })),
  );
  return [...Map.groupBy(all, ({ type }) => type)]
    .filter(([, columns]) => columns.every(({ goes }) => goes))
    .map(([type]) => step('contract', '', `type ${type} goes`, { change: { kind: 'drop-type', type } }));
}

function owners(each: ConvertedTable, name: string): ConversionStep[] {
  const { v2: at, policies } = each;
  const v1 = contractStep(each, 'the policy of V1 goes', { kind: 'drop-v1', at, role: `${name}_v1` });
  const own = contractStep(each, `${name}_owner owns it`, { kind: 'own', at, role: `${name}_owner` });
  return policies.length === 0 ? [own] : [v1, own];
}
