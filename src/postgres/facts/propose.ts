/** `drover init`: reads a database and proposes a configuration for it. Nothing is written. */
import type { KnownWords } from '../../engine/propose/known.ts';
import { findModelTables, idsOf } from '../../engine/propose/model-evidence.ts';
import { propose, type Proposal } from '../../engine/propose/propose.ts';
import { patternOf, schemasAlike } from '../../engine/propose/alike.ts';
import { given } from '../../engine/given.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import { listTables } from '../catalogue/unread.ts';
import type { Database, Tx } from '../driver/database.ts';
import { observe, observeModels } from './observe.ts';

export interface ProposalRequest {
  /** All where they are left out. */
  readonly schemas?: readonly string[];
  /** The schema of Drover's own records, which is left out of all. */
  readonly records: string;
  readonly words: KnownWords;
}

/** One read-only transaction, so that the samples fit the catalogue; it takes seconds even on a big database. */
export async function proposeConfig(
  db: Database,
  { schemas: asked, records, words }: ProposalRequest,
): Promise<Proposal> {
  return db.transaction({ isolation: 'repeatable read', readOnly: true }, async (tx) => {
    const { schemas, tenants } = await schemasOf(tx, asked, records);
    const catalog = await readCatalog(tx, { schemas });
    const seen = await observe(tx, catalog);
    const models = idsOf(findModelTables({ catalog, seen, words }));
    const all = await observeModels(tx, catalog, { seen, models });
    return propose({ catalog, schemas, seen: all, words, ...given({ tenants }) });
  });
}

/** All that have tables, or those that were asked for; of those that hold the same tables the first, since each may be a tenant. */
async function schemasOf(
  tx: Tx,
  asked: readonly string[] | undefined,
  records: string,
): Promise<{
  readonly schemas: readonly string[];
  readonly tenants: string | readonly string[] | undefined;
}> {
  const tables = (await listTables(tx)).filter(({ schema, isForeign }) =>
    asked === undefined ? schema !== records && !isForeign : asked.includes(schema),
  );
  const all = asked ?? [...new Set(['public', ...tables.map(({ schema }) => schema)])];
  const alike = schemasAlike(tables);
  const [first] = alike;
  if (first === undefined) return { schemas: all, tenants: undefined };
  const others = all.filter((name) => !alike.includes(name));
  return { schemas: [first, ...others], tenants: patternOf(alike, all) };
}
