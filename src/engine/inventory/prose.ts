/** Does a name stand in running text, which people wrote to be read? */

const fewestWords = 12;

/** @param at where the name begins. What follows a key that speaks of a model is a setting, whatever is around it. */
export function readsAsProse(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at);
  if (/(?:model|llm|engine)[\w"']*\s*[:=]\s*["'[]?$/i.test(before)) return false;
  return text.trim().split(/\s+/, fewestWords).length >= fewestWords;
}
