/** The rights that a login lacks, by the configuration, or, where there is none, by the one that would be proposed. */
import { findSchema } from '../postgres/schema/applied.ts';
import { proposeConfig } from '../postgres/facts/propose.ts';
import { readGrants } from '../postgres/scope/grants.ts';
import type { Grants } from '../postgres/scope/grants.ts';
import { openSite, recordsSchema } from '../postgres/scope/site.ts';
import { defaultSchema } from '../platform/install.ts';
import { proposalWords } from '../registry/known/proposal-words.ts';
import { loadValid } from '../registry/load/folder.ts';
import { withDatabase, withSite } from './open.ts';
import type { Where } from './where.ts';

export interface SiteGrants extends Grants {
  /** Nobody has written a configuration: what a plan needs may be more, or less. */
  readonly proposed: boolean;
  /** What the proposal could not look at. */
  readonly notes: readonly string[];
}

/** @throws USAGE_INVALID where the server has no such login */
export async function grantsAt(where: Where, login: string | undefined): Promise<SiteGrants> {
  const proposed =
    where.kind === 'given' && where.configFile === undefined ? await byProposal(where, login) : undefined;
  if (proposed !== undefined) return proposed;
  const found = await withSite(where, { mayWrite: false }, (site) => readGrants(site, login));
  return { ...found, proposed: false, notes: [] };
}

/** Undefined where the database has Drover's own schema, which says itself what there is. */
function byProposal(where: Where, login: string | undefined): Promise<SiteGrants | undefined> {
  return withDatabase(where, async (database) => {
    const own = await database.transaction({ readOnly: true }, (tx) => findSchema(tx, defaultSchema));
    if (own === 'ours') return undefined;
    const words = proposalWords(loadValid(where.registry));
    const { config, notes } = await proposeConfig(database, { records: recordsSchema, words });
    const site = await openSite({ database, config });
    return { ...(await readGrants(site, login)), proposed: true, notes };
  });
}
