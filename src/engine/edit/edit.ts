/** Editing one document by the places in it, and taking the edits back: the pure editors under one roof. */
import { componentsOf } from '../rules/mapping.ts';
import { revertArray, rewriteArray } from './rewrite-array.ts';
import { revertJson } from './revert-json.ts';
import { rewriteJson } from './rewrite-json.ts';
import { revertComma, rewriteComma } from './rewrite-text.ts';
import type { Edit, SkippedEdit, ValueRule } from './value-rule.ts';
import type { Mapping } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';

export interface EditRule {
  readonly place: Place;
  readonly mappings: readonly Mapping[];
}

/** What a column holds: its text, and the elements where it is an array. */
export interface DocumentValue {
  readonly text: string;
  readonly elements: readonly (string | null)[] | null;
}

export type Edited =
  | { readonly kind: 'edited'; readonly value: DocumentValue; readonly edits: readonly Edit[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

export type Reverted =
  | {
      readonly kind: 'reverted';
      readonly value: DocumentValue;
      readonly reverted: readonly Edit[];
      readonly skipped: readonly SkippedEdit[];
    }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The document with the source replaced wherever one of the rules finds it. All rules are of one carrier. */
export function editDocument(rules: readonly EditRule[], value: DocumentValue): Edited {
  const carrier = rules[0]?.place.carrier;
  const values = rules.map(valueRule);
  if (carrier === 'array') {
    const result = rewriteArray(value.elements ?? [], values);
    return { kind: 'edited', value: { text: value.text, elements: result.values }, edits: result.edits };
  }
  const result = carrier === 'comma' ? rewriteComma(value.text, values) : rewriteJson(value.text, values);
  if ('invalid' in result) return { kind: 'unreadable', reason: result.invalid };
  return { kind: 'edited', value: { text: result.text, elements: null }, edits: result.edits };
}

/** The document with the edits taken back, each only where the value still is what was written. */
export function revertDocument(
  carrier: Place['carrier'],
  value: DocumentValue,
  edits: readonly Edit[],
): Reverted {
  if (carrier === 'array') {
    const { values, reverted, skipped } = revertArray(value.elements ?? [], edits);
    return { kind: 'reverted', value: { text: value.text, elements: values }, reverted, skipped };
  }
  const result = carrier === 'comma' ? revertComma(value.text, edits) : revertJson(value.text, edits);
  if ('invalid' in result) return { kind: 'unreadable', reason: result.invalid };
  return {
    kind: 'reverted',
    value: { text: result.text, elements: null },
    reverted: result.reverted,
    skipped: result.skipped,
  };
}

/** The rule of a place in the form that the editors take. */
function valueRule({ place, mappings }: EditRule): ValueRule {
  const fields = place.json?.fields;
  return {
    place: place.id,
    shape:
      place.carrier === 'comma'
        ? 'comma'
        : place.carrier === 'array'
          ? 'list'
          : (place.json?.shape ?? 'scalar'),
    components: fields === undefined ? componentsOf(place) : Object.keys(fields),
    mappings,
    ...(place.json === undefined ? {} : { pointer: place.json.pointer }),
    ...(fields === undefined ? {} : { fields }),
  };
}
