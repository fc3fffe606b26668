/** What to offer instead of a model that a runtime does not take: its family, its replacement, then the menu. */
import { compareText } from '../../engine/order.ts';
import { findArm, findMeant, stoppedAs } from './choose-arm.ts';
import type { Question } from './choose-arm.ts';
import { findSuccessor } from '../known/lifecycle.ts';
import type { RuntimeRoutes } from './routes.ts';
import type { Model } from '../load/shape.ts';

const most = 5;

/** An id as the runtime spells it, and the model behind it. */
interface Candidate {
  readonly id: string;
  readonly model: Model;
}

/** Up to five ids that the runtime takes, best first, one for each model; each of them would be allowed. */
export function suggestModels(question: Question, models: readonly Model[]): string[] {
  const { routes, runtime, model } = question;
  const asked = findMeant(routes, model);
  const family = asked?.family ?? familyMeant(models, model);
  const successor = asked === undefined ? undefined : findSuccessor({ models }, asked.id);
  const { menu, reachable } = reachableOn(runtime, models);
  const those = (wanted: (each: Model) => boolean): Candidate[] =>
    reachable.filter((each) => wanted(each.model));
  return chooseAllowed(question, [
    // The model that was meant, as this runtime spells it.
    ...those(({ id }) => id === asked?.id),
    ...those((each) => each.family === family).sort(goingAwayLast),
    ...those(({ id }) => id === successor?.id),
    ...menu,
  ]);
}

interface Reachable {
  readonly menu: readonly Candidate[];
  /** The menu, and what goes by name. */
  readonly reachable: readonly Candidate[];
}

/** Made when the first pair is refused on a runtime; it follows from the registry alone. */
const reachables = new WeakMap<RuntimeRoutes, Reachable>();

function reachableOn(runtime: RuntimeRoutes, models: readonly Model[]): Reachable {
  const known = reachables.get(runtime);
  if (known !== undefined) return known;
  const menu = menuOf(runtime);
  const made = { menu, reachable: [...menu, ...takenByName(runtime, models)] };
  reachables.set(runtime, made);
  return made;
}

function chooseAllowed(question: Question, ranked: readonly Candidate[]): string[] {
  const chosen = new Map<string, string>();
  for (const { id, model } of ranked) {
    if (chosen.size === most) break;
    if (id === question.model || chosen.has(model.id)) continue;
    if (isAllowed({ ...question, model: id })) chosen.set(model.id, id);
  }
  return [...chosen.values()];
}

/** As a new choice, whatever the workspace has. */
function isAllowed(question: Question): boolean {
  const found = findArm(question);
  if (found === undefined || 'several' in found) return false;
  return stoppedAs(found.model, { today: question.request.today }) === undefined;
}

function menuOf({ listed }: RuntimeRoutes): Candidate[] {
  return [...listed.values()].flatMap(({ id, arms }) => {
    const model = arms[0]?.model;
    return model === undefined ? [] : [{ id, model }];
  });
}

/** Models that an arm takes by name: as their vendor calls them, or with the word of the provider before it. */
function takenByName({ named }: RuntimeRoutes, models: readonly Model[]): Candidate[] {
  return named.flatMap(({ route, takes, prefixes }) =>
    models
      .filter(({ vendor }) => vendor === route.vendor)
      .flatMap((model) => {
        const id = [model.id, ...prefixes.map((prefix) => prefix + model.id)].find(takes);
        return id === undefined ? [] : [{ id, model }];
      }),
  );
}

/** Of an id that nobody knows, the family that it begins with: `claude-opus-9` → claude-opus. */
function familyMeant(models: readonly Model[], id: string): string | undefined {
  const own = id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf(':')) + 1).toLowerCase();
  return [...new Set(models.map(({ family }) => family))]
    .filter((family) => own.startsWith(family) && !/[a-z]/.test(own.charAt(family.length)))
    .sort((a, b) => b.length - a.length || compareText(a, b))[0];
}

/** Otherwise in the order of the menu, which is an order of preference. */
function goingAwayLast({ model: a }: Candidate, { model: b }: Candidate): number {
  return Number(a.lifecycle.status !== 'active') - Number(b.lifecycle.status !== 'active');
}
