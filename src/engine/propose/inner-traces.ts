/** Models named within lists and documents: where, and how a place of the configuration leads there. */
import type { OwnColumn } from './links.ts';
import { given } from '../given.ts';
import type { PlaceConfig } from '../rules/place-config.ts';
import { innerOf, type InnerValues } from './observation.ts';
import type { PlaceInput, Trace } from './trace.ts';
import { type KnownNames, type ColumnWriting, writingOf } from './templates.ts';
import { serverDoubt } from './through.ts';
import { coincidence, isAsked, isComparable, namelessDoubt, prose, withinText } from './text-traces.ts';
import { holdsProse, namesModel, namesProvider, snake } from '../catalogue/wording.ts';

/** One for each place within a column. */
export function documentTraces(input: PlaceInput, known: KnownNames, spot: OwnColumn): Trace[] {
  const inner = innerOf(input.seen, spot.table.id, spot.column.name);
  const traces = mergePatterns(inner).flatMap((entry) =>
    innerTraces(input, known, { ...spot, entry, all: inner }),
  );
  return traces.map((trace) => ({ ...twiceStored(trace, traces), ...trace }));
}

/** A handle beside a name and its provider is the same reference once more: one may not move without the other. */
function twiceStored(trace: Trace, all: readonly Trace[]): { doubt?: string } {
  const object = (each: Trace): string =>
    each.how.fields === undefined ? (each.how.json ?? '').replace(/\/[^/]*$/, '') : (each.how.json ?? '');
  const isHandle = trace.how.as?.includes('/') === true || trace.how.as === '{spelling}';
  const twin = all.find(
    (each) => each !== trace && each.how.shape === undefined && object(each) === object(trace),
  );
  if (!isHandle || trace.how.shape !== undefined || trace.how.json === undefined || twin === undefined)
    return {};
  return { doubt: `${twin.how.json || '/'} holds the same reference once more: do both move together?` };
}

interface Inner extends OwnColumn {
  readonly entry: InnerValues;
  readonly all: readonly InnerValues[];
}

function innerTraces(input: PlaceInput, known: KnownNames, inner: Inner): Trace[] {
  const { table, column, entry } = inner;
  const last = (entry.pointer ?? '').split('/').findLast((step) => step !== '*') ?? '';
  const named = namesModel(entry.pointer === undefined || last === '' ? column.name : last);
  const isMember = entry.kind === 'json-key';
  const writing = writingOf(known, entry.distinct, named && !isMember);
  const { hits } = writing;
  if (hits.length === 0) return isMember ? [] : mentionTraces(input, inner);
  if (isOnlyAFewWords(entry, writing)) return [];
  // The name of a member is a model or none: no place leads into it.
  if (isMember && isInside(writing)) return [];
  const values = `${entry.distinct.length} values`;
  const where = entry.pointer === undefined ? values : `${values} at ${entry.pointer || '/'}`;
  const shape = innerShape(input, inner, { known, writing });
  const how = isInside(writing)
    ? insideOf(entry)
    : { ...shape.how, ...(shape.how.fields === undefined ? writing.how : {}) };
  const doubt =
    shape.doubt ??
    innerDoubt({ last, how, named, speaks: speaksOfModels(column.name, entry.pointer) }, entry, writing) ??
    replacedDoubt(inner) ??
    namelessDoubt(input, how, undefined) ??
    serverDoubt(input, { table, column }, how, hits);
  const reason = `${hits.length} of ${where} name models: ${JSON.stringify(hits[0])}`;
  return [{ table, column, how, reason, ...given({ doubt }) }];
}

/** A plan asks about a name within a longer text that does not read as prose. So does the proposal. */
function mentionTraces({ words }: PlaceInput, { table, column, entry }: Inner): Trace[] {
  const mentions = entry.distinct.filter((value) => isAsked(words, value));
  if (mentions.length === 0) return [];
  const reason = `${mentions.length} of ${entry.distinct.length} values at ${entry.pointer ?? '/'} hold the name of a model`;
  return [{ table, column, how: insideOf(entry), reason, doubt: withinText(mentions[0]) }];
}

/** Some values hold the name within a longer text. */
function isInside({ left, how }: ColumnWriting): boolean {
  return left.length > 0 || [how.as ?? '', ...(how.also ?? [])].some((template) => template.includes('='));
}

function insideOf({ pointer }: InnerValues): Partial<PlaceConfig> {
  return { ...given({ json: pointer }), shape: 'inside' };
}

/** A comma list is one only where most of its elements are models: prose has commas, too. */
function isOnlyAFewWords(entry: InnerValues, { hits }: ColumnWriting): boolean {
  return (entry.kind === 'comma' || entry.kind === 'bars') && hits.length * 3 < entry.distinct.length;
}

/** A value that happens to be a name is a model where a column or member on the way to it says so. */
function speaksOfModels(column: string, pointer = ''): boolean {
  const steps = [column, ...pointer.split('/')].filter((step) => step !== '' && step !== '*');
  return steps.some(
    (step) => namesModel(step) || /(^|_)(ai|llms?|models?|fall_?backs?|primary)(_|$)/.test(snake(step)),
  );
}

interface PathWords {
  readonly last: string;
  readonly how: Partial<PlaceConfig>;
  readonly named: boolean;
  /** A step on the way there says that models follow. */
  readonly speaks: boolean;
}

function innerDoubt(
  { last, how, named, speaks }: PathWords,
  { kind, distinct }: InnerValues,
  { hits, left }: ColumnWriting,
): string | undefined {
  if (how.fields === undefined && holdsProse(last))
    return `a member called ${last} may hold text that people wrote`;
  if (how.shape === 'inside') return withinText(left[0] ?? hits[0]);
  if (named || how.fields !== undefined) return undefined;
  if (hits.length * 2 < distinct.length) return prose;
  const isAlone = kind === 'json-value' && new Set(hits).size < 2;
  return isAlone && !speaks ? coincidence : undefined;
}

/** `main` beside `main/v2`: perhaps nothing reads the first any more. */
function replacedDoubt({ entry, all }: Inner): string | undefined {
  const steps = (entry.pointer ?? '').split('/');
  const later = all
    .map(({ pointer }) => (pointer ?? '').split('/'))
    .find(
      (other) =>
        other.length === steps.length &&
        other.some((step, at) => step !== steps[at] && isLater(step, steps[at] ?? '')) &&
        other.every((step, at) => step === steps[at] || isLater(step, steps[at] ?? '')),
    );
  return later === undefined
    ? undefined
    : `${later.join('/')} is a later version of it: does anything read this one?`;
}

function isLater(step: string, base: string): boolean {
  return base !== '' && step.startsWith(base) && /^(~1|[-_.])?v\d+$/i.test(step.slice(base.length));
}

interface InnerShape {
  readonly how: Partial<PlaceConfig>;
  /** Why somebody must look at it. */
  readonly doubt?: string;
}

/** How a place of the configuration says where the value is. */
function innerShape(
  input: PlaceInput,
  { entry, all }: Inner,
  { known: { hasProvider }, writing: { how: written } }: { known: KnownNames; writing: ColumnWriting },
): InnerShape {
  const { pointer } = entry;
  const shape = entry.kind === 'comma' || entry.kind === 'bars' ? entry.kind : undefined;
  if (pointer === undefined) return { how: { shape: shape ?? 'list' } };
  if (entry.kind === 'json-key') return { how: { json: `${pointer}/~key` } };
  if (shape !== undefined) return { how: { json: pointer, shape } };
  const at = pointer.lastIndexOf('/');
  const [object, member] = [pointer.slice(0, at), pointer.slice(at + 1)];
  if (member === '*') return { how: { json: object, shape: 'list' } };
  const sibling = at < 0 ? undefined : siblingProvider(all, object);
  if (sibling === undefined || (written.as !== undefined && written.as !== 'key'))
    return { how: { json: pointer } };
  const provider = memberName(sibling.pointer?.slice(object.length + 1) ?? '');
  if (!hasProvider)
    return {
      how: { json: pointer },
      doubt: `${provider} beside it says through whom, and the models have no provider to compare with`,
    };
  if (!isComparable(input, sibling.distinct))
    return {
      how: { json: pointer },
      doubt: `${provider} beside it holds none of the providers of the models`,
    };
  if (sibling.filled < entry.filled)
    return {
      how: { json: pointer },
      doubt: `${entry.filled - sibling.filled} of ${entry.filled} have no ${provider} that says through whom`,
    };
  return { how: { json: object, fields: { provider, name: memberName(member) } } };
}

function siblingProvider(all: readonly InnerValues[], object: string): InnerValues | undefined {
  return all.find(
    (other) =>
      other.kind === 'json-value' &&
      other.pointer !== undefined &&
      other.pointer.slice(0, other.pointer.lastIndexOf('/')) === object &&
      namesProvider(other.pointer.slice(object.length + 1)),
  );
}

function memberName(step: string): string {
  return step.replaceAll(/~[012]/g, (escape) => (escape === '~0' ? '~' : escape === '~1' ? '/' : '*'));
}

/** More pointers of one length with one last step than a person would write become one pointer, with wildcards where they differ. */
function mergePatterns(entries: readonly InnerValues[]): InnerValues[] {
  const groups = new Map<string, InnerValues[]>();
  for (const entry of entries) {
    const steps = (entry.pointer ?? '').split('/');
    const id = `${entry.kind} ${steps.length} ${steps.at(-1)}`;
    groups.set(id, [...(groups.get(id) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) => (group.length > 12 ? [mergeGroup(group)] : group));
}

function mergeGroup(group: readonly InnerValues[]): InnerValues {
  const [first] = group;
  if (first === undefined) throw new Error('an empty group');
  const pointers = group.map((entry) => (entry.pointer ?? '').split('/'));
  const merged =
    pointers[0]?.map((step, at) => (pointers.every((steps) => steps[at] === step) ? step : '*')).join('/') ??
    '';
  return {
    ...first,
    pointer: merged,
    filled: group.reduce((sum, entry) => sum + entry.filled, 0),
    distinct: [...new Set(group.flatMap((entry) => entry.distinct))],
  };
}
