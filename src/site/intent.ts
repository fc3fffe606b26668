/** What is asked of a site, before and after its configuration says the rest. */
import { given } from '../engine/given.ts';
import type { Intent, ParameterPolicy } from '../engine/plan/intent.ts';
import type { Site } from '../postgres/scope/site.ts';

/** What is asked for, before the database is known. */
export type AskedIntent = Omit<Intent, 'parameters'> & { readonly parameters?: ParameterPolicy };

/** The intent on a site: parameters that nobody spoke of are those of its configuration. */
export function intentOn(site: Pick<Site, 'parameters'>, asked: AskedIntent, tenant?: string): Intent {
  return { parameters: site.parameters, ...asked, ...given({ tenant }) };
}
