/** An expression as PostgreSQL prints it, changed where its tree says so: everything else of it stays as it stands. */
import { beforeExpression } from '../conditions/parser.ts';
import type { Parser } from '../conditions/parser.ts';
import { constantOf, isNode, namesIn, nodes, opened, operatorOf, textOf } from '../conditions/tree.ts';
import type { TreeNode } from '../conditions/tree.ts';
import { quoteIdent, quoteLiteral } from '../../postgres/sql/identifiers.ts';

/** Locations count bytes: a text of one character for each byte is cut by them. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');
const textOfBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

function place(node: TreeNode): number | undefined {
  const at = node['location'];
  return typeof at === 'number' ? at - beforeExpression.length : undefined;
}

/** `column = …` or `column = ANY (…)`: the column, if the expression is that and nothing more. */
export function comparedColumn(parser: Parser, text: string): string | undefined {
  return comparison(parser, text)?.name;
}

function comparison(parser: Parser, text: string): { name: string; at: number | undefined } | undefined {
  const { kind, body } = opened(parser.expression(text));
  if (kind !== 'A_Expr' || operatorOf(body) !== '=') return undefined;
  if (!/^AEXPR_(OP|OP_ANY)$/.test(textOf(body['kind']))) return undefined;
  const left = uncast(body['lexpr']);
  const names = left.kind === 'ColumnRef' ? namesIn(left.body['fields']) : [];
  const [name] = names;
  return name === undefined || names.length > 1 ? undefined : { name, at: place(left.body) };
}

function uncast(node: unknown): ReturnType<typeof opened> {
  const found = opened(node);
  return found.kind === 'TypeCast' ? uncast(found.body['arg']) : found;
}

/** Is all that it says that a column is one constant? */
export function isLiteralTie(parser: Parser, text: string): boolean {
  const { body } = opened(parser.expression(text));
  return comparison(parser, text) !== undefined && constantOf(body['rexpr']) !== undefined;
}

/** The same comparison of another column. Undefined where the expression is more than a comparison. */
export function withColumn(parser: Parser, text: string, column: string): string | undefined {
  const found = comparison(parser, text);
  if (found?.at === undefined) return undefined;
  const bytes = bytesOf(text);
  const [written = ''] = /^(?:"(?:[^"]|"")*"|[^\s")]+)/.exec(bytes.slice(found.at)) ?? [];
  const end = found.at + written.length;
  return textOfBytes(bytes.slice(0, found.at) + bytesOf(quoteIdent(column)) + bytes.slice(end));
}

/** A call of `current_setting` in an expression. */
export interface SettingCall {
  readonly name: string;
  /** It raises where the setting was never set. */
  readonly raises: boolean;
  /** NULLIF stands around it. */
  readonly guarded: boolean;
}

interface FoundCall extends SettingCall {
  readonly at: number;
}

/** The expression with other calls in their place; nothing is changed where `change` gives nothing. */
export function withSettings(
  parser: Parser,
  text: string,
  change: (call: SettingCall) => { readonly name: string } | undefined,
): string {
  let bytes = bytesOf(text);
  for (const call of settingCalls(parser.expression(text)).sort((a, b) => b.at - a.at)) {
    const changed = change(call);
    if (changed === undefined) continue;
    const asked = bytesOf(`current_setting(${quoteLiteral(changed.name)}, true)`);
    const made = call.guarded ? asked : `NULLIF(${asked}, '')`;
    bytes = bytes.slice(0, call.at) + made + bytes.slice(endOfCall(bytes, call.at));
  }
  return textOfBytes(bytes);
}

function settingCalls(node: unknown, isGuarded = false): FoundCall[] {
  if (Array.isArray(node)) return node.flatMap((each) => settingCalls(each, isGuarded));
  if (!isNode(node)) return [];
  return Object.entries(node).flatMap(([kind, body]) => {
    if (!isNode(body)) return settingCalls(body, isGuarded);
    const args = nodes(body['args']);
    const name = constantOf(args[0])?.value;
    const at = place(body);
    const isCall = kind === 'FuncCall' && namesIn(body['funcname']).at(-1) === 'current_setting';
    if (isCall && at !== undefined && typeof name === 'string')
      return [{ at, name, raises: args.length < 2, guarded: isGuarded }];
    const isNullIf = kind === 'A_Expr' && textOf(body['kind']) === 'AEXPR_NULLIF';
    return settingCalls(body, isNullIf || (isGuarded && /^(lexpr|List|items|A_Expr)$/.test(kind)));
  });
}

/** Behind the parenthesis that ends the call which begins there. */
function endOfCall(bytes: string, at: number): number {
  let depth = 0;
  for (const { 0: token, index } of bytes.slice(at).matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === ')' && depth === 0) return at + index + 1;
  }
  return bytes.length;
}
