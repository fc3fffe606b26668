/** Can PostgreSQL hold it? A request that it cannot store is the caller's mistake and must not become an error inside. */

/** Text without NUL and without half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

const maxDepth = 64;

/** A JSON document: no deeper and no larger than it may be, and without a text or number that cannot be stored. */
export function isStorable(document: unknown, maxBytes: number): boolean {
  return isStorableValue(document, 0) && Buffer.byteLength(JSON.stringify(document)) <= maxBytes;
}

function isStorableValue(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isStorableText(value);
  // JSON writes 1e400, JavaScript reads it as Infinity, and it would come back as null.
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === maxDepth) return false;
  return Object.entries(value).every(
    ([name, inner]) => isStorableText(name) && isStorableValue(inner, depth + 1),
  );
}
