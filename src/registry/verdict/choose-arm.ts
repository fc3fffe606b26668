/** Rows 6 to 11 of the verdict: which arm of a closed runtime has an id, and whether its model may be had there. */
import type { FoundRoute } from './answer.ts';
import type { LoadedRegistry } from '../load/load.ts';
import type { ListedId, Route, RuntimeRoutes, NamedArm } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';
import { meantInAnySpelling } from '../known/any-spelling.ts';

export interface RoutingRequest {
  readonly runtime: string;
  readonly model: string | null | undefined;
  /** The names of the secrets that could be used; never values. */
  readonly secrets?: ReadonlySet<string> | undefined;
  /** The workspace has exactly this pair already, and nobody chooses it anew. */
  readonly existing?: boolean;
  /** ISO date. With it, a model whose shutdown has come counts as retired, whatever its status is. */
  readonly today?: string | undefined;
}

/** A question about a closed runtime and a model that somebody named. */
export interface ArmQuestion {
  readonly loaded: LoadedRegistry;
  readonly runtime: RuntimeRoutes;
  /** Trimmed. */
  readonly model: string;
  readonly request: RoutingRequest;
}

/** `retired`: shut down, and runs nowhere. `withdrawn`: who has it may keep it. */
type Stop = 'withdrawn' | 'retired';

type ArmDecision =
  | { readonly kind: 'found'; readonly found: FoundRoute }
  /** Several arms take a name, and the available secrets do not decide. */
  | { readonly kind: 'several'; readonly routes: readonly Route[] }
  | { readonly kind: 'stopped'; readonly found: FoundRoute; readonly status: Stop }
  /** The registry knows of that name what speaks against it: the model is of another kind or vendor, or is called otherwise. */
  | { readonly kind: 'unfit'; readonly route: Route; readonly model: Model }
  | { readonly kind: 'unknown' };

/** What speaks for an id on this runtime, or against it. */
export function decide(question: ArmQuestion): ArmDecision {
  const listed = question.runtime.listed.get(question.model);
  return listed === undefined ? decideByName(question) : decideListed(listed, question);
}

/** The arms that list an id and let it be chosen; all of them where none does. */
export function openArms(
  { arms }: ListedId,
  request: Pick<RoutingRequest, 'existing' | 'today'>,
): ListedId['arms'] {
  const open = arms.filter((arm) => stopOf(arm, request) === undefined);
  return open.length > 0 ? open : arms;
}

function decideListed(listed: ListedId, { request }: ArmQuestion): ArmDecision {
  const arms = openArms(listed, request);
  const usable = arms.filter(({ route }) => accepts(route, request.secrets));
  const arm = usable.length === 1 ? usable[0] : (usable[0] ?? arms[0]);
  if (arm === undefined) return { kind: 'unknown' };
  const by = arms.length === 1 ? 'listed' : usable.length === 1 ? 'listed-by-secrets' : 'listed-first';
  return unlessStopped({ by, ...arm }, request);
}

function decideByName({ loaded, runtime, model, request }: ArmQuestion): ArmDecision {
  const readings = runtime.named.flatMap((arm) => {
    const reading = readName(loaded, arm, model);
    return reading === undefined ? [] : [{ route: arm.route, withdrawn: undefined, ...reading }];
  });
  const taking = readings.filter(({ fits }) => fits);
  const [only, another] = taking;
  if (only === undefined) return refuseReading(readings[0], request);
  if (another === undefined) return unlessStopped({ by: 'name', ...only }, request);
  const usable = taking.filter(({ route }) => accepts(route, request.secrets));
  if (usable.length === 1 && usable[0] !== undefined)
    return unlessStopped({ by: 'name-by-secrets', ...usable[0] }, request);
  return { kind: 'several', routes: taking.map(({ route }) => route) };
}

interface FoundArm extends Omit<FoundRoute, 'by'> {
  readonly withdrawn: string | undefined;
}

function unlessStopped({ withdrawn, ...found }: FoundArm & FoundRoute, request: RoutingRequest): ArmDecision {
  const { model, route } = found;
  if (model !== undefined && model.kind !== 'completion') return { kind: 'unfit', route, model };
  const status = stopOf({ ...found, withdrawn }, request);
  return status === undefined ? { kind: 'found', found } : { kind: 'stopped', found, status };
}

/** Of what its vendor has ended that is said, in whatever spelling; else what it is. */
function refuseReading(arm: FoundArm | undefined, request: RoutingRequest): ArmDecision {
  if (arm?.model === undefined) return { kind: 'unknown' };
  const { route, model } = arm;
  const unfit: ArmDecision = { kind: 'unfit', route, model };
  if (model.vendor !== route.vendor) return unfit;
  const decision = unlessStopped({ by: 'name', ...arm }, { ...request, existing: false });
  return decision.kind === 'found' ? unfit : decision;
}

/** Is one of the secrets there that the arm needs? */
function accepts({ needs }: Route, secrets: ReadonlySet<string> | undefined): boolean {
  return secrets !== undefined && needs.some((name) => secrets.has(name));
}

/**
 * Row 10: undefined where the arm lets the model be had. What was shut down runs nowhere, even where it is in use. Whether somebody else
 * goes on with what its vendor shut down nobody knows, unless the registry has a date of theirs: nobody chooses it anew.
 */
function stopOf(
  { model, route, withdrawn }: Pick<FoundArm, 'model' | 'route' | 'withdrawn'>,
  { existing = false, today = '' }: Pick<RoutingRequest, 'existing' | 'today'>,
): Stop | undefined {
  const come = (day: string | undefined): boolean => day !== undefined && day <= today;
  const left = come(withdrawn) && !existing ? 'withdrawn' : undefined;
  if (model === undefined) return left;
  const { status, shutdown, distributors = [] } = model.lifecycle;
  const theirs = distributors.find(({ via }) => via === route.provider);
  if (come(theirs?.shutdown)) return 'retired';
  // Until then they serve it. An earliest day that has come says no more.
  if (theirs?.shutdown !== undefined || (theirs !== undefined && !come(theirs.notBefore))) return left;
  const ended = status === 'retired' || come(shutdown);
  if (ended && !isResold(model, route)) return 'retired';
  return (ended || status === 'withdrawn') && !existing ? 'withdrawn' : left;
}

/** Does somebody other than its vendor serve it, who is not the platform? */
function isResold(model: Model, { vendor, payer }: Route): boolean {
  return payer === 'tenant' && model.vendor !== vendor;
}

/*
 * How an arm reads an id that it takes by its name: what is sent to the provider, and which model is meant. A name proves nothing, so
 * whatever the registry knows about it counts: an id that means another vendor's model, or that spells one of this vendor otherwise than
 * the vendor does, is not one that the arm reaches.
 */

interface NameReading {
  /** As the provider takes it: without the word that only says which provider is meant. */
  readonly wireId: string;
  /** What the registry knows of it. */
  readonly model: Model | undefined;
  /** False: the registry knows the model by another id, or of another vendor. */
  readonly fits: boolean;
}

/** No model has a longer id, whatever a form says. */
const longestId = 200;

/** Letters and digits with single signs between them. */
const wellFormed = /^[A-Za-z0-9]+(?:[._+~/:@-][A-Za-z0-9]+)*$/;

/** Undefined where the arm does not take it. */
function readName(loaded: LoadedRegistry, arm: NamedArm, id: string): NameReading | undefined {
  if (id.length > longestId || !wellFormed.test(id) || !arm.takes(id)) return undefined;
  const texts = [id, arm.behindWord(id)].filter((text) => text !== undefined);
  const name = ownName(arm, texts);
  if (name !== undefined) return { ...name, fits: true };
  const wireId = texts.at(-1) ?? id;
  const meant = [...new Set(texts.toReversed().flatMap((text) => meantInAnySpelling(loaded, text)))];
  const own = meant.find(({ vendor }) => vendor === arm.route.vendor);
  // Who makes no models serves those of others, under names of its own.
  if (arm.names.size === 0) return { wireId, model: meant[0], fits: true };
  const strangeSign = ['/', ':', '@'].some((sign) => wireId.includes(sign) && !arm.signs.has(sign));
  const model = own ?? meant[0];
  return { wireId, model, fits: model === undefined && !strangeSign };
}

/** A name of the vendor's own models, in its own spelling. */
function ownName(
  { names, inAnyCase }: NamedArm,
  texts: readonly string[],
): { readonly wireId: string; readonly model: Model } | undefined {
  for (const text of texts) {
    const known = names.get(text.toLowerCase()) ?? [];
    const found = known.find(({ id }) => id === text) ?? (inAnyCase(texts[0] ?? '') ? known[0] : undefined);
    if (found !== undefined) return { wireId: found.id, model: found.model };
  }
  return undefined;
}
