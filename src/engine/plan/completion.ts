/**
 * The words for what a plan or a migration leaves on the source. They are the same in plans, results, runs, JSON, HTTP and calendars:
 *
 * - `complete`: nothing live names the source, rows of everybody included;
 * - `complete for the tenant`: nothing live of the tenant does, but rows that belong to everybody, to nobody or to several tenants do;
 * - `partial`: something live of the tenant is left.
 */
export const completions = ['complete', 'complete for the tenant', 'partial'] as const;

export type Completion = (typeof completions)[number];

/** What stays, as far as the words go. */
interface Staying {
  readonly reason: string;
  readonly live: boolean;
}

/** Rows that are no tenant's own: a plan for one tenant never changes them. */
const sharedReasons: ReadonlySet<string> = new Set(['global', 'no-owner']);

export function isShared({ reason }: Pick<Staying, 'reason'>): boolean {
  return sharedReasons.has(reason);
}

/** What is said of a tenant of which this stays. */
export function completionOf(leftBehind: readonly Staying[]): Completion {
  const live = leftBehind.filter((entry) => entry.live);
  if (live.some((entry) => !isShared(entry))) return 'partial';
  return live.length > 0 ? 'complete for the tenant' : 'complete';
}

/** The worst of several words: what is said of all together. */
export function worstOf(words: readonly Completion[]): Completion {
  const ranks = words.map((word) => completions.indexOf(word));
  return completions[Math.max(0, ...ranks)] ?? 'partial';
}
