/**
 * One statement for several tenants. The statements of this folder are written for one tenant; when several tenants ask for the
 * same statement with other parameters, it is carried out once for all of them:
 *
 * - A SELECT is joined laterally to the relation `w` of the parameters that differ, one row for each tenant, numbered `n`.
 * - A statement that changes rows says itself where `w` joins in, by text that belongs to it in a wave only (`waveOnly`), and
 *   gives the number of the tenant back with each of its rows, as `drover_n`.
 *
 * A parameter that is the same for all tenants stays one. The parameters that differ come as text arrays; each place of the
 * statement casts its own, as it casts a parameter.
 */

/** Text of a statement that is part of it only in a wave. For one tenant it is a comment. */
export function waveOnly(text: string): string {
  return `/*wave: ${text} */`;
}

const marked = /\/\*wave: (.*?) \*\//gs;

/** The statement as it is for one tenant, without what belongs to a wave. */
export function forOneTenant(sql: string): string {
  return sql.replaceAll(marked, '');
}

/** How a statement can be carried out for several tenants at once. */
export type WaveForm = 'joined' | 'lateral' | 'none';

export function formOf(sql: string): WaveForm {
  if (sql.includes('/*wave: ')) return 'joined';
  return /^\s*(SELECT|WITH)\b/.test(sql) && !changesRows(sql) ? 'lateral' : 'none';
}

/** Does the statement change rows? One that only locks them does not. */
export function changesRows(sql: string): boolean {
  return /\b(INSERT\s+INTO|(?<!FOR\s)UPDATE|DELETE\s+FROM)\b/.test(sql);
}

export interface WaveStatement {
  readonly sql: string;
  readonly params: readonly (string | null | readonly (string | null)[])[];
}

/** Parameters as they go over the wire, one list for each tenant, all of one length. */
export type TenantParams = readonly (readonly (string | null)[])[];

/** The statement for all tenants. Each row has `drover_n`, the number of its tenant from 1; where `lateral`, `drover_o` orders the rows of one. */
export function waveStatement(sql: string, form: 'joined' | 'lateral', tenants: TenantParams): WaveStatement {
  const { text, lists, shared } = split(sql, tenants);
  const names = lists.map((_, at) => `c${at}`).join(', ');
  const arrays = lists.map((_, at) => `$${at + 1}::text[]`).join(', ');
  const wave = `drover_wave AS (SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS w (${names}, n))`;
  return { sql: form === 'joined' ? joined(text, wave) : lateral(text, wave), params: [...lists, ...shared] };
}

function joined(text: string, wave: string): string {
  const spoken = text.replaceAll(marked, (_, own: string) => own);
  const rest = /^\s*WITH\s/.exec(spoken);
  return rest === null ? `WITH ${wave} ${spoken}` : `WITH ${wave}, ${spoken.slice(rest[0].length)}`;
}

function lateral(text: string, wave: string): string {
  return `WITH ${wave} SELECT w.n AS drover_n, q.* FROM drover_wave w CROSS JOIN LATERAL (SELECT s.*, row_number() OVER () AS drover_o FROM (${text}) s) q`;
}

/** Parameters that differ become columns of `w`; the others follow their arrays, so that numbers stay without gaps. */
function split(
  sql: string,
  tenants: TenantParams,
): { text: string; lists: (string | null)[][]; shared: (string | null)[] } {
  const first = tenants[0] ?? [];
  const differs = first.map((value, at) => tenants.some((params) => params[at] !== value));
  const columns = [...differs.keys()].filter((at) => differs[at]);
  const others = [...differs.keys()].filter((at) => !differs[at]);
  const text = sql.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const at = Number(number) - 1;
    return differs[at] === true ? `w.c${columns.indexOf(at)}` : `$${columns.length + others.indexOf(at) + 1}`;
  });
  return {
    text,
    lists: columns.map((at) => tenants.map((params) => params[at] ?? null)),
    shared: others.map((at) => first[at] ?? null),
  };
}
