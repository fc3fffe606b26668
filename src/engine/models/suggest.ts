/**
 * Which models could follow a model that ends, best first. What is known of two models decides, and every point has a reason that a
 * person can read. What forbids a move counts before all points: a model that cannot be chosen is never first. Then comes the
 * successor that the model's row names or its vendor recommends, unless the successor ends itself. Then come the points.
 */
import { ownMember } from '../own.ts';
import { type CompareLimits, compareModels } from './compatibility.ts';
import { deprecatedBy, endBy } from './lifecycle.ts';
import type { ModelFacts } from './model.ts';
import { compareText } from '../order.ts';
import { type Finding, refusing } from '../finding.ts';

interface SuggestionReason {
  readonly code:
    | 'NAMED_SUCCESSOR'
    | 'RECOMMENDED'
    | 'SAME_FAMILY'
    | 'SAME_PROVIDER'
    | 'CAPABILITIES_KEPT'
    | 'CAPABILITIES_LOST'
    | 'CONTEXT_KEPT'
    | 'CONTEXT_LOWER'
    | 'OUTPUT_KEPT'
    | 'OUTPUT_LOWER'
    | 'PRICE_NOT_HIGHER'
    | 'PRICE_HIGHER'
    | 'SAME_REGION'
    | 'GOING_AWAY'
    | 'STAYS';
  readonly points: number;
  readonly message: string;
}

export interface Suggestion {
  readonly model: ModelFacts;
  readonly score: number;
  readonly reasons: readonly SuggestionReason[];
  /** What the two models alone say; a plan may find more. */
  readonly findings: readonly Finding[];
}

/** The candidates of the source's kind, ranked, without the source. */
export function rankTargets(
  source: ModelFacts,
  candidates: readonly ModelFacts[],
  limits: CompareLimits,
): Suggestion[] {
  return candidates
    .filter((model) => model.kind === source.kind && !isSame(model, source))
    .map((model) => suggestion(source, model, limits))
    .toSorted(
      (a, b) =>
        obstacle(a) - obstacle(b) ||
        Number(isAdvised(b)) - Number(isAdvised(a)) ||
        b.score - a.score ||
        compareText(b.model.updated ?? '', a.model.updated ?? '') ||
        compareText(nameOf(a.model), nameOf(b.model)) ||
        compareText(a.model.key ?? '', b.model.key ?? ''),
    );
}

function isSame(a: ModelFacts, b: ModelFacts): boolean {
  return a.key === undefined
    ? JSON.stringify(a.components) === JSON.stringify(b.components)
    : a.key === b.key;
}

function nameOf({ components }: ModelFacts): string {
  return components['name'] ?? '';
}

/** 0: nothing forbids it · 1: a person may force it · 2: it cannot be chosen. */
function obstacle({ findings }: Suggestion): number {
  if (refusing(findings).length === 0) return 0;
  return refusing(findings, true).length === 0 ? 1 : 2;
}

/** The row or the vendor says so, and the model does not end within a year. */
function isAdvised({ reasons }: Suggestion): boolean {
  const codes = reasons.map(({ code }) => code);
  return (
    (codes.includes('NAMED_SUCCESSOR') || codes.includes('RECOMMENDED')) && !codes.includes('GOING_AWAY')
  );
}

function suggestion(source: ModelFacts, model: ModelFacts, limits: CompareLimits): Suggestion {
  const candidate = { source, model, today: limits.today };
  const reasons = [named, recommended, family, provider, capabilities, tokens, price, region, dates].flatMap(
    (rule) => rule(candidate),
  );
  const score = reasons.reduce((sum, { points }) => sum + points, 0);
  return { model, score, reasons, findings: compareModels(source, model, limits) };
}

interface Candidate {
  readonly source: ModelFacts;
  readonly model: ModelFacts;
  readonly today: string | undefined;
}

function reason(code: SuggestionReason['code'], points: number, message: string): SuggestionReason[] {
  return [{ code, points, message }];
}

/** Somebody has decided already: the row of the source names its successor. */
function named({ source, model }: Candidate): SuggestionReason[] {
  if (source.successor === undefined || source.successor !== model.key) return [];
  return reason('NAMED_SUCCESSOR', 60, 'The row of the source names it as its successor.');
}

/** The vendor's advice weighs more than any likeness. Each further successor in the line weighs a little less. */
function recommended({ source, model }: Candidate): SuggestionReason[] {
  const at = (source.successors ?? []).findIndex((names) => names.includes(nameOf(model)));
  if (at < 0) return [];
  const page = source.lifecycle?.find(({ by }) => by === 'registry')?.page;
  const says = at === 0 ? 'Its vendor recommends it' : 'It follows what its vendor recommends';
  const message = `${says}, says the registry${page === undefined ? '' : ` (${page})`}.`;
  return reason('RECOMMENDED', Math.max(30, 50 - 5 * at), message);
}

function family(candidate: Candidate): SuggestionReason[] {
  return shared(candidate, 'family').flatMap((name) =>
    reason('SAME_FAMILY', 40, `The same family, ${name}.`),
  );
}

function provider(candidate: Candidate): SuggestionReason[] {
  return shared(candidate, 'provider').flatMap((name) =>
    reason('SAME_PROVIDER', 20, `The same provider, ${name}.`),
  );
}

function shared({ source, model }: Candidate, component: string): string[] {
  const name = ownMember(source.components, component);
  return name === undefined || name !== ownMember(model.components, component) ? [] : [name];
}

/** Each lost capability weighs as much as a smaller context. */
function capabilities({ source, model }: Candidate): SuggestionReason[] {
  const needed = Object.keys(source.capabilities).filter((name) => source.capabilities[name] === true);
  if (needed.length === 0) return [];
  const lost = needed.filter((name) => model.capabilities[name] !== true).sort();
  return lost.length === 0
    ? reason('CAPABILITIES_KEPT', 30, `It can all that the source can: ${needed.sort().join(', ')}.`)
    : reason('CAPABILITIES_LOST', -10 * lost.length, `It cannot: ${lost.join(', ')}.`);
}

const tokenLimits = [
  ['context', 'context window', 'CONTEXT_KEPT', 'CONTEXT_LOWER'],
  ['output', 'output limit', 'OUTPUT_KEPT', 'OUTPUT_LOWER'],
] as const;

function tokens({ source, model }: Candidate): SuggestionReason[] {
  return tokenLimits.flatMap(([limit, what, kept, lower]) => {
    const [before, after] = [source[limit], model[limit]];
    if (before === undefined || after === undefined) return [];
    return after >= before
      ? reason(kept, 10, `Its ${what} is ${after} tokens, not less than ${before}.`)
      : reason(lower, -10, `Its ${what} is ${after} tokens, less than ${before}.`);
  });
}

/** Twice the price takes away what once the price gives. */
function price({ source, model }: Candidate): SuggestionReason[] {
  const before = totalPrice(source);
  const after = totalPrice(model);
  if (before === undefined || after === undefined || before <= 0) return [];
  const times = after / before;
  const share = `${Math.round(times * 100)} % of the source's price`;
  if (times <= 1) return reason('PRICE_NOT_HIGHER', 10, `It costs ${share}.`);
  return reason('PRICE_HIGHER', -Math.min(20, Math.round(10 * Math.log2(times))), `It costs ${share}.`);
}

function totalPrice({ priceIn, priceOut }: ModelFacts): number | undefined {
  return priceIn === undefined && priceOut === undefined ? undefined : (priceIn ?? 0) + (priceOut ?? 0);
}

function region({ source, model }: Candidate): SuggestionReason[] {
  if (source.region === undefined || source.region !== model.region) return [];
  return reason('SAME_REGION', 5, `It is hosted in ${source.region}, too.`);
}

/** A model that ends within a year means a second move. One that ends within a quarter is out of the question. */
function dates({ model, today }: Candidate): SuggestionReason[] {
  const day = model.shutdown?.slice(0, 10);
  const ends = `Its provider shuts it down on ${day}${endBy(model)}.`;
  if (day !== undefined && today !== undefined && day <= later(today, 365))
    return reason('GOING_AWAY', day <= later(today, 90) ? -80 : -30, ends);
  if (model.deprecated) return reason('GOING_AWAY', -20, `It is deprecated${deprecatedBy(model)}.`);
  const stays = day === undefined ? 'No date is known on which it ends.' : `It stays until ${day}.`;
  return reason('STAYS', 10, stays);
}

function later(today: string, days: number): string {
  return new Date(Date.parse(today) + days * 86_400_000).toISOString().slice(0, 10);
}
