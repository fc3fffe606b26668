/** The body of a function with what it is called with: names in it mean what PostgreSQL takes them for. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { FunctionFact } from '../../engine/isolation/facts.ts';
import type { BareGround } from '../ground.ts';
import { isNode, namesIn, nodes, opened, textOf } from './tree.ts';

/** A name without a schema is looked up on the function's own search path, or is the only one of that name. */
export function withSchemas(
  tree: unknown,
  { ground, called }: { ground: BareGround; called: FunctionFact },
): unknown {
  const named = (
    all: Iterable<{ readonly schema: string; readonly name: string }>,
    name: string,
  ): string | undefined => {
    const schemas = [...new Set([...all].filter((each) => each.name === name).map(({ schema }) => schema))];
    const path = called.settings.flatMap((setting) =>
      setting.startsWith('search_path=')
        ? setting
            .slice(12)
            .split(',')
            .map((each) => each.trim().replaceAll('"', ''))
        : [],
    );
    return path.find((schema) => schemas.includes(schema)) ?? (schemas.length === 1 ? schemas[0] : undefined);
  };
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk);
    if (!isNode(node)) return node;
    const { kind, body } = opened(node);
    if (kind === 'RangeVar' && body['schemaname'] === undefined) {
      const schemaname = named(ground.relations.values(), textOf(body['relname']));
      return schemaname === undefined ? node : { RangeVar: { ...body, schemaname } };
    }
    const entries = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value)]));
    if (kind !== 'FuncCall' || namesIn(body['funcname']).length !== 1) return entries;
    const schema = named(ground.facts.functions, namesIn(body['funcname'])[0] ?? '');
    if (schema === undefined) return entries;
    const inner = opened(entries).body;
    return { FuncCall: { ...inner, funcname: [{ String: { sval: schema } }, ...nodes(body['funcname'])] } };
  };
  return walk(tree);
}

/**
 * Puts arguments in the place of parameters. A column of a table in the FROM around it comes before a parameter of the same name: in
 * `m.org_id = org_id` both are then the table's.
 */
export function withArguments(
  tree: unknown,
  given: { ground: BareGround; called: FunctionFact; args: readonly unknown[] },
): unknown {
  const { ground, called, args } = given;
  const walk = (node: unknown, hidden: ReadonlySet<string> | 'all'): unknown => {
    if (Array.isArray(node)) return node.map((item: unknown) => walk(item, hidden));
    if (!isNode(node)) return node;
    const { kind, body } = opened(node);
    if (kind === 'ParamRef' && typeof body['number'] === 'number') return args[body['number'] - 1] ?? node;
    if (kind === 'ColumnRef') {
      const fields = namesIn(body['fields']);
      const name = fields.at(-1) ?? '';
      const arg = args[called.argumentNames.indexOf(name)];
      if (!called.argumentNames.includes(name) || arg === undefined) return node;
      if (fields.length === 2) return fields[0] === called.name ? arg : node;
      return fields.length === 1 && hidden !== 'all' && !hidden.has(name) ? arg : node;
    }
    const within = node['fromClause'] === undefined ? hidden : hiddenBy(ground, node['fromClause'], hidden);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, within)]));
  };
  return walk(tree, new Set());
}

/** Names of columns of the tables in a FROM; of a table that nobody knows all. */
function hiddenBy(
  ground: BareGround,
  from: unknown,
  outer: ReadonlySet<string> | 'all',
): ReadonlySet<string> | 'all' {
  const names = new Set(outer === 'all' ? [] : outer);
  let isAll = outer === 'all';
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) walk(item);
    if (!isNode(node)) return;
    const { kind, body } = opened(node);
    if (kind === 'RangeVar') {
      const table = ground.tables.get(tableId(textOf(body['schemaname']), textOf(body['relname'])));
      for (const { name } of table?.columns ?? []) names.add(name);
      isAll ||= table === undefined;
    } else if (kind === 'JoinExpr') walk([body['larg'], body['rarg']]);
  };
  walk(from);
  return isAll ? 'all' : names;
}
