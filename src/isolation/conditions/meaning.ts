/** How meanings go together: under AND one that restricts is enough, under OR each branch has to. */
import type { Meaning, OpenReason, RowTie } from './condition.ts';

export const everyRow: Meaning = { is: 'true' };
export const noRow: Meaning = { is: 'false' };

export function open(why: OpenReason): Meaning {
  return { is: 'open', why };
}

export function unread(why: string): Meaning {
  return { is: 'unread', why };
}

export function restricts(by: RowTie, ownerless = false): Meaning {
  return { is: 'restricts', by, ownerless };
}

type Restricting = Extract<Meaning, { is: 'restricts' }>;

/** The one that says most of the row. */
function strongest(ties: readonly Restricting[], order: readonly RowTie[]): Restricting | undefined {
  return order.flatMap((by) => ties.find((tie) => tie.by === by) ?? [])[0];
}

/** Where nothing restricts, what was not understood might. */
export function allOf(meanings: readonly Meaning[]): Meaning {
  const find = (is: Meaning['is']): Meaning | undefined => meanings.find((meaning) => meaning.is === is);
  const ties = meanings.filter((meaning) => meaning.is === 'restricts');
  // One that belongs to nobody and to the caller at once is none.
  const ownerless = ties.every((tie) => tie.ownerless);
  const found = (order: readonly RowTie[]): Meaning | undefined => {
    const tie = strongest(ties, order);
    return tie === undefined ? undefined : { ...tie, ownerless };
  };
  return (
    find('false') ??
    found(['owner', 'nobody']) ??
    find('unread') ??
    found(['operator']) ??
    find('open') ??
    everyRow
  );
}

/** One open branch opens all, whatever the branches that were not understood say. */
export function anyOf(meanings: readonly Meaning[]): Meaning {
  const branches = meanings.filter(({ is }) => is !== 'false');
  const find = (is: Meaning['is']): Meaning | undefined => branches.find((meaning) => meaning.is === is);
  const ties = branches.filter((meaning) => meaning.is === 'restricts');
  const tie = strongest(ties, ['owner', 'operator', 'nobody']);
  const restricting =
    tie === undefined ? noRow : { ...tie, ownerless: ties.some(({ ownerless }) => ownerless) };
  return find('true') ?? find('open') ?? find('unread') ?? restricting;
}

export function notOf(meaning: Meaning): Meaning {
  if (meaning.is === 'true') return noRow;
  if (meaning.is === 'false') return everyRow;
  return meaning.is === 'unread' ? meaning : open('no owner');
}
