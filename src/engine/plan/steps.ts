/**
 * From decided row groups to steps, in the order in which they run: enable, rewrite, merge, repoint, retire. Documents come before
 * merges, because a row that is merged may hold one; merges come before what would collide with the rows that they remove.
 */
import { deadRowsMove, mergingStates, movingStates } from './decide.ts';
import type { Intent } from './intent.ts';
import type { Decided } from './decided.ts';
import { joinSamples } from './decided.ts';
import { compareText } from '../order.ts';
import type {
  EnableStep,
  MergeStep,
  MovedColumns,
  RepointStep,
  RetireStep,
  RewriteStep,
  RowName,
  Step,
} from './plan-types.ts';
import type { Place } from '../rules/place.ts';
import type { Rules } from '../rules/references.ts';
import type { PlaceGroup, Snapshot } from './snapshot.ts';

export interface StepInput {
  readonly snapshot: Snapshot;
  readonly intent: Intent;
  readonly decided: readonly Decided[];
  readonly complete: boolean;
}

/** All steps, numbered from 1. Tables come in the order of their ids, so that two migrations lock in one order. */
export function planSteps(input: StepInput): Step[] {
  const groups = input.snapshot.places.toSorted(
    (a, b) => compareText(a.table, b.table) || compareText(a.column ?? '', b.column ?? ''),
  );
  const steps: Step[] = [
    ...enableSteps(input),
    ...groups.flatMap((group) => rewriteStep(input, group)),
    ...groups.flatMap((group) => mergeSteps(input, group)),
    ...groups.flatMap((group) => repointStep(input, group)),
    ...retireStep(input),
  ];
  return steps.map((step, at) => ({ ...step, id: at + 1 }));
}

interface Tally {
  readonly expected: number;
  readonly dead: number;
  readonly digest: string;
  readonly rows: readonly RowName[];
  readonly places: readonly Place[];
  readonly occurrences: number;
}

/** Counts the rows of a place group that move, or that are merged because of one place. */
function tally(input: StepInput, source: PlaceGroup, mergedBy?: Place): Tally {
  let result: Tally = { expected: 0, dead: 0, digest: '', rows: [], places: [], occurrences: 0 };
  for (const { group, outcomes, source: from } of input.decided) {
    const [merging] = placesWith(outcomes, 'merge');
    const places = mergedBy === undefined ? placesWith(outcomes, 'move') : [mergedBy];
    if (from !== source || places.length === 0 || merging !== mergedBy) continue;
    result = {
      expected: result.expected + group.rows,
      dead: result.dead + (group.dead ? group.rows : 0),
      digest: result.digest === '' ? group.digest : `${result.digest} ${group.digest}`,
      rows: joinSamples(result.rows, group.sample),
      places: [...new Set([...result.places, ...places])],
      occurrences:
        result.occurrences + places.reduce((sum, place) => sum + (group.occurrences[place.id] ?? 0), 0),
    };
  }
  return result;
}

/** In the order of their ids: a row that several places could merge is merged by the first. */
function placesWith(outcomes: Decided['outcomes'], kind: 'move' | 'merge'): Place[] {
  const found = [...outcomes].filter(([, outcome]) => outcome.kind === kind).map(([place]) => place);
  return found.toSorted((a, b) => compareText(a.id, b.id));
}

function base(input: StepInput, source: PlaceGroup, counted: Tally) {
  const { expected, dead, digest, rows } = counted;
  return {
    id: 0,
    table: source.table,
    entity: counted.places[0]?.entity ?? '',
    expected,
    dead,
    digest,
    rows,
    includeDead: deadRowsMove(input.snapshot),
  };
}

function mergeSteps(input: StepInput, source: PlaceGroup): MergeStep[] {
  const merging = input.decided
    .filter((decided) => decided.source === source)
    .flatMap(({ outcomes }) => placesWith(outcomes, 'merge').slice(0, 1));
  return [...new Set(merging)]
    .toSorted((a, b) => compareText(a.id, b.id))
    .map((place) => ({
      ...base(input, source, tally(input, source, place)),
      operation: 'merge',
      move: { ...movedColumns(input, source, place), states: mergingStates(input.intent, place) },
    }));
}

function repointStep(input: StepInput, source: PlaceGroup): RepointStep[] {
  const counted = source.carrier === 'columns' ? tally(input, source) : undefined;
  if (counted === undefined || counted.expected === 0) return [];
  const places = counted.places.toSorted((a, b) => compareText(a.id, b.id));
  return [
    {
      ...base(input, source, counted),
      operation: 'repoint',
      moves: places.map((place) => movedColumns(input, source, place)),
    },
  ];
}

function movedColumns(input: StepInput, source: PlaceGroup, place: Place): MovedColumns {
  const companions = Object.entries(place.companions).flatMap(([column, rule]) =>
    rule === 'keep' ? [] : [{ column, rule: rule === 'drop' ? ('drop' as const) : rule.map }],
  );
  const { parameters } = input.intent;
  return {
    place: place.id,
    columns: place.columns.map((part) => part.column),
    mappings: source.mappings[place.id] ?? [],
    states: movingStates(input.intent, place),
    companions,
    ...(place.parameters === undefined || parameters === 'keep'
      ? {}
      : { parameters: { column: place.parameters, policy: parameters } }),
  };
}

const rewriteOperation = { json: 'rewrite-json', comma: 'rewrite-text', array: 'rewrite-array' } as const;

function rewriteStep(input: StepInput, source: PlaceGroup): RewriteStep[] {
  if (source.carrier === 'columns' || source.column === undefined) return [];
  const counted = tally(input, source);
  if (counted.expected === 0) return [];
  const rules = Object.fromEntries(
    counted.places.map((place) => [
      place.id,
      { mappings: source.mappings[place.id] ?? [], states: movingStates(input.intent, place) },
    ]),
  );
  return [
    {
      ...base(input, source, counted),
      operation: rewriteOperation[source.carrier],
      column: source.column,
      places: counted.places.map((place) => place.id),
      rules,
      occurrences: counted.occurrences,
    },
  ];
}

/** Only where the grants themselves do not move: otherwise each link to the source becomes a link to the target. */
function enableSteps(input: StepInput): EnableStep[] {
  const byGrant = new Map<string, { via: string; scopes: Set<string> }>();
  for (const need of input.snapshot.grants) {
    const entry = byGrant.get(need.grant) ?? { via: need.via, scopes: new Set<string>() };
    for (const scope of need.scopes) entry.scopes.add(scope);
    byGrant.set(need.grant, entry);
  }
  return [...byGrant]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([grant, need]) => enableStep(input, grant, need));
}

function enableStep(
  input: StepInput,
  grant: string,
  need: { via: string; scopes: ReadonlySet<string> },
): EnableStep[] {
  const place = input.snapshot.rules.places.find((candidate) => candidate.id === grant);
  const source = input.snapshot.places.find((group) => group.places.includes(grant));
  if (place === undefined || source === undefined || need.scopes.size === 0 || willMove(input, place))
    return [];
  const scopes = [...need.scopes].toSorted(compareText);
  const counted: Tally = {
    expected: scopes.length,
    dead: 0,
    digest: '',
    rows: [],
    places: [place],
    occurrences: 0,
  };
  return [
    {
      ...base(input, source, counted),
      operation: 'enable',
      grant: movedColumns(input, source, place),
      via: need.via,
      scopes,
    },
  ];
}

function willMove(input: StepInput, place: Place): boolean {
  return input.intent.entityTypes === undefined || input.intent.entityTypes.includes(place.entity);
}

function retireStep({ snapshot, complete }: StepInput): RetireStep[] {
  const model = modelTableOf(snapshot.rules, snapshot.source.kind);
  const set = model?.config.retire;
  if (
    !complete ||
    snapshot.source.marked === true ||
    isShared(snapshot) ||
    model === undefined ||
    set === undefined ||
    snapshot.source.key === undefined
  )
    return [];
  const name = snapshot.source.components['name'];
  return [
    {
      id: 0,
      operation: 'retire',
      table: model.table.id,
      entity: 'models',
      expected: 1,
      dead: 0,
      digest: '',
      includeDead: true,
      set,
      rows: [{ key: snapshot.source.key, ...(name === undefined ? {} : { name }) }],
    },
  ];
}

/** A model that all tenants may use is not retired because one of them has left it. */
function isShared({ tenant, source }: Snapshot): boolean {
  return tenant !== null && source.tenant === null;
}

/** The table that holds models of a kind. Undefined where none does. */
export function modelTableOf(rules: Rules, kind: string) {
  return rules.modelTables.find((model) => model.kind === kind);
}
