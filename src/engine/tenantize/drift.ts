/**
 * Does the catalogue say what the steps that were taken have made of it? What the plan was made from must still be there, what the steps
 * made must stand, and nothing may have come that the plan does not know: a table without a class would stay open to every tenant.
 */
import { displayName } from '../catalogue/catalog.ts';
import type { ConversionPhase, ConvertedTable, ObjectName } from './conversion.ts';
import { triggerName } from './course.ts';
import { bare, nameOf, ungranted } from './drift-words.ts';
import type { StepChange } from './steps.ts';

/** A relation as far as a conversion rests on it. */
export interface RelationMarks {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'other';
  /** `labels`: of an enum, in their order. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly required: boolean;
    readonly labels: string | null;
  }[];
  readonly triggers: readonly { readonly name: string; readonly calls: string; readonly enabled: string }[];
  readonly constraints: readonly { readonly name: string; readonly validated: boolean; isCheck: boolean }[];
  readonly indexes: readonly { readonly name: string; readonly valid: boolean }[];
  /** `says`: command, roles and conditions, as the server prints them. */
  readonly policies: readonly { readonly name: string; readonly says: string }[];
  /** The query of a view. */
  readonly reads: string | null;
  /** Role and privilege. */
  readonly grants: readonly string[];
  readonly secured: boolean;
  readonly forced: boolean;
}

/** How far a step is. `under_way`: part of it is committed. */
export type StepState = 'planned' | 'under_way' | 'done';

export interface MarkedConversion {
  /** What was there before the first step. */
  readonly catalogue: readonly RelationMarks[];
  readonly tables: readonly ConvertedTable[];
  readonly steps: readonly {
    readonly table: string;
    readonly phase: ConversionPhase;
    readonly state: StepState;
    readonly change: StepChange;
    /** Of one that makes policies: those of the table behind it. */
    readonly policies?: RelationMarks['policies'];
  }[];
}

/** A sentence for each difference; none where the catalogue is what the steps have made of it. */
export function driftOf(conversion: MarkedConversion, now: readonly RelationMarks[]): string[] {
  const found = new Map(now.map((relation) => [nameOf(relation), relation]));
  const known = new Set<string>(made(conversion));
  const drifts: string[] = [];
  for (const before of conversion.catalogue.filter(({ kind }) => kind === 'table')) {
    const course = courseOf(conversion, before);
    const name = nameOf(course.at);
    known.add(name);
    const after = found.get(name);
    if (after?.kind !== 'table') drifts.push(`the table ${name} is gone`);
    else drifts.push(...tableDrift({ before, after, course, names: found }));
  }
  for (const { kind, ...relation } of now)
    if (kind === 'table' && !known.has(nameOf(relation)))
      drifts.push(`the table ${nameOf(relation)} has come, and has no class`);
  return drifts;
}

/** Tables that steps make. */
function made({ steps }: MarkedConversion): string[] {
  return steps.flatMap(({ state, change }) => {
    if (state !== 'done') return [];
    if (change.kind === 'root') return [nameOf(change.at)];
    if (change.kind === 'quarantine') return [nameOf(change.side)];
    return change.kind === 'filled-keys' ? [nameOf(change.kept.side)] : [];
  });
}

interface TableCourse {
  /** Where the table is. */
  readonly at: ObjectName;
  readonly table: ConvertedTable | undefined;
  readonly isMoved: boolean;
  readonly done: readonly StepChange[];
  /** What its policies said when they were made. */
  readonly made: ReadonlyMap<string, string>;
  /** Does what V1 needs go? */
  readonly isContracting: boolean;
  /** Steps of which nothing may be there. */
  readonly planned: readonly StepChange[];
}

function courseOf({ tables, steps }: MarkedConversion, before: RelationMarks): TableCourse {
  const table = tables.find(({ v1 }) => nameOf(v1) === nameOf(before));
  if (table === undefined)
    return {
      at: before,
      table,
      isMoved: false,
      done: [],
      planned: [],
      made: new Map(),
      isContracting: false,
    };
  const own = steps.filter((step) => step.table === table.table);
  const of = (wanted: StepState): StepChange[] =>
    own.filter(({ state }) => state === wanted).map(({ change }) => change);
  const done = of('done');
  const isMoved = done.some(({ kind }) => kind === 'shim');
  const stands = own.filter(({ state }) => state === 'done').toReversed();
  // What was read first stands: a later step would take over what somebody changed.
  const made = new Map(stands.flatMap(({ policies = [] }) => policies).map(({ name, says }) => [name, says]));
  const isContracting = steps.some(({ phase, state }) => phase === 'contract' && state !== 'planned');
  return {
    at: isMoved ? table.v2 : table.v1,
    table,
    isMoved,
    done,
    planned: of('planned'),
    made,
    isContracting,
  };
}

interface TablePair {
  readonly before: RelationMarks;
  readonly after: RelationMarks;
  readonly course: TableCourse;
  readonly names: ReadonlyMap<string, RelationMarks>;
}

function tableDrift(pair: TablePair): string[] {
  return [
    ...columnDrift(pair),
    ...triggerDrift(pair),
    ...keyDrift(pair),
    ...policyDrift(pair),
    ...shimDrift(pair),
    ...grantDrift(pair),
  ];
}

type ColumnMarks = RelationMarks['columns'][number];

function columnDrift({
  before,
  after,
  course: { at, table, isMoved, done, isContracting },
}: TablePair): string[] {
  const renamed = new Map(isMoved ? (table?.renamed ?? []).map(({ from, to }) => [from, to]) : []);
  const wanted = new Map<string, Omit<ColumnMarks, 'name'>>(
    before.columns.map(({ name, ...column }) => [renamed.get(name) ?? name, { ...column }]),
  );
  for (const change of done) {
    if (change.kind === 'owner-column')
      wanted.set(change.column, { type: change.type, required: change.zero !== undefined, labels: null });
    if (change.kind === 'twin') wanted.set(change.twin.v2, { type: 'text', required: false, labels: null });
    if (change.kind === 'drop-twin') wanted.delete(change.twin.kept);
  }
  for (const change of done) {
    const column = change.kind === 'drop-check' ? wanted.get(change.column) : undefined;
    if (column !== undefined) Object.assign(column, { required: true });
  }
  const drifts: string[] = [];
  for (const { name, type, required, labels } of after.columns) {
    const column = wanted.get(name);
    const shown = `${nameOf(at)} has a column ${name}`;
    wanted.delete(name);
    if (column === undefined) drifts.push(`${shown} (${type}) that was not planned for`);
    else if (column.type !== type) drifts.push(`${shown} of the type ${type}, which was ${column.type}`);
    else if (column.labels !== labels)
      drifts.push(`the values of the type ${type} of ${nameOf(at)}.${name} are others than they were`);
    else if (column.required && !required && !isContracting)
      drifts.push(`${nameOf(at)}.${name} is not NOT NULL any more`);
  }
  return [...drifts, ...[...wanted.keys()].map((name) => `${nameOf(at)} has no column ${name} any more`)];
}

function triggerDrift({ before, after, course: { at, table, done } }: TablePair): string[] {
  const own = new Set<string>();
  for (const change of done) {
    if (change.kind === 'owner-trigger') own.add(change.name);
    if (change.kind === 'twin') own.add(change.twin.function);
    if (change.kind === 'drop-twin') own.delete(change.twin.function);
    if (change.kind === 'context-default' && table !== undefined) own.delete(triggerName(table));
  }
  const drifts: string[] = [];
  for (const { name, calls, enabled } of after.triggers) {
    const earlier = before.triggers.find((one) => one.name === name);
    if (own.delete(name)) {
      if (enabled !== 'O') drifts.push(`the trigger ${name} of ${nameOf(at)} does not fire as it did`);
      if (calls !== nameOf({ schema: at.schema, name }))
        drifts.push(`the trigger ${name} of ${nameOf(at)} calls ${calls}`);
      continue;
    }
    if (earlier === undefined) drifts.push(`${nameOf(at)} has a trigger ${name} that was not planned for`);
    else if (earlier.calls !== calls || earlier.enabled !== enabled)
      drifts.push(`the trigger ${name} of ${nameOf(at)} is not as it was`);
  }
  const here = new Set(after.triggers.map(({ name }) => name));
  const gone = [...own, ...before.triggers.map(({ name }) => name).filter((name) => !here.has(name))];
  return [...drifts, ...gone.map((name) => `${nameOf(at)} has no trigger ${name} any more`)];
}

/** Keys and indexes of the plan stand once they were made, and their names are free before. A CHECK may go: contract asks for it. */
function keyDrift({ before, after, course, names }: TablePair): string[] {
  const { at, done, planned, isContracting } = course;
  const drifts: string[] = [];
  const renamed = new Set(done.flatMap((change) => (change.kind === 'primary' ? [change.key.name] : [])));
  const constraint = (name: string): RelationMarks['constraints'][number] | undefined =>
    after.constraints.find((one) => one.name === name);
  for (const { name, validated, isCheck } of isContracting ? [] : before.constraints) {
    if (!isCheck && constraint(name)?.validated !== true && (validated || constraint(name) === undefined))
      drifts.push(`${nameOf(at)} has no constraint ${name} any more, or not validated`);
  }
  for (const change of done) {
    const [kind, name] = objectOf(change);
    if (kind === 'index' && !renamed.has(name)) {
      const index = after.indexes.find((one) => one.name === name);
      if (index?.valid !== true) drifts.push(`the index ${name} of ${nameOf(at)} is gone, or not valid`);
    }
    if (kind === 'key' && constraint(name) === undefined)
      drifts.push(`the foreign key ${name} of ${nameOf(at)} is gone`);
    if (change.kind === 'valid-key' && constraint(change.key.name)?.validated === false)
      drifts.push(`the foreign key ${change.key.name} of ${nameOf(at)} is not validated any more`);
  }
  for (const change of planned) {
    // Whoever is bound by a policy validates what they see, and a key is marked valid whose rows nobody looked at.
    if (change.kind === 'valid-key' && constraint(change.key.name)?.validated === true)
      drifts.push(`the foreign key ${change.key.name} of ${nameOf(at)} was validated by somebody else`);
    const [kind, name] = objectOf(change);
    const taken = [...names.values()].some(
      ({ schema, name: table, indexes }) =>
        schema === at.schema && (table === name || indexes.some((index) => index.name === name)),
    );
    if (kind === 'index' && taken)
      drifts.push(`something in ${displayName(at.schema)} is called ${name}, as an index of the plan`);
    if (kind === 'key' && constraint(name) !== undefined)
      drifts.push(`${nameOf(at)} has a constraint ${name}, as a key of the plan is called`);
  }
  return drifts;
}

function objectOf(change: StepChange): ['index' | 'key' | 'none', string] {
  if (change.kind === 'wide-index') return ['index', change.key.name];
  if (change.kind === 'index') return ['index', change.index.name];
  return change.kind === 'foreign-key' ? ['key', change.key.name] : ['none', ''];
}

function policyDrift({ before, after, course: { at, done, made } }: TablePair): string[] {
  const isSecured = done.some(({ kind }) => kind === 'shadow');
  const wanted = new Set(before.policies.map(({ name }) => name));
  for (const change of done) {
    if (change.kind === 'shadow') wanted.add('drover_shadow').add(change.v1.role);
    if (change.kind === 'bind') {
      wanted.delete('drover_shadow');
      for (const { role } of change.policies) wanted.add(role);
    }
    if (change.kind === 'drop-v1') wanted.delete(change.role);
  }
  const drifts: string[] = [];
  if (after.secured !== (before.secured || isSecured) || after.forced !== (before.forced || isSecured))
    drifts.push(`row-level security of ${nameOf(at)} is not ${isSecured ? 'on and forced' : 'as it was'}`);
  for (const { name, says } of after.policies)
    if (!wanted.delete(name)) drifts.push(`${nameOf(at)} has a policy ${name} that was not planned for`);
    else if (says !== (made.get(name) ?? says))
      drifts.push(`the policy ${name} of ${nameOf(at)} does not say what it said when it was made`);
  return [...drifts, ...[...wanted].map((name) => `${nameOf(at)} has no policy ${name} any more`)];
}

function shimDrift({ course: { at, table, isMoved, done }, names }: TablePair): string[] {
  const view = table?.shim?.view;
  if (view === undefined || !isMoved || done.some(({ kind }) => kind === 'drop-shim')) return [];
  const found = names.get(nameOf(view));
  if (found?.kind !== 'view') return [`the shim ${nameOf(view)} is gone`];
  const columns = (table?.shim?.columns ?? []).map(({ column, as }) =>
    column === as ? column : `${column} AS ${as}`,
  );
  const query = `SELECT ${columns.join(', ')} FROM ${nameOf(at)}`;
  return bare(found.reads ?? '') === bare(query) ? [] : [`the shim ${nameOf(view)} is not as it was made`];
}

/** Somebody may be granted more; what the steps granted must stand. */
function grantDrift({ after, course: { at, table, done, isContracting }, names }: TablePair): string[] {
  if (isContracting) return [];
  return done.flatMap((change) => {
    if (change.kind === 'grants')
      return change.grants.flatMap(({ role, privileges }) => ungranted(at, after.grants, role, privileges));
    const view = change.kind === 'shim' ? names.get(nameOf(change.shim.view)) : undefined;
    if (change.kind !== 'shim' || table === undefined || view === undefined) return [];
    return change.grants
      .filter(
        ({ column, grantee }) => column === undefined && grantee !== change.owner && grantee !== 'public',
      )
      .flatMap(({ grantee, privilege }) => ungranted(change.shim.view, view.grants, grantee, [privilege]));
  });
}
