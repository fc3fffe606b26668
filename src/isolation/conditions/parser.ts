/** PostgreSQL's own parser, loaded when it is first asked for: a megabyte that nothing but the doctor needs. */
import { isNode, nodes, opened } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** Parses expressions and the bodies of functions. */
export interface Parser {
  /** The tree of an expression. Undefined where this grammar does not know it. */
  readonly expression: (text: string) => TreeNode | undefined;
  /** The one SELECT that a text is. Undefined where it is something else. */
  readonly select: (text: string) => TreeNode | undefined;
}

/** An expression is parsed behind these words: locations in its tree count their bytes, too. */
export const beforeExpression = 'SELECT (';

/** The grammar is that of PostgreSQL 15: what a newer server prints in newer words is not parsed. */
export async function loadParser(): Promise<Parser> {
  const { loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  const select = (text: string): TreeNode | undefined => {
    const statements = parsed(parseSync, text);
    const { kind, body } = opened(statements[0]?.['stmt']);
    return statements.length === 1 && kind === 'SelectStmt' ? body : undefined;
  };
  return {
    select,
    expression: (text) => {
      const [target] = nodes(select(`${beforeExpression}${text})`)?.['targetList']);
      const value = opened(target).body['val'];
      return isNode(value) ? value : undefined;
    },
  };
}

/** The tree of several statements; a text says why they are not parsed. */
export async function parseStatements(text: string): Promise<TreeNode | string> {
  const { loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  try {
    const tree: unknown = parseSync(text);
    return isNode(tree) ? tree : {};
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parsed(parse: (text: string) => unknown, text: string): readonly TreeNode[] {
  try {
    const tree = parse(text);
    return isNode(tree) ? nodes(tree['stmts']) : [];
  } catch {
    return [];
  }
}
