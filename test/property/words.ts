/** The values of a case: plain ones, and ones that look like a piece of SQL to whoever reads SQL as text. */

export interface Words {
  /** Three spellings; the first is the name. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly other: string;
  /** Begins like the source. */
  readonly longer: string;
  readonly acme: readonly string[];
  readonly beta: readonly string[];
  readonly active: string;
  readonly draft: string;
  readonly archived: string;
  /** The mark of a retired model. */
  readonly gone: string;
  readonly high: string;
  readonly medium: string;
  readonly parameters: string;
  /** What is true of every row, as SQL; conditions end with it. */
  readonly always: string;
}

const plain: Words = {
  source: ['old-1', 'Old One', 'old_1'],
  target: ['new-1', 'New One'],
  other: 'other-1',
  longer: 'old-1-mini',
  acme: ['acme', 'vendor/acme', 'ACME'],
  beta: ['beta', 'vendor/beta'],
  active: 'active',
  draft: 'draft',
  archived: 'archived',
  gone: 'gone',
  high: 'high',
  medium: 'medium',
  parameters: '{"temperature": 1}',
  always: 'true',
};

const planted: Words = {
  source: ["old '$1' UPDATE", 'Old :one $2', 'old_1 DELETE FROM'],
  target: [String.raw`new "$2" \ --`, 'New ?'],
  other: 'other $1 ?',
  longer: "old '$1' UPDATE-mini",
  acme: ['acme $1', 'vendor/acme $1', 'ACME INSERT INTO'],
  beta: ['be"ta', "vendor/be'ta"],
  active: '$1',
  draft: '/*wave: UPDATE */',
  archived: "INSERT INTO x -- '?'",
  gone: '$1 /*',
  high: 'hi $1',
  medium: String.raw`\ UPDATE :m`,
  parameters: '{"$1": "UPDATE -- /*"}',
  always:
    String.raw`'$1' <> 'INSERT INTO' /* UPDATE $2 */ AND '/*wave: x */' <> E'\\ '' ?' AND '{"$1": 1}'::jsonb ? '$1' -- DELETE FROM :name` +
    '\n',
};

export type WordStyle = 'plain' | 'planted';

export function wordsFor(style: WordStyle): Words {
  return style === 'planted' ? planted : plain;
}

/** A value as SQL writes it; conditions of the configuration are SQL. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
