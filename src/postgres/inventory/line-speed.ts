/** How fast bytes come from the server: over a slow line it is the server that has to look. */
import type { Tx } from '../driver/database.ts';

const probeRows = 128;
const probes = 3;

/** Bytes a second, of the fastest of a few probes: the first ones wait for connection and program to warm up. */
export async function measureLine(tx: Tx): Promise<number> {
  const speeds: number[] = [];
  for (let probe = 0; probe < probes; probe += 1) {
    const begin = performance.now();
    let bytes = 0;
    const sql = `COPY (SELECT repeat('x', 8192) FROM generate_series(1, ${probeRows})) TO STDOUT`;
    await tx.copyOut?.(sql, (message) => (bytes += message.length));
    speeds.push((bytes / Math.max(0.1, performance.now() - begin)) * 1000);
  }
  return Math.max(...speeds);
}

/** A faster line brings all rows sooner than a server can look through them for the beginnings of all names. */
export const slowLine = 20_000_000;
