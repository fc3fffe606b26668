/**
 * How large a value may be to be edited. It is held several times over while it is edited, and what it becomes travels as a list in one
 * text, of which neither JavaScript nor PostgreSQL takes any size. What is larger is not edited, and a plan names it.
 */
export const largest = {
  /** Of the text, where it comes from a database. */
  bytes: 64 * 1024 * 1024,
  /** Objects, lists and scalars of a document. */
  values: 4_000_000,
  /** Characters that the journal keeps of the edits of one value. */
  edits: 128 * 1024 * 1024,
} as const;

/** Is it more than the journal can keep of one value? */
export function isTooMuch(
  edits: readonly { readonly pointer: string; readonly before: string; readonly after: string }[],
): boolean {
  let characters = 0;
  for (const { pointer, before, after } of edits) characters += pointer.length + before.length + after.length;
  return characters > largest.edits;
}
