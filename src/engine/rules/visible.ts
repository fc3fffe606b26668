/**
 * Does row-level security show the session all rows of its tenant? A policy may say more than whose a row is: then it may hide some of
 * them, and what is hidden would be forgotten. A policy cannot be proven here; what it reads says whether it can be trusted.
 */
import type { Policy, Table, TableId } from '../catalogue/catalog.ts';
import { tenantTable } from './references.ts';
import type { Rules } from './references.ts';

/** Why rows of a table may be hidden from the session. */
export interface Hiding {
  readonly why: 'no tenant is set' | 'a policy says more than the tenant' | 'a policy reads another setting';
  readonly policy?: string;
}

/** Why rows may be hidden by the policies that bind the session; undefined where all rows of its tenant are shown. */
export function findHiding(rules: Rules, table: Table, binding: readonly Policy[]): Hiding | undefined {
  const settings = Object.keys(rules.config.database?.session?.settings ?? {});
  const tenant = tenantColumns(rules, table);
  const permissive = binding.filter((policy) => policy.permissive);
  const others = binding.filter((policy) => !policy.permissive);
  // Where nobody says which tenant it is, a policy shows all of its rows only if it shows all rows.
  if (settings.length === 0) return showAllRows(binding) ? undefined : { why: 'no tenant is set' };
  const shows = (policy: Policy): boolean => showsTenant(policy, table, tenant);
  const doubtful = permissive.some(shows) ? others.find((policy) => !shows(policy)) : (permissive[0] ?? null);
  if (doubtful === null) return { why: 'a policy says more than the tenant' };
  if (doubtful !== undefined) return { why: 'a policy says more than the tenant', policy: doubtful.name };
  // Where several tenants share a transaction the scope sets more than the configuration says.
  const unset =
    rules.exclusive === true ? undefined : binding.find((policy) => readsAnother(policy, settings));
  return unset && { why: 'a policy reads another setting', policy: unset.name };
}

/** Do the policies that bind a session show it every row, whoever it is? */
export function showAllRows(binding: readonly Policy[]): boolean {
  const permissive = binding.filter((policy) => policy.permissive);
  return permissive.some(showsAll) && binding.every((policy) => policy.permissive || showsAll(policy));
}

/** The columns that say whose a row is, of the table and of the tables on the way. */
function tenantColumns(rules: Rules, table: Table): Set<string> {
  const { tenant } = rules.config;
  const ownership = rules.ownership.get(table.id);
  const root = tenantTable(rules);
  const found: [TableId, string | undefined][] = [[table.id, tenant.column]];
  if (root !== undefined) found.push([root.id, tenant.key ?? root.primaryKey[0]]);
  for (const { hops, column } of ownership?.kind === 'tenant' ? ownership.paths : []) {
    let last = table.id;
    for (const hop of hops) {
      found.push(...hop.from.map((name): [TableId, string] => [last, name]));
      found.push(...hop.to.map((name): [TableId, string] => [hop.table, name]));
      last = hop.table;
    }
    found.push([last, column]);
  }
  return new Set(found.flatMap(([id, name]) => (name === undefined ? [] : [idOf(id, name)])));
}

function idOf(table: TableId, column: string): string {
  return JSON.stringify([table, column]);
}

function showsAll({ using = 'true' }: Policy): boolean {
  return using === 'true';
}

function showsTenant(policy: Policy, table: Table, tenant: ReadonlySet<string>): boolean {
  const { using = 'true', reads = [] } = policy;
  if (showsAll(policy)) return true;
  if (using.includes('.*')) return false;
  const known = ({ table: id, column }: { table: TableId; column: string }): boolean =>
    tenant.has(idOf(id, column));
  if (reads.length > 0 && reads.every(known)) return true;
  return alternatives(using).some((one) => {
    const named = table.columns.filter(({ name }) => mentions(one, name));
    return (
      !/\bSELECT\b/.test(one) &&
      named.length > 0 &&
      named.every(({ name }) => tenant.has(idOf(table.id, name)))
    );
  });
}

function mentions(text: string, column: string): boolean {
  const name = column.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\w$])"?${name}"?(?![\\w$(])`).test(text.replaceAll(/'(?:[^']|'')*'/g, `''`));
}

/** What stands between the ORs of a condition as PostgreSQL prints it: `((a = 1) OR b)`. */
function alternatives(condition: string): string[] {
  const found = [''];
  let depth = 0;
  const inner = condition.startsWith('(') ? condition.slice(1, -1) : condition;
  for (const piece of inner.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"| OR |[^]/g) ?? []) {
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (piece === ' OR ' && depth === 0) found.push('');
    else found[found.length - 1] += piece;
  }
  return found;
}

function readsAnother({ using = '' }: Policy, settings: readonly string[]): boolean {
  const read = [...using.matchAll(/current_setting\('((?:[^']|'')*)'/g)].map((match) =>
    (match[1] ?? '').toLowerCase(),
  );
  return read.length > 0 && !read.some((name) => settings.some((own) => own.toLowerCase() === name));
}
