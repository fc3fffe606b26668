/** Of which kinds two models are: what the database calls them, and what is known by their names. */
import type { ModelFacts, ModelPair } from './model.ts';
import { modelLabel } from './model.ts';

/** Do stored vectors belong to it? */
export function isEmbedding({ kind, knownKind }: ModelFacts): boolean {
  return kind === 'embedding' || knownKind === 'embedding';
}

/**
 * Why no reference to the source can be one to the target. Undefined where it can, or where the kind of one is not known.
 * `apart`: the database has a table for each kind. Then its word counts, but for vectors: a model that answers may also transcribe.
 */
export function differentKinds(
  { source, target }: ModelPair,
  { apart }: { readonly apart: boolean },
): { readonly message: string; readonly kinds: readonly [string, string] } | undefined {
  const [from, to] = [source.knownKind, target.knownKind];
  if (from === undefined || to === undefined || from === to) return undefined;
  if (apart && isEmbedding(source) === isEmbedding(target)) return undefined;
  const message = `The source ${modelLabel(source)} is of kind ${from}, the target ${modelLabel(target)} of kind ${to}.`;
  return { message, kinds: [from, to] };
}
