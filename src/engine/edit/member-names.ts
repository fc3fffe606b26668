/** Names of members that are names of models: `{"gpt-4o": {"limit": 5}}`. The name moves; the value and the order stay. */
import type { JsonObject, Span } from './json-text.ts';
import { targetOf } from './lists.ts';
import { betweenQuotes, type Splice, withSeparator } from './splices.ts';
import type { ValueRule } from './value-rule.ts';

interface Rename {
  readonly span: Span;
  readonly becomes: string;
}

export interface NameChanges {
  /** Members that get another name, each by itself. */
  readonly renames: readonly Rename[];
  /** Where members go, or a name is there twice, the object changes as a whole: its splices. */
  readonly rewritten: readonly Splice[];
  /** Members that stay, because another one has the name that they would get. */
  readonly colliding: number;
}

/** A member as it stands in the text; hidden ones too, otherwise a rename would show an older value. */
interface NamedMember extends Span {
  readonly name: string;
  readonly span: Span;
}

/** A name is never given twice: where the object has a member of the target's name, or two sources have one target. */
export function namesToChange(
  object: JsonObject,
  { mappings, dropRedundant = false }: ValueRule,
): NameChanges {
  const members = membersOf(object);
  const taken = new Set(
    members.map(({ name }) => name).filter((name) => targetOf(name, mappings) === undefined),
  );
  const becomes = new Map<string, string>();
  const redundant = new Set<string>();
  for (const { name } of members) {
    const to = targetOf(name, mappings);
    if (to === undefined || becomes.has(name)) continue;
    if (taken.has(to)) redundant.add(name);
    else becomes.set(name, to);
    taken.add(to);
  }
  const colliding = dropRedundant ? 0 : redundant.size;
  const renames = members.flatMap(({ name, span }): Rename[] => {
    const to = becomes.get(name);
    return to === undefined ? [] : [{ span, becomes: to }];
  });
  if (redundant.size === 0 && renames.length === becomes.size) return { renames, rewritten: [], colliding };
  const renamed = renames.map(({ span, becomes: to }) => betweenQuotes(span, to));
  return { renames: [], rewritten: [...renamed, ...without(members, redundant)], colliding };
}

function without(members: readonly NamedMember[], redundant: ReadonlySet<string>): Splice[] {
  const firstKept = members.findIndex(({ name }) => !redundant.has(name));
  return members.flatMap(({ name }, at) =>
    redundant.has(name) ? [withSeparator(members, at, firstKept)] : [],
  );
}

function membersOf({ members, hidden }: JsonObject): NamedMember[] {
  return [...members.values(), ...hidden]
    .flatMap(({ name: span, end, step }) =>
      span === undefined ? [] : [{ name: String(step), span, start: span.start, end }],
    )
    .sort((a, b) => a.start - b.start);
}
