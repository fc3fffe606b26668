/** What a function touches: what the database knows of its body, and else the names of tenants' tables in the text. */
import type { FunctionFact, RelationFact } from '../../../engine/isolation/facts.ts';
import type { Ground } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';

/** A body is a text in its own language: that a table is named there is evidence, and no proof. */
export function touchedTables(ground: Ground, { body, reads }: FunctionFact): RelationFact[] {
  const owned = [...ownedRelations(ground).values()];
  return owned.filter(({ id, name }) => reads.includes(id) || names(body, name));
}

/** Does the text name it, plain or quoted? */
export function names(text: string, name: string): boolean {
  const escaped = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const isPlain = /^[a-z_][a-z0-9_$]*$/.test(name);
  return (
    text.includes(`"${name.replaceAll('"', '""')}"`) ||
    (isPlain && new RegExp(`\\b${escaped}\\b`, 'i').test(text))
  );
}
