/**
 * What two models alone say about a move from one to the other. The lifecycle of the source never refuses a move: migrations exist
 * to leave models that are disabled, deprecated or retired.
 */
import { deprecatedBy, endBy, goneBy } from './lifecycle.ts';
import { isEmbedding } from './kinds.ts';
import { type ModelFacts, modelLabel } from './model.ts';
import { meetsClass } from './demand.ts';
import { type Finding, finding } from '../finding.ts';

export interface CompareLimits {
  /** Warn where the target costs more than this many times the source; without it prices are not compared. */
  readonly priceLimit?: number;
  /** The day of the plan, `2026-11-21`; without it shutdown dates are not compared. */
  readonly today?: string;
  /** Somebody named the entity types that move. */
  readonly narrowed?: boolean;
}

/** Both models and what there is to compare them by. */
interface ModelComparison {
  readonly source: ModelFacts;
  readonly target: ModelFacts;
  readonly limits: CompareLimits;
}

/**
 * The findings: errors, then warnings, then notes. What is not known of both models is not compared. But a security class, a region
 * or a capability that only the source is known to have counts as lost.
 */
export function compareModels(source: ModelFacts, target: ModelFacts, limits: CompareLimits): Finding[] {
  const comparison = { source, target, limits };
  const checks = [
    targetLifecycle,
    security,
    embedding,
    targetDeprecated,
    tokenLimits,
    family,
    capabilities,
    prices,
    region,
    sourceLifecycle,
  ];
  return checks.flatMap((check) => check(comparison));
}

function targetLifecycle({ target, limits }: ModelComparison): Finding[] {
  const label = modelLabel(target);
  const { shutdown } = target;
  const past = shutdown !== undefined && limits.today !== undefined && day(shutdown) <= day(limits.today);
  const disabled = `The target ${label} is disabled.`;
  const retired = `The target ${label} is retired${goneBy(target)}.`;
  const over = `The provider shut ${label} down on ${day(shutdown ?? '')}${endBy(target)}.`;
  const unusable = `The provider of ${label} is inactive or has no usable credentials.`;
  return [
    ...(target.enabled ? [] : [finding('error', 'TARGET_DISABLED', disabled)]),
    ...(target.retired ? [finding('error', 'TARGET_RETIRED', retired)] : []),
    ...(past ? [finding('error', 'TARGET_PAST_SHUTDOWN', over)] : []),
    ...(target.providerUsable === false ? [finding('error', 'PROVIDER_UNUSABLE', unusable)] : []),
  ];
}

/** Dates and timestamps in ISO 8601 compare as text once they are cut to the day. */
function day(date: string): string {
  return date.slice(0, 10);
}

function security({ source, target }: ModelComparison): Finding[] {
  if (meetsClass(target.security, source.security)) return [];
  const has = target.security === undefined ? 'has none' : `has ${target.security}`;
  const message = `The source has security class ${source.security}; the target ${has}.`;
  return [finding('error', 'SECURITY_LOWER', message, { forceable: true })];
}

/** Whoever names what moves (the default of future documents) says that no vectors are among it. */
function embedding({ source, limits }: ModelComparison): Finding[] {
  if (!isEmbedding(source)) return [];
  const message =
    'Stored vectors belong to the model that made them; those of another model, even of the same dimension, cannot be ' +
    'compared with them. Re-embed instead: enable the target beside the source, embed every document again into a ' +
    'new index, switch the search over, and retire the source when nothing reads its vectors any more.';
  return limits.narrowed === true
    ? [finding('warning', 'EMBEDDING_MODEL', `Only the entity types that were asked for move. ${message}`)]
    : [finding('error', 'EMBEDDING_MODEL', message)];
}

function targetDeprecated({ target }: ModelComparison): Finding[] {
  if (!target.deprecated) return [];
  const { shutdown } = target;
  const when = shutdown === undefined ? '' : ` and shuts down on ${day(shutdown)}${endBy(target)}`;
  const message = `The target ${modelLabel(target)} is deprecated${deprecatedBy(target)}${when}.`;
  return [finding('warning', 'TARGET_DEPRECATED', message)];
}

function tokenLimits({ source, target }: ModelComparison): Finding[] {
  return [
    ...lowerLimit('CONTEXT_LOWER', 'context window', source.context, target.context),
    ...lowerLimit('OUTPUT_LOWER', 'output limit', source.output, target.output),
  ];
}

function lowerLimit(
  code: string,
  what: string,
  before: number | undefined,
  after: number | undefined,
): Finding[] {
  if (before === undefined || after === undefined || after >= before) return [];
  return [finding('warning', code, `The ${what} goes down from ${before} to ${after} tokens.`)];
}

function family({ source, target }: ModelComparison): Finding[] {
  const [before, after] = [familyOf(source), familyOf(target)];
  if (before === undefined || after === undefined || before === after) return [];
  const message = `The source is of family ${before}, the target of family ${after}.`;
  return [finding('warning', 'FAMILY_DIFFERS', message)];
}

/** The word of a row is compared with the word of a row, and the registry's with the registry's. */
function familyOf({ components, family: known }: ModelFacts): string | undefined {
  return components['family'] ?? known;
}

function capabilities({ source, target }: ModelComparison): Finding[] {
  const lost = Object.keys(source.capabilities)
    .filter((name) => source.capabilities[name] === true && target.capabilities[name] !== true)
    .sort();
  return lost.map((name) => {
    const verb = target.capabilities[name] === false ? 'does not have' : 'is not known to have';
    const message = `The source has the capability ${name}; the target ${verb} it.`;
    return finding('warning', 'CAPABILITY_LOST', message);
  });
}

function prices({ source, target, limits }: ModelComparison): Finding[] {
  const { priceLimit } = limits;
  if (priceLimit === undefined) return [];
  return [
    ...higherPrice('Input', source.priceIn, target.priceIn, priceLimit),
    ...higherPrice('Output', source.priceOut, target.priceOut, priceLimit),
  ];
}

function higherPrice(
  what: string,
  before: number | undefined,
  after: number | undefined,
  limit: number,
): Finding[] {
  if (before === undefined || after === undefined || after <= before * limit) return [];
  const message = `${what} costs ${after} per million tokens instead of ${before}, more than ${limit} times as much.`;
  return [finding('warning', 'PRICE_HIGHER', message)];
}

function region({ source, target }: ModelComparison): Finding[] {
  if (source.region === undefined || source.region === target.region) return [];
  const after = target.region ?? 'a region that nobody names';
  const message = `The source is hosted in ${source.region}, the target in ${after}.`;
  return [finding('warning', 'REGION_CHANGES', message)];
}

function sourceLifecycle({ source }: ModelComparison): Finding[] {
  const label = modelLabel(source);
  const disabled = `The source ${label} is disabled.`;
  const deprecated = `The source ${label} is deprecated${deprecatedBy(source)}.`;
  const retired = `The source ${label} is retired${goneBy(source)}.`;
  return [
    ...(source.enabled ? [] : [finding('info', 'SOURCE_DISABLED', disabled)]),
    ...(source.deprecated ? [finding('info', 'SOURCE_DEPRECATED', deprecated)] : []),
    ...(source.retired ? [finding('info', 'SOURCE_RETIRED', retired)] : []),
  ];
}
