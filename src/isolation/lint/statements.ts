/** The statements of migration files, as PostgreSQL's parser takes them, with their lines and what somebody says above them. */
import { DroverError } from '../../errors.ts';
import { parseStatements } from '../conditions/parser.ts';
import { nodes, opened } from '../conditions/tree.ts';
import type { TreeNode } from '../conditions/tree.ts';

export interface MigrationText {
  /** Its path below the folder. */
  readonly file: string;
  readonly text: string;
}

export interface LintStatement {
  readonly file: string;
  /** The line on which its first word stands. */
  readonly line: number;
  readonly text: string;
  readonly kind: string;
  readonly body: TreeNode;
  /** Rules that somebody ignores here, with the reason. */
  readonly ignores: readonly { readonly rule: string; readonly reason: string }[];
}

export interface ReadMigration {
  readonly file: string;
  readonly statements: readonly LintStatement[];
  /** Why its words are not known. */
  readonly unread?: string;
}

const trivia = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/;

/** @throws USAGE_INVALID where an ignore has no reason */
export async function readMigration({ file, text }: MigrationText): Promise<ReadMigration> {
  const parsed = await parseStatements(text);
  if (typeof parsed === 'string') return { file, statements: [], unread: parsed };
  const bytes = Buffer.from(text);
  const statements = nodes(parsed['stmts']).map((raw): LintStatement => {
    const from = numberOf(raw['stmt_location']);
    const size = numberOf(raw['stmt_len']);
    const whole = bytes.subarray(from, size === 0 ? bytes.length : from + size).toString();
    const [above] = trivia.exec(whole) ?? [''];
    const before = bytes.subarray(0, from).toString() + above;
    const line = before.split('\n').length;
    return {
      file,
      line,
      text: whole.slice(above.length),
      ...opened(raw['stmt']),
      ignores: ignoresIn(above, { file, line }),
    };
  });
  return { file, statements };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function ignoresIn(
  above: string,
  { file, line }: { readonly file: string; readonly line: number },
): LintStatement['ignores'] {
  return [...above.matchAll(/^[ \t]*--[ \t]*drover:[ \t]*ignore[ \t]*(\S*)[ \t]*(.*)$/gm)].map(
    ([, rule = '', said = '']) => {
      const reason = said.trim();
      if (rule !== '' && reason !== '') return { rule, reason };
      const message = `${file}, above line ${line}: an ignore names a rule and says why: -- drover: ignore RULE reason`;
      throw new DroverError('USAGE_INVALID', message, { file, line });
    },
  );
}
