/** What becomes of the parameters beside a place: for the findings of a plan and for its execution, so that both say the same. */
import { parsePattern, type PatternStep } from '../edit/json-pointer.ts';
import { parseJson } from '../edit/json-text.ts';
import type { ModelFacts } from '../models/model.ts';
import { isParameterName } from '../models/parameter-names.ts';
import {
  type IsParameter,
  type ParameterChange,
  removeParameters,
  translateParameters,
} from '../models/parameters.ts';
import type { Place } from '../rules/place.ts';
import type { Rules } from '../rules/references.ts';
import type { ParameterPolicy } from './intent.ts';
import type { ParameterDocuments, Snapshot } from './snapshot.ts';

/** One document and what takes its place; null is NULL. */
interface ParameterDocument {
  readonly text: string;
  readonly rows: number;
  readonly after: string | null;
  readonly changes: readonly ParameterChange[];
}

/** Undefined where nobody says which parameters the target supports: then all are kept. */
export function parameterChanges(
  snapshot: Pick<Snapshot, 'rules' | 'source' | 'target'>,
  entry: ParameterDocuments,
  policy: ParameterPolicy,
): ParameterDocument[] | undefined {
  const place = snapshot.rules.places.find(({ id }) => id === entry.place);
  if (place === undefined || policy === 'keep') return [];
  if (policy === 'translate' && snapshot.target.parameters === undefined) return undefined;
  const isParameter = parameterTest(snapshot, place, policy === 'reset' ? entry : undefined);
  return entry.documents.flatMap(({ text, rows }) => {
    const result =
      policy === 'reset'
        ? removeParameters(text, isParameter)
        : translateParameters(text, snapshot, isParameter);
    if (!('changes' in result)) return [];
    const after = policy === 'reset' && result.document === '{}' ? place.empty : result.document;
    return [{ text, rows, after, changes: result.changes }];
  });
}

/**
 * Which members are parameters. A translation changes those of which the registry says what a model accepts; a reset also takes what
 * programs usually send. Where the registry knows none of the members of any document, the configuration alone says what the
 * column is, and a reset takes all of them. What leads to a place of its own is never a parameter.
 */
function parameterTest(
  { rules, source, target }: Pick<Snapshot, 'rules' | 'source' | 'target'>,
  place: Place,
  reset?: ParameterDocuments,
): IsParameter {
  if (place.parameterMembers === 'all') return () => true;
  const names = rules.knowledge?.parameterNames;
  const known = new Set([...(names ?? []), ...[source, target].flatMap(supportedNames)]);
  const isKnown = (name: string): boolean =>
    names === undefined || (reset === undefined ? known.has(name) : isParameterName(name, known));
  const isHeld = heldMembers(rules, place);
  const allUnknown =
    reset !== undefined && isHeld === undefined && !reset.documents.some(({ text }) => holds(text, isKnown));
  return (name, node) => (allUnknown || isKnown(name)) && isHeld?.(name, node) !== true;
}

function supportedNames({ parameters = {} }: ModelFacts): string[] {
  return Object.entries(parameters).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
}

function holds(text: string, isKnown: (name: string) => boolean): boolean {
  const root = parseJson(text);
  return 'kind' in root && root.kind === 'object' && [...root.members.keys()].some(isKnown);
}

/** The members of the document that lead to references. Undefined where it holds none. */
function heldMembers({ places }: Rules, { table, parameters }: Place): IsParameter | undefined {
  const inside = places.filter((other) => other.table === table && other.column === parameters);
  if (inside.length === 0) return undefined;
  const firsts = inside.flatMap(firstSteps);
  const names = new Set(firsts.filter((step) => typeof step === 'string'));
  const anywhere = firsts.includes(undefined);
  const namesThemselves = inside.some(({ json }) => json !== undefined && isOfAllNames(json.pointer));
  return (name, { kind }) =>
    namesThemselves || names.has(name) || (anywhere && (kind === 'object' || kind === 'array'));
}

/** Are the names of the document's own members the place? */
function isOfAllNames(pointer: string): boolean {
  const { steps, names } = parsePattern(pointer);
  return names && steps.every((step) => step === 'any');
}

/** The members of the document at which a place begins; undefined for any member. */
function firstSteps({ json }: Place): (string | undefined)[] {
  const { steps } = parsePattern(json?.pointer ?? '');
  const fields = Object.values(json?.fields ?? {});
  const first = steps.findIndex((step) => step !== 'any');
  const named = (step: PatternStep | undefined): (string | undefined)[] =>
    step === undefined ? fields : typeof step === 'object' ? [step.literal] : [undefined];
  return first === 0 || steps.length === 0 ? named(steps[0]) : [undefined, ...named(steps[first])];
}
