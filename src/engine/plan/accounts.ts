/**
 * Accounts: what becomes of each occurrence of the source. Every occurrence has one, so their sum is what the inventory counted. The unit
 * is one value: a row counts once for each place of it that names the source, a document once for each value in it.
 */
export const accountNames = [
  'move',
  'history',
  'dead copy',
  'shared',
  'other tenant',
  'asked',
  'mention',
  'kept',
  'left',
  'unaccounted',
] as const;

type Account = (typeof accountNames)[number];

/** Only accounts with occurrences. */
export type Accounts = Readonly<Partial<Record<Account, number>>>;

/** By the reason for which something stays. */
const byReason: ReadonlyMap<string, Account> = new Map([
  ['history', 'history'],
  ['dead', 'history'],
  ['dead-copy', 'dead copy'],
  ['global', 'shared'],
  ['no-owner', 'shared'],
  ['shared', 'shared'],
  ['other-tenant', 'other tenant'],
  ['disagreeing-owners', 'asked'],
  ['ask', 'asked'],
  ['mention', 'mention'],
  ['kept', 'kept'],
  ['denied', 'kept'],
  ['unaccounted', 'unaccounted'],
]);

/** What is left although it was not kept on purpose: not asked for, not allowed, colliding, bound to data. */
export function accountOf(reason: string): Account {
  return byReason.get(reason) ?? 'left';
}

/** How many values name it in the rows of an entry. */
export function occurrencesOf({
  count,
  occurrences = count,
}: {
  readonly count: number;
  readonly occurrences?: number;
}): number {
  return occurrences;
}

/** The sum of some occurrences by account. */
export function sumAccounts(
  entries: readonly { readonly account: Account; readonly count: number }[],
): Accounts {
  const sums = new Map<Account, number>();
  for (const { account, count } of entries) sums.set(account, (sums.get(account) ?? 0) + count);
  const ordered = accountNames.flatMap((name): [Account, number][] => {
    const count = sums.get(name) ?? 0;
    return count === 0 ? [] : [[name, count]];
  });
  return Object.fromEntries(ordered);
}

function totalOf(accounts: Accounts): number {
  return Object.values(accounts).reduce((sum, count) => sum + count, 0);
}

const words: Readonly<Record<Account, readonly [one: string, many: string]>> = {
  move: ['moves', 'move'],
  history: ['is history', 'are history'],
  'dead copy': ['is a dead copy', 'are dead copies'],
  shared: ['is shared', 'are shared'],
  'other tenant': ["is another tenant's", "are other tenants'"],
  asked: ['is asked about', 'are asked about'],
  mention: ['is a mention', 'are mentions'],
  kept: ['is kept', 'are kept'],
  left: ['is left', 'are left'],
  unaccounted: ['is unaccounted', 'are unaccounted'],
};

/** `143 occurrences: 120 move, 16 are history, 4 are shared, 3 are asked about`. */
export function accountsText(accounts: Accounts): string {
  const total = totalOf(accounts);
  const parts = accountNames.flatMap((name) => {
    const count = accounts[name] ?? 0;
    return count === 0 ? [] : [`${count} ${words[name][count === 1 ? 0 : 1]}`];
  });
  if (total === 0) return 'No occurrence was found';
  return `${occurrenceCount(total)}: ${parts.join(', ')}`;
}

/** `1 occurrence`, `2 occurrences`. */
export function occurrenceCount(occurrences: number): string {
  return occurrences === 1 ? '1 occurrence' : `${occurrences} occurrences`;
}
