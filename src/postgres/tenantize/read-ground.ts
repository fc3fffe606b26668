/** Reads what a conversion is planned from, in one transaction that only reads. */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { given } from '../../engine/given.ts';
import type { ConfigProblem } from '../../engine/rules/config.ts';
import { sharedSchemas } from '../../engine/rules/tenancy.ts';
import type { OwnerPath } from '../../engine/rules/ownership.ts';
import { classify } from '../../engine/tenantize/classify.ts';
import type { TableRows } from '../../engine/tenantize/conversion.ts';
import { crossings, ownWays } from '../../engine/tenantize/crossings.ts';
import { GroundIndex } from '../../engine/tenantize/ground.ts';
import type { ConversionGround } from '../../engine/tenantize/ground.ts';
import { tenantizeProblems } from '../../engine/tenantize/plan-conversion.ts';
import type { Database, Tx } from '../driver/database.ts';
import { factsWithin } from '../isolation/owned-facts.ts';
import { quoteIdent, quoteLiteral, quoteRows } from '../sql/identifiers.ts';
import { countRows } from './count-rows.ts';
import type { CountRequest } from './count-rows.ts';

export interface GroundRequest {
  readonly config: ConversionGround['config'];
  /** The schema of Drover's own records, which is nobody's. */
  readonly records: string;
  /** How many keys of rows without an owner are kept for each table. */
  readonly keys: number;
}

export interface ReadGround {
  readonly ground: ConversionGround;
  /** What of the configuration does not fit the catalogue; where there is any, nothing was counted. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Policies are off for the reading, so that a row that they would hide is no row that is not there.
 * @throws NOT_PERMITTED where the login is bound by policies of a table
 */
export function readConversionGround(database: Database, request: GroundRequest): Promise<ReadGround> {
  const opening = {
    isolation: 'repeatable read',
    readOnly: true,
    settings: ['SET LOCAL row_security = off'],
  } as const;
  return database.transaction(opening, (tx) => readWithin(tx, database.engine, request));
}

async function readWithin(tx: Tx, engine: Database['engine'], request: GroundRequest): Promise<ReadGround> {
  const { config, records } = request;
  const { tenantize } = config;
  const { facts, problems: unfit } = await factsWithin(tx, engine, {
    config,
    records,
    roles: tenantize.logins ?? [],
    settings: [],
  });
  const scope = { catalog: facts.catalog, schemas: sharedSchemas(config) };
  const bare = { scope, config, facts, ownership: facts.ownership, rows: new Map<string, TableRows>() };
  const problems = [...unfit, ...tenantizeProblems(bare)];
  if (problems.length > 0) return { ground: bare, problems };
  const unknown = await unknownTenants(tx, bare);
  if (unknown.length > 0) return { ground: bare, problems: unknown };
  return { ground: { ...bare, rows: await countAll(tx, bare, request.keys) }, problems: [] };
}

async function countAll(tx: Tx, ground: ConversionGround, keys: number): Promise<Map<string, TableRows>> {
  const { scope, config } = ground;
  const index = new GroundIndex(ground);
  const { classified } = classify(index);
  const root = rootOf(ground);
  const waysOf = (id: TableId): readonly OwnerPath[] => {
    const owner = classified.get(id)?.owner;
    return owner === undefined ? [] : ownWays(index, id, owner);
  };
  const counted = new Map<string, TableRows>();
  for (const table of scope.catalog.tables) {
    const ways = crossings(index, { classified }, table.id);
    const isZero = classified.get(table.id)?.owner?.kind === 'zero';
    const request = {
      catalog: scope.catalog,
      table,
      paths: waysOf(table.id),
      named: ways.keys.map((key) => ({
        key,
        paths: waysOf(key.references),
        ...given({ otherwise: index.givenTo(key.references) }),
      })),
      links: ways.links,
      values: index.said(table.id).values ?? {},
      keys,
      ...given({ root, otherwise: index.givenTo(table.id), all: isZero ? config.tenantize.zero : undefined }),
    };
    counted.set(table.id, await countRows(tx, request));
  }
  return counted;
}

/** The table of tenants and its key, where it is there. */
function rootOf({ scope, facts: { root } }: ConversionGround): CountRequest['root'] {
  const table = root === undefined ? undefined : findTable(scope.catalog, root.table);
  return table === undefined || root === undefined ? undefined : { table, key: root.key };
}

/** A tenant to whom rows are given must be in the table of tenants, where that is there. */
async function unknownTenants(tx: Tx, ground: ConversionGround): Promise<ConfigProblem[]> {
  const { zero, tables = {} } = ground.config.tenantize;
  const root = rootOf(ground);
  if (root === undefined) return [];
  const named = [
    ...(zero === undefined ? [] : [{ path: ['tenantize', 'zero'], tenant: zero }]),
    ...Object.entries(tables).flatMap(([name, { ownerless }]) =>
      ownerless === undefined || ownerless === 'quarantine'
        ? []
        : [{ path: ['tenantize', 'tables', name, 'ownerless'], tenant: ownerless }],
    ),
  ];
  const problems: ConfigProblem[] = [];
  for (const { path, tenant } of named) {
    const { found } = await tx.one<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM ${quoteRows(root.table)} r WHERE r.${quoteIdent(root.key)}::text = ${quoteLiteral(tenant)}) AS found`,
    );
    if (!found) problems.push({ path, message: `${root.table.id} has no row with that key` });
  }
  return problems;
}
