/**
 * What may be decided about an asset. The six words are written here and nowhere else: types, validators, options, documents and the
 * constraint of the database are compared with this list.
 */
export const strategies = ['rehost', 'replatform', 'refactor', 'repurchase', 'retire', 'retain'] as const;

export type Strategy = (typeof strategies)[number];

/** Those that a migration carries out: the row names another model afterwards. */
export function isMoving(strategy: Strategy): boolean {
  return strategy === 'rehost' || strategy === 'replatform';
}

/** Those that a person carries out, so that somebody must answer for it by a day. */
export function isTask(strategy: Strategy): boolean {
  return strategy === 'refactor' || strategy === 'repurchase';
}
