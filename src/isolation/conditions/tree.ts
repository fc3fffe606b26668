/** PostgreSQL's syntax tree, walked by name: it has no useful types. */

export type TreeNode = Readonly<Record<string, unknown>>;

/** The kind of a node and what is in it: `{ ColumnRef: { fields } }`. */
export function opened(node: unknown): { readonly kind: string; readonly body: TreeNode } {
  const [entry] = isNode(node) ? Object.entries(node) : [];
  return entry === undefined
    ? { kind: '', body: {} }
    : { kind: entry[0], body: isNode(entry[1]) ? entry[1] : {} };
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function nodes(value: unknown): readonly TreeNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The texts of a list of names. */
export function namesIn(value: unknown): string[] {
  return nodes(value).flatMap((node) => {
    const { kind, body } = opened(node);
    return kind === 'String' ? [textOf(body['sval'])] : [];
  });
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The operator of an expression: `=`. */
export function operatorOf(body: TreeNode): string {
  return namesIn(body['name']).at(-1) ?? '';
}

/** A constant: null, a text, a number or a truth. Undefined where the node is none. */
export function constantOf(node: unknown): { readonly value: unknown } | undefined {
  const { kind, body } = opened(node);
  if (kind === 'TypeCast') return constantOf(body['arg']);
  if (kind === 'Argument') return constantOf(body['node']);
  if (kind !== 'A_Const') return undefined;
  if (body['isnull'] === true) return { value: null };
  const { body: held, kind: of } = opened(body);
  if (of === 'boolval') return { value: held['boolval'] === true };
  return { value: held[of] ?? held['ival'] ?? 0 };
}

/** The parts of an AND; nothing where there is no condition. */
export function conjuncts(node: unknown): TreeNode[] {
  const { kind, body } = opened(node);
  if (kind === '') return [];
  return kind === 'BoolExpr' && textOf(body['boolop']) === 'AND_EXPR'
    ? nodes(body['args']).flatMap(conjuncts)
    : [{ [kind]: body }];
}

/** The nodes of lists of lists. */
export function listsIn(value: unknown): unknown[] {
  return nodes(value).flatMap((node) => {
    const { kind, body } = opened(node);
    return kind === 'List' ? nodes(body['items']) : [node];
  });
}

/** What the first column of a SELECT is. */
export function firstTarget(select: TreeNode): unknown {
  return opened(nodes(select['targetList'])[0]).body['val'];
}

/** One expression, without a table and without a condition. */
export function isBareSelect(select: TreeNode): boolean {
  return (
    isPlainSelect(select) && nodes(select['fromClause']).length === 0 && select['whereClause'] === undefined
  );
}

/** Tables and conditions, and nothing that makes other rows of theirs. */
export function isPlainSelect(select: TreeNode): boolean {
  const more = ['groupClause', 'havingClause', 'withClause', 'valuesLists'];
  return (select['op'] ?? 'SETOP_NONE') === 'SETOP_NONE' && more.every((part) => select[part] === undefined);
}
