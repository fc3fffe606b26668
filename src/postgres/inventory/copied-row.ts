/**
 * Rows as COPY writes them in its binary form: a signature, then for each row the number of its fields and each field with its length
 * before it. Nothing is escaped, so that the server writes it faster than its text form, and a field can be looked at where it lies.
 */

/** Where the fields of a row lie within the bytes that came. It is the next row once the function that is given it has returned. */
export interface CopiedRow {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
  /** Where a field is NULL this is before its start. */
  readonly ends: readonly number[];
  /** Of the whole row. */
  readonly size: number;
}

/** Takes the messages of one COPY in their order, each of them whole rows, and hands over row by row. */
export function readCopiedRows(visit: (row: CopiedRow) => void): (message: Buffer) => void {
  const row = {
    bytes: Buffer.alloc(0) as Buffer,
    starts: Array.of<number>(),
    ends: Array.of<number>(),
    size: 0,
  };
  let isFirst = true;
  return (bytes) => {
    row.bytes = bytes;
    for (let at = isFirst ? headerLength(bytes) : 0; at < bytes.length; at += row.size) {
      row.size = readFields(bytes, at, row);
      if (row.size === 0) break;
      visit(row);
    }
    isFirst = false;
  };
}

/** Eleven bytes of signature, four of flags, and an extension behind its length. */
function headerLength(bytes: Buffer): number {
  return 19 + bytes.readInt32BE(15);
}

/** @returns how long the row is; 0 behind the last one. */
function readFields(
  bytes: Buffer,
  start: number,
  { starts, ends }: { readonly starts: number[]; readonly ends: number[] },
): number {
  const fields = bytes.readInt16BE(start);
  if (fields < 0) return 0;
  let at = start + 2;
  for (let field = 0; field < fields; field += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    starts[field] = at;
    ends[field] = at + length;
    at += Math.max(0, length);
  }
  return at - start;
}
