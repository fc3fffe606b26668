/** Names of tables that hold customers and people: what their keys read like says nothing. */
import { frameworkWords, singularWords } from './wording.ts';

/** Words for a customer who shares the database with others, the likelier the higher. */
export const ownerWords: ReadonlyMap<string, number> = new Map(
  Object.entries({
    tenant: 10,
    organization: 9,
    organisation: 9,
    org: 9,
    mandant: 9,
    company: 8,
    account: 7,
    customer: 7,
    institution: 7,
    municipality: 7,
    firm: 7,
    client: 5,
    workspace: 5,
    business: 5,
    owner: 4,
    team: 3,
    site: 2,
    project: 1,
    group: 1,
    user: -6,
    person: -6,
    member: -6,
    provider: -8,
    vendor: -8,
    budget: -8,
  }),
);

const things: ReadonlySet<string> = new Set(['provider', 'vendor', 'budget']);

/** Is a table called after customers or people, such as `orgs`, `app_users` or `team_members`? */
export function isCalledOwner(table: string): boolean {
  const last = singularWords(table).findLast((word) => !frameworkWords.has(word)) ?? '';
  return ownerWords.has(last) && !things.has(last);
}
