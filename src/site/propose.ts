/** What `drover init` proposes: the tables and models of a database, and the roles whom policies must bind. */
import { tenancyOf } from '../engine/rules/tenancy.ts';
import type { Proposal } from '../engine/propose/propose.ts';
import { boundLogins, groundOf } from '../isolation/application-roles.ts';
import type { Database } from '../postgres/driver/database.ts';
import { proposeConfig } from '../postgres/facts/propose.ts';
import type { ProposalRequest } from '../postgres/facts/propose.ts';
import { readOwnedFacts } from '../postgres/isolation/owned-facts.ts';

/** Roles are proposed where there are any: the doctor finds out for itself who else reaches what. */
export async function proposeSite(database: Database, request: ProposalRequest): Promise<Proposal> {
  const proposal = await proposeConfig(database, request);
  const { config, reasons } = proposal;
  if (tenancyOf(config) !== 'rows') return proposal;
  const { records } = request;
  const { facts } = await readOwnedFacts(database, { config, records, roles: [], settings: [] });
  const settings = { ownership: 'proposed', trusted: [], context: [], ignored: [], today: '' } as const;
  const roles = boundLogins(groundOf(facts, settings));
  if (roles.length === 0) return proposal;
  const why =
    'logins that may use the rows of tenants, and that are neither superuser nor exempt from policies: drover doctor judges by them. ' +
    'One that is meant to see all tenants belongs under trusted';
  return {
    ...proposal,
    config: { ...config, isolation: { roles } },
    reasons: { ...reasons, 'isolation.roles': why },
  };
}
