/** Does a name stand in running text, which people wrote to be read? */

const fewestWords = 6;
const smallestShare = 0.6;
/** Enough of a long text to tell what it is. */
const judged = 400;

/** @param at where the name begins. What follows a key that speaks of a model is a setting, whatever is around it. */
export function readsAsProse(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at);
  if (/(?:model|llm|engine)[\w"']*\s*[:=]\s*["'[]?$/i.test(before)) return false;
  const tokens = text
    .slice(Math.max(0, at - judged), at + judged)
    .trim()
    .split(/\s+/);
  const words = tokens.filter(
    (token) => /^["'“(]*\p{L}+(?:['’]\p{L}+)?[.,;:!?"'”)]*$/u.test(token) && !token.endsWith(':'),
  );
  return words.length >= fewestWords && words.length >= tokens.length * smallestShare;
}
