/** Can a text, or a JSON document, be stored as it is? How deep a document is and what its texts hold was asked before (limits.ts). */

/** No larger than it may be, and without a number that would come back as another value. */
export function isStorable(document: unknown, maxBytes: number): boolean {
  return keepsItsNumbers(document) && Buffer.byteLength(JSON.stringify(document)) <= maxBytes;
}

/** JSON may write 1e400; JavaScript reads it as Infinity, and it would be stored as null. */
function keepsItsNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(keepsItsNumbers);
}

/** PostgreSQL has no character for zero, and half a surrogate pair is none. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
