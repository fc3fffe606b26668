/** Cursors of pages: where the next page begins, as text that says nothing to whoever holds it. */
import { DroverError } from '../errors.ts';
import type { RequestFault } from './api/problem.ts';
import { isStorableText } from './storable.ts';

/** The text of a position: the values that the list is ordered by, of the last row that was given. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws REQUEST_INVALID for anything that is no cursor of a list with so many values */
export function decodeCursor(text: string, values: number): string[] {
  const position = read(text);
  const fits =
    Array.isArray(position) &&
    position.length === values &&
    position.every((value) => typeof value === 'string' && isStorableText(value));
  if (fits) return position;
  throw invalidCursor();
}

/** The refusal of a text that is no position in the list it was given for. */
export function invalidCursor(): DroverError {
  const errors: RequestFault[] = [{ in: 'query', pointer: '/cursor', message: 'is no cursor of this list' }];
  return new DroverError('REQUEST_INVALID', 'The cursor is none of this list; begin again without one.', {
    errors,
  });
}

function read(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}
