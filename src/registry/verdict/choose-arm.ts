/** Rows 6 to 10 of the verdict: which arm of a closed runtime has an id, and whether its model may be had. */
import type { Found } from './answer.ts';
import { modelsMeant } from '../load/routes.ts';
import type { ListedId, Route, Routes, RuntimeRoutes } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

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
export interface Question {
  readonly routes: Routes;
  readonly runtime: RuntimeRoutes;
  /** Trimmed. */
  readonly model: string;
  readonly request: RoutingRequest;
}

/** Several arms take a name, and the available secrets do not decide. */
export interface Undecided {
  readonly several: readonly Route[];
}

/** No model has a longer id, whatever a form says. */
const longestId = 200;

/** Rows 6 to 9. Undefined where no arm has the id. */
export function findArm(question: Question): Found | Undecided | undefined {
  const listed = question.runtime.listed.get(question.model);
  return listed === undefined ? findByName(question) : findListed(listed, question);
}

function findListed({ arms }: ListedId, { request }: Question): Found | undefined {
  const [first] = arms;
  if (first === undefined) return undefined;
  if (arms.length === 1) return { by: 'listed', route: first.route, model: first.model };
  const usable = arms.filter(({ route }) => accepts(route, request.secrets));
  return { by: usable.length === 1 ? 'listed-by-secrets' : 'listed-first', ...(usable[0] ?? first) };
}

function findByName({ routes, runtime, model, request }: Question): Found | Undecided | undefined {
  if (model.length > longestId) return undefined;
  const taking = runtime.named.filter(({ takes }) => takes(model));
  const [only, another] = taking;
  if (only === undefined) return undefined;
  const found = (by: Found['by'], route: Route): Found => ({
    by,
    route,
    model: modelBehind(routes, model, route),
  });
  if (another === undefined) return found('name', only.route);
  const usable = taking.filter(({ route }) => accepts(route, request.secrets));
  if (usable.length === 1 && usable[0] !== undefined) return found('name-by-secrets', usable[0].route);
  return { several: taking.map(({ route }) => route) };
}

/** Is one of the secrets there that the arm needs? */
function accepts({ needs }: Route, secrets: ReadonlySet<string> | undefined): boolean {
  return secrets !== undefined && needs.some((name) => secrets.has(name));
}

/**
 * The model of an id that was matched by its name: `claude-opus-4-7`, or what stands behind `anthropic/`. Facts hold on the
 * interface of the model's own vendor. An id of another provider means nothing, even where it is spelled the same.
 */
function modelBehind(routes: Routes, id: string, { vendor }: Route): Model | undefined {
  return modelsMeant(routes, id).find((model) => model.vendor === vendor);
}

/** The model of an id, with or without the word of a provider before it. */
export function findMeant(routes: Routes, id: string): Model | undefined {
  return modelsMeant(routes, id)[0];
}

/** Row 10: undefined where the model may be had. What was shut down runs nowhere, even where it is in use. */
export function stoppedAs(
  model: Model | undefined,
  { existing, today }: Pick<RoutingRequest, 'existing' | 'today'>,
): 'withdrawn' | 'retired' | undefined {
  if (model === undefined) return undefined;
  const { status, shutdown } = model.lifecycle;
  const over = today !== undefined && shutdown !== undefined && shutdown <= today;
  if (status === 'retired' || over) return 'retired';
  return status === 'withdrawn' && existing !== true ? 'withdrawn' : undefined;
}
