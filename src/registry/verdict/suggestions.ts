/** What to offer instead of a model that a runtime does not take: its family, its replacement, then the menu. */
import { compareText } from '../../engine/order.ts';
import { decide } from './choose-arm.ts';
import type { ArmQuestion } from './choose-arm.ts';
import { findSuccessor } from '../known/lifecycle.ts';
import { meantInAnySpelling } from '../known/any-spelling.ts';
import { findMeant } from '../load/routes.ts';
import type { KnownId, RuntimeRoutes } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

const most = 5;

/** Up to five ids that would be allowed, best first, one for each model. */
export function suggestModels(question: ArmQuestion): string[] {
  const { loaded, runtime, model } = question;
  const { models } = loaded.registry;
  const asked = findMeant(loaded.routes, model) ?? meantInAnySpelling(loaded, model)[0];
  const family = asked?.family ?? familyMeant(models, model);
  const successor = asked === undefined ? undefined : findSuccessor({ models }, asked.id);
  const menu = menuOf(runtime);
  const reachable = [...menu, ...runtime.named.flatMap(({ known }) => known)];
  const those = (wanted: (each: Model) => boolean): KnownId[] =>
    reachable.filter((each) => wanted(each.model));
  return chooseAllowed(question, [
    // The model that was meant, as this runtime spells it.
    ...those(({ id }) => id === asked?.id),
    ...those((each) => each.family === family).sort(goingAwayLast),
    ...those(({ id }) => id === successor?.id),
    ...menu,
  ]);
}

function chooseAllowed(question: ArmQuestion, ranked: readonly KnownId[]): string[] {
  const chosen = new Map<string, string>();
  for (const { id, model } of ranked) {
    if (chosen.size === most) break;
    if (id === question.model || chosen.has(model.id)) continue;
    if (isAllowed({ ...question, model: id })) chosen.set(model.id, id);
  }
  return [...chosen.values()];
}

/** As a new choice: what the workspace has does not count. */
function isAllowed(question: ArmQuestion): boolean {
  return decide({ ...question, request: { ...question.request, existing: false } }).kind === 'found';
}

function menuOf({ listed }: RuntimeRoutes): KnownId[] {
  return [...listed.values()].flatMap(({ id, arms }) => {
    const model = arms[0]?.model;
    return model === undefined ? [] : [{ id, model }];
  });
}

/** The family that an unknown id begins with: `claude-opus-9` → claude-opus. */
function familyMeant(models: readonly Model[], id: string): string | undefined {
  const own = id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf(':')) + 1).toLowerCase();
  return [...new Set(models.map(({ family }) => family))]
    .filter((family) => own.startsWith(family) && !/[a-z]/.test(own.charAt(family.length)))
    .sort((a, b) => b.length - a.length || compareText(a, b))[0];
}

/** Models that stay come first. The sort keeps the order of the menu, which is the order of preference. */
function goingAwayLast({ model: a }: KnownId, { model: b }: KnownId): number {
  return Number(a.lifecycle.status !== 'active') - Number(b.lifecycle.status !== 'active');
}
