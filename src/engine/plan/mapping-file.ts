/**
 * A file of keys, as CSV (RFC 4180): the header `from,to`, with `tenant` where it is about several, and a row for each pair. Read
 * whole: every line that cannot be read is named, not only the first.
 */
import type { KeyPair } from '../key-pairs.ts';

/** A pair, and the line of the file on which it begins. */
export interface MappingEntry extends KeyPair {
  readonly line: number;
  readonly tenant?: string;
}

export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

export interface MappingFile {
  readonly entries: readonly MappingEntry[];
  readonly problems: readonly LineProblem[];
  /** Has it a column with tenants? */
  readonly tenants: boolean;
}

/** So many pairs one file may have. */
export const mostPairs = 100_000;

export function readMapping(text: string): MappingFile {
  const { records, problems } = recordsOf(text);
  const [header, ...rows] = records;
  const wrong = headerProblem(header);
  if (header === undefined || wrong !== undefined)
    return { entries: [], problems: problems.length > 0 ? problems : [wrong ?? empty], tenants: false };
  const names = header.fields;
  const tenants = names.includes('tenant');
  const [from, to, tenant] = ['from', 'to', 'tenant'].map((name) => names.indexOf(name));
  const entries: MappingEntry[] = [];
  const found = [...problems];
  for (const { line, fields } of rows.slice(0, mostPairs)) {
    const value = (at: number | undefined): string => fields[at ?? -1] ?? '';
    if (fields.length !== names.length)
      found.push({ line, message: `it has ${fields.length} fields, and the header ${names.length}` });
    else if (tenants && value(tenant) === '') found.push({ line, message: 'tenant is empty' });
    else
      entries.push({ line, from: value(from), to: value(to), ...(tenants ? { tenant: value(tenant) } : {}) });
  }
  const beyond = rows[mostPairs];
  if (beyond !== undefined)
    found.push({ line: beyond.line, message: `there are more than ${mostPairs} pairs: divide the file` });
  if (rows.length === 0 && problems.length === 0)
    found.push({ line: header.line, message: 'there is a header and no pair' });
  return { entries, problems: found.toSorted((a, b) => a.line - b.line), tenants };
}

const empty: LineProblem = { line: 1, message: 'the file is empty' };

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

function headerProblem(header: CsvRecord | undefined): LineProblem | undefined {
  if (header === undefined) return empty;
  const names = new Set(header.fields);
  const isKnown = header.fields.every((name) => name === 'from' || name === 'to' || name === 'tenant');
  const isWhole = names.has('from') && names.has('to') && names.size === header.fields.length;
  if (isKnown && isWhole) return undefined;
  return { line: header.line, message: 'the header is "from,to", or "from,to,tenant"' };
}

/** A field, with or without quotes, and what ends it. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function recordsOf(text: string): { readonly records: CsvRecord[]; readonly problems: LineProblem[] } {
  const records: CsvRecord[] = [];
  const problems: LineProblem[] = [];
  let line = 1;
  let start = line;
  let fields: string[] = [];
  for (let at = 0; at < text.length;) {
    field.lastIndex = at;
    const found = field.exec(text);
    if (found === null) {
      problems.push({ line: start, message: faultAt(text, at) });
      const next = text.indexOf('\n', at);
      if (isOpen(text, at) || next === -1) return { records, problems };
      at = next + 1;
      line += 1;
      start = line;
      fields = [];
      continue;
    }
    const [whole, quoted, plain = '', end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length;
    line += whole.split('\n').length - 1;
    if (end === ',' && at < text.length) continue;
    if (end === ',') fields.push('');
    records.push({ line: start, fields });
    start = line;
    fields = [];
  }
  return { records, problems };
}

/** Does a field begin there with a quote that nothing closes? */
function isOpen(text: string, at: number): boolean {
  return text[at] === '"' && !/^"(?:[^"]|"")*"(?!")/.test(text.slice(at));
}

function faultAt(text: string, at: number): string {
  if (isOpen(text, at)) return 'a quote is opened and not closed';
  return text[at] === '"'
    ? 'something follows a closing quote within the field'
    : 'a quote or a carriage return stands within a field that is not in quotes';
}
