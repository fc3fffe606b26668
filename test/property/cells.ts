/**
 * Columns of every type with values that name a model in every form, and an oracle that reads them in plain JavaScript. It shares
 * nothing with the inventory: it takes a cell apart into texts and looks for the name between its boundaries.
 */
import fc from 'fast-check';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';

export const source = 'gpt-4o';
export const target = 'gpt-4.1';
/** A spelling that only the configuration knows. */
export const nickname = 'omni-one';

/** Texts that name the source. */
const naming = [
  source,
  'GPT-4o',
  ` ${source} `,
  nickname,
  `openai/${source}`,
  `--model=${source}`,
  `model: ${source}\ntemperature: 0`,
  `o3, ${source}`,
  `https://x.example/deployments/${source}/chat`,
  `["o3", "${source}"]`,
  `{"llm": {"model": "${source}"}}`,
  String.raw`{"cfg": "{\"model\": \"gpt-4o\"}"}`,
  String.raw`{"m": "gpt\u002d4o"}`,
  `{"${source}": {"rpm": 5}}`,
];
/** Texts that look like it and name others, or nobody. */
const others = [
  'o3',
  `${source}-mini`,
  `my-${source}`,
  `${source}-2024-08-06`,
  '{"model": "o3"}',
  '',
  '[]',
  target,
];

const texts: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...naming), fc.constantFrom(...others));

const documents = fc.letrec<{ tree: unknown; leaf: unknown; object: unknown; list: unknown }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('object'), tie('list')),
  leaf: fc.oneof(texts, fc.constantFrom(null, 7, true)),
  list: fc.array(tie('tree'), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom('model', 'llm', 'a/b', '~', '1234', source, nickname, 'constructor', '__proto__'), tie('tree'), {
    maxKeys: 3,
  }),
})).tree; // prettier-ignore

/** A type of column: its values as PostgreSQL reads them, the place that covers it, and the cell as a query gives it to the oracle. */
export interface CellKind {
  readonly type: string;
  readonly cells: fc.Arbitrary<string>;
  readonly places: readonly Omit<PlaceConfig, 'at'>[];
  /** How the oracle has the column read; `$` is the column. */
  readonly read?: string;
  readonly prose?: true;
  /** Of the server alone: an extension has it, or the embedded database is built without it. */
  readonly server?: true;
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
const lists = (cells: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(cells, { maxLength: 3 }).map((all) => `{${all.map(quoted).join(',')}}`);
const json = documents.map((document) => JSON.stringify(document));
const labels = fc.constantFrom(source, 'o3', `${source}-mini`);
const whole: CellKind['places'] = [{}];
const listed: CellKind['places'] = [{ shape: 'list' }];
const pointed: CellKind['places'] = [
  { json: '/**' },
  { json: '/llm/**' },
  { json: '/model' },
  { json: '/*/~json/**' },
];
const sentences = fc
  .tuple(fc.nat({ max: 9999 }), fc.constantFrom('We saw', 'Yesterday', 'In the meeting', 'Nobody thought that'), fc.constantFrom('o3', source, 'it'))
  .map(([number, first, name]) => `${first} that ${name} was slower than we had hoped, and ticket ${number} was opened about it by the team.`); // prettier-ignore

export const cellKinds: Readonly<Record<string, CellKind>> = {
  text: { type: 'text', cells: texts, places: [...whole, { json: '/**' }, { shape: 'comma' }, { role: 'prose' }] },
  varchar: { type: 'varchar(200)', cells: texts, places: whole },
  domain: { type: 'named', cells: texts, places: whole },
  padded: { type: 'char(90)', cells: texts, places: whole },
  enum: { type: 'label', cells: labels, places: whole },
  enums: { type: 'label[]', cells: lists(labels), places: listed, read: 'to_jsonb($)' },
  list: { type: 'text[]', cells: lists(texts), places: listed, read: 'to_jsonb($)' },
  json: { type: 'json', cells: json, places: pointed },
  jsonb: { type: 'jsonb', cells: json, places: pointed },
  documents: { type: 'jsonb[]', cells: lists(json), places: listed, read: 'to_jsonb($)' },
  // The first field alone has a name: quoting within quoting is for the oracle as for a person hard to read.
  composite: { type: 'pick', cells: labels.map((name) => `(${name},1)`), places: [], },
  range: { type: 'name_range', cells: labels.map((name) => `[${name},${name}]`), places: [] },
  bytes: { type: 'bytea', cells: texts.map((text) => `\\x${Buffer.from(text).toString('hex')}`), places: [], read: `'bytes ' || convert_from($, 'UTF8')` },
  xml: { type: 'xml', cells: labels.map((name) => `<m a="${name}"/>`), places: [], server: true },
  citext: { type: 'citext', cells: texts, places: whole, server: true },
  pairs: { type: 'hstore', cells: texts.map((text) => `${quoted('model')}=>${quoted(text)}`), places: [], read: 'to_jsonb($)', server: true },
  prose: { type: 'text', cells: sentences, places: [{ role: 'prose' }], prose: true },
}; // prettier-ignore

/** Does the cell name the source? Every text in it is looked at, at any depth. */
export function namesSource(cell: string | null): boolean {
  return cell !== null && textsOf(cell).some((text) => pattern.test(text));
}

/** Between token boundaries, in letters of any case; a day behind it makes it another model. */
const pattern = new RegExp(`(?<![\\w.-])(${source}|${nickname})(?![\\w-]|\\.\\d)`, 'i');

function textsOf(text: string): string[] {
  if (!/^\s*[[{"]/.test(text)) return [text];
  try {
    return within(JSON.parse(text));
  } catch {
    return [text];
  }
}

function within(value: unknown): string[] {
  if (typeof value === 'string') return textsOf(value);
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(within);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...within(inner)]);
}
