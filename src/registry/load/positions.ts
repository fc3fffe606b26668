/** Where in a YAML text something stands, for messages with file and line. */
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';

/** A file of the registry as text. */
export interface RegistryText {
  /** As it is called in messages. */
  readonly file: string;
  readonly text: string;
}

/** Leads to a value of a document: `['models', 3, 'id']`. */
export type Path = readonly PropertyKey[];

/** One thing that is wrong, and where. */
export interface RegistryProblem {
  readonly file: string;
  /** Both begin at 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface OpenedText {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** A text as YAML with positions. Syntax errors are in `document.errors`. */
export function openText({ file, text }: RegistryText): OpenedText {
  const lines = new LineCounter();
  return { file, lines, document: parseDocument(text, { lineCounter: lines, prettyErrors: false }) };
}

/** A problem at a path, or at the nearest place that is there. `key` means the key and not its value. */
export function problemAt(opened: OpenedText, path: Path, message: string, key = false): RegistryProblem {
  let node: unknown = opened.document.contents;
  let offset = startOf(node) ?? 0;
  for (const [at, step] of path.entries()) {
    const found = stepInto(node, step);
    if (found === undefined) break;
    const wanted = key && at === path.length - 1 ? found.key : found.value;
    offset = startOf(wanted) ?? startOf(found.key) ?? offset;
    node = found.value;
  }
  return problemAtOffset(opened, offset, message);
}

export function problemAtOffset(opened: OpenedText, offset: number, message: string): RegistryProblem {
  const { line, col } = opened.lines.linePos(offset);
  return { file: opened.file, line: Math.max(1, line), column: Math.max(1, col), message };
}

function stepInto(node: unknown, step: PropertyKey): { key?: unknown; value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** `models[3].prices.input`, for a message. */
export function formatPath(path: Path): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

/** One line per problem: `runtimes.yaml:12:5 …`. */
export function formatProblems(problems: readonly RegistryProblem[]): string[] {
  return problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
}
