/**
 * The parameters of a moved reference (`{"temperature":0.7,"reasoning_effort":"high"}`), translated to what the target supports. A
 * word such as "high" may cost several times as much on the successor. So words are translated by declared meaning: the level of
 * the target with the nearest share takes their place. Values keep their spelling; a seed of twenty digits stays exact. Only members
 * at the top level are parameters.
 */
import type { ModelFacts, ParameterSupport } from './model.ts';
import { parseJson, scalarText } from '../edit/json-text.ts';
import type { InvalidJson, JsonNode, JsonObject } from '../edit/json-text.ts';

/**
 * `kept` as it was · `dropped` because the target does not take it · `renamed` (before and after are names) · `clamped`
 * into the target's range · `rescaled` to the nearest meaning · `unknown-kept`: the target takes the word, but nobody
 * says that it means the same.
 */
type ParameterEffect = 'kept' | 'dropped' | 'renamed' | 'clamped' | 'rescaled' | 'unknown-kept';

export interface ParameterChange {
  /** As the document calls it. A parameter that is renamed and changed has a second entry under the new name. */
  readonly name: string;
  readonly change: ParameterEffect;
  /** JSON text of the value; of `renamed` the names. */
  readonly before: string;
  /** Undefined where the parameter was dropped. */
  readonly after: string | undefined;
}

interface TranslatedParameters {
  /** JSON text; the same text where nothing changed. */
  readonly document: string;
  readonly changes: ParameterChange[];
}

/** Nobody says which parameters the target supports, so nothing can be kept or dropped for a reason. */
interface UnknownSupport {
  readonly unknown: 'target-parameters';
}

type Support = Readonly<Record<string, ParameterSupport>>;

/** One parameter on its way from the source to the target. */
interface Passage {
  readonly name: string;
  readonly raw: string;
  /** The value of a string or number as text. */
  readonly text: string | undefined;
  readonly kind: JsonNode['kind'];
  readonly from: ParameterSupport;
  readonly to: ParameterSupport;
}

interface ParameterOutcome {
  readonly change: ParameterEffect;
  readonly after?: string;
}

/** Is a member of the document a parameter at all? What is none is kept as it is. */
export type IsParameter = (name: string, node: JsonNode) => boolean;

const always: IsParameter = () => true;

/**
 * Keeps what the target supports, maps what has another name or scale, drops the rest of the parameters.
 * @param document JSON text of the parameters: an object, or null.
 * @returns the document with one entry per parameter (two where it was renamed and changed), or that the target's
 * support is unknown, or why the text is not a JSON object.
 */
export function translateParameters(
  document: string,
  { source, target }: { readonly source: ModelFacts; readonly target: ModelFacts },
  isParameter: IsParameter = always,
): TranslatedParameters | UnknownSupport | InvalidJson {
  const root = parseParameters(document);
  if (root === undefined) return { document, changes: [] };
  if ('invalid' in root) return root;
  if (target.parameters === undefined) return { unknown: 'target-parameters' };
  return translateMembers({
    document,
    root,
    isParameter,
    from: source.parameters ?? {},
    to: target.parameters,
  });
}

/** Takes every parameter out. @returns the document with one `dropped` entry for each, or why the text is not a JSON object. */
export function removeParameters(
  document: string,
  isParameter: IsParameter,
): TranslatedParameters | InvalidJson {
  const root = parseParameters(document);
  if (root === undefined) return { document, changes: [] };
  if ('invalid' in root) return root;
  const textOf = (node: JsonNode): string => document.slice(node.start, node.end);
  const all = [...root.members];
  const changes = all.flatMap(([name, node]) =>
    isParameter(name, node) ? [dropped(name, textOf(node))] : [],
  );
  const left = all.flatMap(([name, node]) =>
    isParameter(name, node) ? [] : [`${JSON.stringify(name)}: ${textOf(node)}`],
  );
  return { document: changes.length === 0 ? document : `{${left.join(', ')}}`, changes };
}

/** Undefined for a JSON null, which is as good as no parameters. */
function parseParameters(document: string): JsonObject | InvalidJson | undefined {
  const root = parseJson(document);
  if ('invalid' in root || root.kind === 'object') return root;
  if (document.trim() === 'null') return undefined;
  return { invalid: `parameters are an object, not a ${root.kind}`, position: root.start };
}

interface ParameterWork {
  readonly document: string;
  readonly root: JsonObject;
  readonly isParameter: IsParameter;
  readonly from: Support;
  readonly to: Support;
}

function translateMembers(work: ParameterWork): TranslatedParameters {
  const taken = new Set([...work.root.members.keys()].filter((name) => Object.hasOwn(work.to, name)));
  const members: string[] = [];
  const changes = [...work.root.members].flatMap(([name, node]) => {
    const raw = work.document.slice(node.start, node.end);
    if (!work.isParameter(name, node)) {
      members.push(`${JSON.stringify(name)}: ${raw}`);
      return [];
    }
    const newName = nameOnTarget(name, work);
    // A parameter under the target's own name wins over one that would be renamed to it.
    if (newName === undefined || (newName !== name && taken.has(newName))) return [dropped(name, raw)];
    const outcome = translateValue(passageOf(work, name, newName, node));
    if (outcome.after === undefined) return [dropped(name, raw)];
    taken.add(newName);
    members.push(`${JSON.stringify(newName)}: ${outcome.after}`);
    return describeChange({ name, newName, raw }, outcome);
  });
  const same = changes.every(({ change }) => change === 'kept' || change === 'unknown-kept');
  return { document: same ? work.document : `{${members.join(', ')}}`, changes };
}

function dropped(name: string, raw: string): ParameterChange {
  return { name, change: 'dropped', before: raw, after: undefined };
}

function describeChange(
  { name, newName, raw }: { name: string; newName: string; raw: string },
  { change, after }: ParameterOutcome,
): ParameterChange[] {
  const renamed = { name, change: 'renamed' as const, before: name, after: newName };
  if (newName === name) return [{ name, change, before: raw, after }];
  return change === 'kept' ? [renamed] : [renamed, { name: newName, change, before: raw, after }];
}

/** The target's name for a parameter: the same, or one that either model declares to be another name of it. */
function nameOnTarget(name: string, { from, to }: ParameterWork): string | undefined {
  if (Object.hasOwn(to, name)) return name;
  const canonical = canonicalName(from, name);
  const names = new Set([name, canonical, ...(from[canonical]?.aliases ?? [])]);
  return Object.keys(to).find((key) => names.has(key) || to[key]?.aliases?.some((alias) => names.has(alias)));
}

function canonicalName(support: Support, name: string): string {
  if (Object.hasOwn(support, name)) return name;
  return Object.keys(support).find((key) => support[key]?.aliases?.includes(name)) ?? name;
}

function passageOf(work: ParameterWork, name: string, newName: string, node: JsonNode): Passage {
  return {
    name: newName,
    raw: work.document.slice(node.start, node.end),
    text: scalarText(work.document, node),
    kind: node.kind,
    from: work.from[canonicalName(work.from, name)] ?? {},
    to: work.to[newName] ?? {},
  };
}

function translateValue(passage: Passage): ParameterOutcome {
  const { raw, to } = passage;
  const free = to.levels === undefined && to.min === undefined && to.max === undefined;
  if (free || raw === 'null') return { change: 'kept', after: raw };
  return to.levels === undefined ? toRange(passage) : toLevel(passage, to.levels);
}

function toRange(passage: Passage): ParameterOutcome {
  const { raw, kind, to } = passage;
  if (kind !== 'number') return levelToNumber(passage);
  if (to.max !== undefined && Number(raw) > to.max) return { change: 'clamped', after: String(to.max) };
  if (to.min !== undefined && Number(raw) < to.min) return { change: 'clamped', after: String(to.min) };
  return { change: 'kept', after: raw };
}

/** A word becomes a number where the source says what the word means and the target where its range ends. */
function levelToNumber({ from, to, text }: Passage): ParameterOutcome {
  const share = declaredShare(from, text);
  if (share === undefined || to.max === undefined) return { change: 'dropped' };
  const min = to.min ?? 0;
  const value = min + share * (to.max - min);
  // A wide range counts something (tokens), and a count is whole.
  return {
    change: 'rescaled',
    after: String(to.max - min >= 10 ? Math.round(value) : Number(value.toFixed(2))),
  };
}

function toLevel(passage: Passage, levels: readonly string[]): ParameterOutcome {
  const { raw, text = raw, to } = passage;
  const share = shareOf(passage);
  const nearest = share === undefined ? undefined : nearestLevel(levels, to.meaning ?? {}, share);
  if (nearest === undefined)
    return levels.includes(text) ? { change: 'unknown-kept', after: raw } : { change: 'dropped' };
  return nearest === text
    ? { change: 'kept', after: raw }
    : { change: 'rescaled', after: JSON.stringify(nearest) };
}

/** What a value means on the source: its declared share of the most, or where a number lies in the source's range. */
function shareOf({ raw, kind, text, from }: Passage): number | undefined {
  const declared = declaredShare(from, text);
  if (declared !== undefined) return declared;
  if (kind !== 'number' || from.max === undefined) return undefined;
  const min = from.min ?? 0;
  const share = from.max === min ? 1 : (Number(raw) - min) / (from.max - min);
  return Math.min(1, Math.max(0, share));
}

/** Own members only: a value such as "constructor" is a word that somebody wrote into a document. */
function declaredShare({ meaning }: ParameterSupport, word: string | undefined): number | undefined {
  return word !== undefined && meaning !== undefined && Object.hasOwn(meaning, word)
    ? meaning[word]
    : undefined;
}

/** Of two equally near levels the weaker, which costs less. */
function nearestLevel(
  levels: readonly string[],
  meaning: Readonly<Record<string, number>>,
  share: number,
): string | undefined {
  let best: { level: string; distance: number } | undefined;
  for (const level of levels) {
    const declared = meaning[level];
    if (declared === undefined) continue;
    const distance = Math.abs(declared - share);
    if (best === undefined || distance < best.distance) best = { level, distance };
  }
  return best?.level;
}
