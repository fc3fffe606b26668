/**
 * A file of keys, as CSV (RFC 4180) in UTF-8: the header `from,to`, with `tenant` where it is about several, and a row for each pair.
 * Every line that cannot be used is named, not only the first; a quote in the wrong place ends the reading, and that is said.
 */
import { parse } from 'csv-parse/sync';
import type { CsvErrorCode } from 'csv-parse/sync';
import type { KeyPair } from '../../engine/key-pairs.ts';

/** A pair, and the line of the file on which it begins. */
export interface MappingEntry extends KeyPair {
  readonly line: number;
  readonly tenant?: string;
}

export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

interface MappingFile {
  readonly entries: readonly MappingEntry[];
  readonly problems: readonly LineProblem[];
  /** Has it a column with tenants? */
  readonly tenants: boolean;
}

/** So many pairs one file may have. */
export const mostPairs = 100_000;

/** Bytes of a file: what it says, and every line that cannot be used. */
export function readMapping(bytes: Uint8Array): MappingFile {
  const text = decoded(bytes);
  if (typeof text !== 'string') return { entries: [], problems: [text], tenants: false };
  const { records, fault } = recordsOf(text);
  const [header, ...rows] = records;
  const wrong = fault === undefined || header !== undefined ? headerProblem(header) : fault;
  if (header === undefined || wrong !== undefined)
    return { entries: [], problems: [wrong ?? empty], tenants: false };
  const names = header.fields;
  const tenants = names.includes('tenant');
  const [from, to, tenant] = ['from', 'to', 'tenant'].map((name) => names.indexOf(name));
  const entries: MappingEntry[] = [];
  const problems: LineProblem[] = [];
  for (const { line, fields } of rows.slice(0, mostPairs)) {
    const value = (at: number | undefined): string => fields[at ?? -1] ?? '';
    if (fields.length !== names.length)
      problems.push({ line, message: `it has ${fields.length} fields, and the header ${names.length}` });
    else if (tenants && value(tenant) === '') problems.push({ line, message: 'tenant is empty' });
    else
      entries.push({ line, from: value(from), to: value(to), ...(tenants ? { tenant: value(tenant) } : {}) });
  }
  const beyond = rows[mostPairs];
  if (beyond !== undefined)
    problems.push({ line: beyond.line, message: `there are more than ${mostPairs} pairs: divide the file` });
  if (fault !== undefined) problems.push(fault);
  else if (rows.length === 0) problems.push({ line: header.line, message: 'there is a header and no pair' });
  return { entries, problems, tenants };
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

/** Records with the lines on which they begin. After a fault no line can be told from the next, so reading ends there. */
function recordsOf(text: string): {
  readonly records: readonly CsvRecord[];
  readonly fault: LineProblem | undefined;
} {
  const records: CsvRecord[] = [];
  let line = 1;
  let fault: LineProblem | undefined;
  parse(text, {
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const what = error === undefined ? 'it is not CSV' : (faults[error.code] ?? error.message);
      fault ??= { line, message: `${what}: what follows was not read` };
      return undefined;
    },
    on_record: (fields: readonly string[]) => {
      if (fault === undefined) records.push({ line, fields });
      // Counted here: the parser counts a carriage return within quotes as a line, and no editor does.
      line += fields.join('').split('\n').length;
      return null;
    },
  });
  return { records, fault };
}

const faults: Readonly<Partial<Record<CsvErrorCode, string>>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and not closed',
  CSV_INVALID_CLOSING_QUOTE: 'something follows a closing quote within the field',
  INVALID_OPENING_QUOTE: 'a quote stands within a field that is not in quotes',
};

/** The text without its byte order mark, or why it is none. */
function decoded(bytes: Uint8Array): string | LineProblem {
  const [first, second] = bytes;
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isWide || bytes.includes(0)) return { line: 1, message: 'it is not UTF-8: write it as UTF-8' };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { line: lineOfFault(bytes), message: 'it is not UTF-8: write the file as UTF-8' };
  }
}

function lineOfFault(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    const stop = end === -1 ? bytes.length : end + 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, stop));
    } catch {
      return line;
    }
    start = stop;
  }
  return line;
}
