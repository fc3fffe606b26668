/** Commands that a person pastes into a POSIX shell. */
import { isSharedRows } from '../tenant.ts';
import type { Intent } from './intent.ts';
import { printable } from './row-text.ts';

/** A text as one word of a command, whatever it holds. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : quoted(printable(text));
}

/** A text between quotes, in which a shell takes nothing for more than it is. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * An intent as options of `drover plan` and `drover apply`: they ask for the same move again.
 * @param asked was it forced, and why; a record needs a reason where something is forced, or where models are meant that nobody knows
 */
export function moveWords(
  { tenant, rows, from, to, kind, entityTypes, parameters, answers, leaveAsks, allowUnknown }: Intent,
  { forced = false, reason }: { readonly forced?: boolean; readonly reason?: string | null } = {},
): string {
  const word = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`];
  return [
    ...(isSharedRows(tenant) ? ['--shared'] : word('tenant', tenant)),
    ...word('table', rows),
    ...word('from', from),
    ...word('to', to),
    ...(rows === undefined ? word('kind', kind) : []),
    ...word('types', entityTypes?.join(',')),
    ...word('parameters', parameters),
    ...Object.entries(answers).flatMap(([place, answer]) => word('answer', `${place}=${answer}`)),
    ...(leaveAsks ? ['--leave-asks'] : []),
    ...(allowUnknown === true ? ['--allow-unknown'] : []),
    ...(forced ? ['--force'] : []),
    ...(forced || allowUnknown === true ? word('reason', reason ?? 'TEXT') : []),
  ].join(' ');
}
