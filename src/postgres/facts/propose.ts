/** `drover init`: reads a database and proposes a configuration for it. Nothing is written. */
import type { Config } from '../../engine/rules/config.ts';
import type { KnownWords } from '../../engine/propose/known.ts';
import { findModelTables, idsOf } from '../../engine/propose/model-evidence.ts';
import { renderProposal } from '../../engine/propose/yaml.ts';
import { propose } from '../../engine/propose/propose.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import type { Database } from '../driver/database.ts';
import { observe, observeModels } from './observe.ts';

export interface ProposedConfig {
  readonly config: Config;
  readonly yaml: string;
  readonly questions: readonly string[];
  readonly notes: readonly string[];
}

/** One read-only transaction, so that the samples fit the catalogue; it takes seconds even on a big database. */
export async function proposeConfig(
  db: Database,
  { schemas, words }: { readonly schemas: readonly string[]; readonly words: KnownWords },
): Promise<ProposedConfig> {
  return db.transaction({ isolation: 'repeatable read', readOnly: true }, async (tx) => {
    const catalog = await readCatalog(tx, { schemas });
    const seen = await observe(tx, catalog);
    const models = idsOf(findModelTables({ catalog, seen, words }));
    const all = await observeModels(tx, catalog, { seen, models });
    const proposal = propose({ catalog, schemas, seen: all, words });
    const { config, questions, notes } = proposal;
    return { config, yaml: renderProposal(proposal), questions, notes };
  });
}
