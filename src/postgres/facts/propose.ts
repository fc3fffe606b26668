/** `drover init`: reads a database and proposes a configuration for it. Nothing is written. */
import type { Config } from '../../engine/rules/config.ts';
import { listModelCandidates } from '../../engine/propose/models.ts';
import { renderProposal } from '../../engine/propose/yaml.ts';
import { propose } from '../../engine/propose/propose.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import type { Database } from '../driver/database.ts';
import { observe } from './observe.ts';

/** One read-only transaction, so that the samples fit the catalogue; it takes seconds even on a big database. */
export async function proposeConfig(
  db: Database,
  { schemas }: { readonly schemas: readonly string[] },
): Promise<{ config: Config; yaml: string; notes: string[] }> {
  return db.transaction({ isolation: 'repeatable read', readOnly: true }, async (tx) => {
    const catalog = await readCatalog(tx, { schemas });
    const models = new Set(listModelCandidates(catalog).map((candidate) => candidate.table.id));
    const proposal = propose(catalog, schemas, await observe(tx, catalog, models));
    return { config: proposal.config, yaml: renderProposal(proposal), notes: [...proposal.notes] };
  });
}
