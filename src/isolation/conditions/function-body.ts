/** The one SELECT that the body of a function is, so that a policy can be read through it. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { FunctionFact } from '../../engine/isolation/facts.ts';
import type { BareGround } from '../ground.ts';
import type { Parser } from './parser.ts';
import { namesIn, nodes } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** The function of the user's that a call means. A text says why none is known; undefined where it is PostgreSQL's own. */
export function calledBy(
  { functions }: Pick<BareGround, 'functions'>,
  call: TreeNode,
): FunctionFact | string | undefined {
  const names = namesIn(call['funcname']);
  const [schema = '', name = ''] = names.length > 1 ? names.slice(-2) : ['pg_catalog', ...names];
  if (schema === 'pg_catalog') return undefined;
  const id = tableId(schema, name);
  const given = nodes(call['args']).length;
  const takes = (text: string): number => (text === '' ? 0 : text.split(',').length);
  const fits = (functions.get(id) ?? []).filter((each) => takes(each.arguments) >= given);
  return fits.length === 1 ? fits[0] : `it calls ${id}, of which the body is not known`;
}

/** Undefined where the body is more than that, or in a language that nothing here reads. */
export function bodyOf({ language, body }: FunctionFact, parser: Parser): TreeNode | undefined {
  if (language === 'sql') return parser.select(sqlText(body));
  const [, returned] = /^\s*BEGIN\s+RETURN\s+([^;]+);\s*END\s*;?\s*$/i.exec(body) ?? [];
  return language === 'plpgsql' && returned !== undefined ? parser.select(`SELECT ${returned}`) : undefined;
}

/** A SQL-standard body is printed as `RETURN …` or within BEGIN ATOMIC. */
function sqlText(body: string): string {
  const [, returned] = /^\s*RETURN\s+([^]+)$/i.exec(body) ?? [];
  if (returned !== undefined) return `SELECT ${returned}`;
  const [, atomic] = /^\s*BEGIN ATOMIC\s+([^;]+);\s*END\s*$/i.exec(body) ?? [];
  return atomic ?? body;
}
