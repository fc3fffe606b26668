/** Shadow and bind: roles, grants and policies, which first count and then hide. */
import { displayName } from '../catalogue/catalog.ts';
import { given } from '../given.ts';
import { everybody } from '../isolation/facts.ts';
import type { ConvertedTable, ObjectName } from './conversion.ts';
import { lock, schemaStep, step } from './course.ts';
import type { Course } from './course.ts';
import type { ConversionStep } from './steps.ts';

/** Where the functions that count are. */
export const shadowSchema = 'drover_shadow';

export function roles({ index, tables }: Course): ConversionStep[] {
  const { name, logins = [] } = index.ground.config.tenantize;
  const named = ['owner', 'app', 'fleet', 'operator', 'v1'].map((role) => `${name}_${role}`);
  const v1 = `${name}_v1`;
  const schemas = [...new Set(tables.map(({ v2 }) => v2.schema))].toSorted();
  return [
    schemaStep(index, { phase: 'shadow', schema: shadowSchema, users: [everybody] }),
    step('shadow', '', 'roles', { change: { kind: 'roles', roles: named, v1, logins } }),
    ...schemas.map((schema) =>
      step('shadow', '', `use of schema ${displayName(schema)}`, {
        change: { kind: 'usage', schema, roles: named, owner: `${name}_owner` },
      }),
    ),
  ];
}

export function shadow(course: Course, each: ConvertedTable): ConversionStep[] {
  const { table, v2: at, column } = each;
  const sequences = sequencesOf(course, each);
  const granted = step('shadow', table, 'grants', {
    change: { kind: 'grants', at, grants: each.grants, sequences },
  });
  const v1 = each.policies.at(-1);
  if (column === undefined || v1 === undefined) return [granted];
  const secured = step('shadow', table, 'row-level security, forced, that hides nothing and counts', {
    locks: [lock(table, 'ACCESS EXCLUSIVE')],
    change: { kind: 'shadow', ...bound(course, { at, column }), v1, counter: at.name },
  });
  return [granted, secured];
}

function bound(
  { type, context, zero }: Course,
  { at, column }: { readonly at: ObjectName; readonly column: string },
): { at: ObjectName; column: string; type: string; context: string; zero?: string } {
  return { at, column, type, context, ...given({ zero }) };
}

function sequencesOf({ index }: Course, { table, v2, mode }: ConvertedTable): ObjectName[] {
  return index.ground.facts.relations
    .filter(({ serves }) => serves?.table === table)
    .map(({ schema, name }) => ({ schema: mode === 'shim' ? v2.schema : schema, name }));
}

/** Views of V1 ask as whoever reads them, so that policies see the reader. */
export function views({ index, byTable }: Course): ConversionStep[] {
  return index.ground.facts.relations
    .filter(
      (view) =>
        view.kind === 'view' && !view.invoker && [...index.readBy(view)].some((id) => byTable.has(id)),
    )
    .map(({ id, schema, name }) =>
      step('shadow', id, 'the view asks as whoever reads it', {
        locks: [lock(id, 'ACCESS EXCLUSIVE')],
        change: { kind: 'invoker', view: { schema, name } },
      }),
    );
}

export function bind(course: Course, each: ConvertedTable): ConversionStep[] {
  const { table, v2: at, column, policies } = each;
  if (column === undefined) return [];
  return [
    step('bind', table, 'policies that hide', {
      locks: [lock(table, 'ACCESS EXCLUSIVE')],
      change: {
        kind: 'bind',
        ...bound(course, { at, column }),
        policies: policies.slice(0, -1),
        counter: at.name,
        v1: policies.at(-1)?.role ?? '',
      },
    }),
  ];
}
