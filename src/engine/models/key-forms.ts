/** How the key of a row is written: a uuid in several ways, each of which stays what it is when the key becomes another one. */
import { isUuid } from '../uuid.ts';
import type { Spelling } from './model.ts';

/** The key as a uuid in the form that PostgreSQL prints, where it is one: dashed, or 32 hex digits. */
function uuidOf(key: string): string | undefined {
  if (isUuid(key)) return key.toLowerCase();
  if (!/^[\da-f]{32}$/i.test(key)) return undefined;
  const hex = key.toLowerCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const forms: readonly (readonly [form: string, write: (uuid: string) => string])[] = [
  ['dashed', (uuid) => uuid],
  ['DASHED', (uuid) => uuid.toUpperCase()],
  ['hex', (uuid) => uuid.replaceAll('-', '')],
  ['HEX', (uuid) => uuid.replaceAll('-', '').toUpperCase()],
  ['braces', (uuid) => `{${uuid}}`],
  ['BRACES', (uuid) => `{${uuid.toUpperCase()}}`],
  ['urn', (uuid) => `urn:uuid:${uuid}`],
];

/** The ways to write a key beside itself. Of one that is no uuid there is none; as a target it takes the place of each. */
export function keySpellings(key: string, side: 'source' | 'target'): Spelling[] {
  const uuid = uuidOf(key);
  if (uuid === undefined) return side === 'source' ? [] : forms.map(([prefix]) => ({ text: key, prefix }));
  return forms.map(([prefix, write]) => ({ text: write(uuid), prefix }));
}

/** Of more keys at once values are not looked for: each is a pattern over all texts of the database. */
export const mostLookedFor = 200;

/** From how many characters on a text is likely to be in no other place by chance. */
const tellingLength = 16;

/** Does a value that equals the key say that the row is meant? A number or a short text may stand for anything. */
export function isTelling(key: string): boolean {
  return uuidOf(key) !== undefined || (key.length >= tellingLength && /\d/.test(key));
}

/** What an inventory looks for: the key, and where it is a uuid its 32 digits, too. Letters count in any case. */
export function keyTexts(key: string): readonly { readonly text: string; readonly by: 'name' | 'key' }[] {
  const uuid = uuidOf(key);
  if (uuid !== undefined)
    return [
      { text: uuid, by: 'key' },
      { text: uuid.replaceAll('-', ''), by: 'name' },
    ];
  return isTelling(key) ? [{ text: key, by: 'name' }] : [];
}
