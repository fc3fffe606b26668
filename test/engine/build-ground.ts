/** What a conversion is planned from, of a catalogue in a few words: nothing is counted, and the catalogue says no more than its tables. */
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import type { IsolationFacts } from '../../src/engine/isolation/facts.ts';
import type { Config, TenantizeConfig } from '../../src/engine/rules/config.ts';
import { resolveOwnership } from '../../src/engine/rules/ownership.ts';
import type { ConversionGround } from '../../src/engine/tenantize/ground.ts';

export interface GroundWords {
  readonly tenant?: Config['tenant'];
  readonly tenantize?: Partial<TenantizeConfig>;
  readonly relations?: readonly { readonly id: string; readonly schema: string; readonly name: string }[];
}

export function buildGround(catalog: Catalog, words: GroundWords = {}): ConversionGround {
  const scope = { catalog, schemas: ['public'] };
  const config = {
    version: 1,
    tenant: { root: 'tenants', column: 'tenant_id', ...words.tenant },
    tenantize: { name: 'shop', root: 'make', zero: 'z', ...words.tenantize },
  } as const;
  const ownership = resolveOwnership({ scope, config, modelTables: new Set() });
  const facts = {
    relations: (words.relations ?? []).map((relation) => ({
      ...relation,
      kind: 'table',
      owner: 'v1',
      grants: [],
      triggers: [],
      rewrites: [],
      reads: [],
    })),
    indexes: [],
    keys: [],
    functions: [],
    defaults: [],
    schemas: [],
    roles: [],
    publications: [],
    unrelated: [],
  } as unknown as IsolationFacts;
  return { scope, config, ownership, facts, rows: new Map() };
}
