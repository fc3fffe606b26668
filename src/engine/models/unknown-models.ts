/** Models that a database names by text only: is the name anybody's? A name that nobody knows may be a slip of the finger. */
import type { ModelKnowledge } from './knowledge.ts';
import type { ModelFacts, ModelPair } from './model.ts';
import { modelLabel } from './model.ts';
import { nearestOf } from './select.ts';
import type { Naming } from './select.ts';

export type Side = 'source' | 'target';

/** The models of which neither the configuration nor what is known has the name. */
export function unknownSides(pair: ModelPair, config: Naming): Side[] {
  const sides = ['source', 'target'] as const;
  return sides.filter((side) => pair[side].knownKind === undefined && !isSpelled(pair[side], config));
}

/** Has somebody said how it is written? */
function isSpelled({ components }: ModelFacts, { model = {} }: Naming): boolean {
  return Object.hasOwn(model.spellings?.['name'] ?? {}, components['name'] ?? '');
}

interface Unknown {
  readonly side: Side;
  readonly pair: ModelPair;
  /** Names beside those that are used. */
  readonly knowledge?: ModelKnowledge;
  /** Names that the data holds where models are named. */
  readonly used: readonly string[];
}

/** What is said of a name that nobody knows, with the three nearest that somebody does. */
export function unknownModel({ side, pair, knowledge, used }: Unknown): { message: string; near: string[] } {
  const { source, target } = pair;
  const kind = (side === 'source' ? target : source).knownKind;
  const name = pair[side].components['name'] ?? '';
  const names = [...(knowledge?.names(kind) ?? []), ...used].filter((each) => each !== name);
  const near = nearestOf(name, names);
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(', ')}?`;
  const nowhere = side === 'source' ? 'nothing names it' : 'no live row names it';
  const message = `${side}: the registry knows no model "${modelLabel(pair[side])}", and ${nowhere}.${hint}`;
  return { message, near };
}
