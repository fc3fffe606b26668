/**
 * How an arm reads an id that it takes by its name: what is sent to the provider, and which model is meant. A name proves nothing, so
 * whatever the registry knows about it counts: an id that means another vendor's model, or that spells one of this vendor otherwise than
 * the vendor does, is not one that the arm reaches.
 */
import { meantInAnySpelling } from '../known/any-spelling.ts';
import type { LoadedRegistry } from '../load/load.ts';
import type { NamedArm } from '../load/routes.ts';
import type { Model } from '../load/shape.ts';

export interface NameReading {
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
export function readName(loaded: LoadedRegistry, arm: NamedArm, id: string): NameReading | undefined {
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
