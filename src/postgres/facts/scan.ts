/**
 * The inventory of a plan: every row that names the source, in every column that can, whatever the configuration says. What a place
 * writes is counted with the places (places.ts); here is what no place covers.
 *
 * Each table is read once, whatever the number of its columns. The server picks the candidates and sends the values of those only,
 * through a cursor, so that memory stays bounded. What a candidate really says is decided by src/engine/inventory. The reading
 * takes no lock beyond ACCESS SHARE and uses the index on the tenant column where there is one.
 */
import { askEach, distribute } from '../driver/members.ts';
import type { Numbered } from '../driver/members.ts';
import type { Occurrence } from '../../engine/inventory/occurrence.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Uncovered } from '../../engine/plan/snapshot.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { forEachMember } from '../sql/sql.ts';
import { mayHoldShared } from '../../engine/rules/references.ts';
import type { Batch } from './member.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { candidateQuery } from './scan-query.ts';
import type { CandidateRow, CandidateQuery } from './scan-query.ts';
import { ScanReading } from './scan-reading.ts';

/** What a scan finds for one member. */
export interface Scanned {
  readonly uncovered: readonly Uncovered[];
  /** Other models of which the source's name is a part. */
  readonly related: readonly Occurrence[];
}

/** For each member what names its source in these tables and is covered by no place. */
export async function scanUncovered(
  tx: Tx,
  batch: Batch,
  scannable: readonly Scannable[],
): Promise<Scanned[]> {
  const size = batch.members.length;
  const found = batch.members.map(() => ({ uncovered: [] as Uncovered[], related: [] as Occurrence[] }));
  const shared = isSharedRows(batch.members[0]?.intent.tenant);
  const seen = scannable.filter(({ table }) => !shared || mayHoldShared(batch.rules, table.id));
  const queries = seen.flatMap((target) => candidateQuery(batch, target) ?? []);
  const asked = queries.flatMap((query) =>
    query.precheck === undefined ? [] : [{ query, precheck: query.precheck }],
  );
  const answers = await tx.together(
    asked.map(({ precheck }) => askEach<{ possible: boolean }>(size, precheck)),
  );
  const impossible = new Set(
    asked.flatMap(({ query }, at) =>
      answers[at]?.some(([row]) => row?.possible === true) === true ? [] : [query],
    ),
  );
  for (const query of queries) {
    if (impossible.has(query)) continue;
    for (const [member, reading] of (await readTable(tx, batch, query)).entries()) {
      for (const one of reading.uncovered()) found[member]?.uncovered.push(one);
      for (const one of reading.related()) found[member]?.related.push(one);
    }
  }
  return found;
}

async function readTable(tx: Tx, batch: Batch, query: CandidateQuery): Promise<ScanReading[]> {
  const size = batch.members.length;
  const readings = batch.members.map((member) => new ScanReading(batch.rules, member, query));
  await tx.batches<CandidateRow & Numbered>(
    { sql: forEachMember(size, query.select()), size: firstFetch },
    (rows) => {
      for (const [member, own] of distribute<CandidateRow>(size, rows).entries())
        for (const row of own) readings[member]?.add(row);
      return Promise.resolve(nextFetch(rows, sizeOf));
    },
  );
  return readings;
}

function sizeOf({ v }: CandidateRow): number {
  return v.reduce((size, text) => size + (text?.length ?? 0), 0);
}
