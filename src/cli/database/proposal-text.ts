/**
 * A proposal as the file that a person edits: YAML with a comment above each guess that says why. It is a fresh file; one that a person has
 * edited is never written again.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Document, isCollection, isMap, isScalar, type Node, type Pair, type Scalar, stringify } from 'yaml';
import { configSchema } from '../../config-file.ts';
import type { Proposal } from '../../engine/propose/propose.ts';
import { wrapLine } from '../terminal/wrap.ts';

const width = 110;
/** Texts that YAML 1.1 would read as something else, such as `no`, are in quotes. */
const writing = {
  lineWidth: 0,
  compat: 'yaml-1.1',
  defaultStringType: 'PLAIN',
  singleQuote: false,
  flowCollectionPadding: false,
} as const;

/** The text, its questions on the first screen; reading it gives the configuration of the proposal. @param schema for editors */
export function proposalText(
  { config, reasons, questions, notes, account }: Proposal,
  schema: string,
): string {
  const document = new Document(config, writing);
  const head = [
    'Proposed by "drover init" from the catalogue and samples of the rows. Check every line, then commit the file.',
    ...(questions.length > 0 ? ['Questions:', ...questions.map((text, at) => `${at + 1}. ${text}`)] : []),
    ...notes.map((note) => `- ${note}`),
    ...(schema.startsWith('file:')
      ? [
          'The path above is of this machine. With drover among the modules of the project it is one for everybody.',
        ]
      : []),
  ];
  document.commentBefore = [
    ` yaml-language-server: $schema=${schema}`,
    ...head.map((line) => comment(line, '')),
  ].join('\n');
  document.comment = comment(account, '');
  explain(document.contents, { reasons, path: [] });
  const keys = isMap(document.contents) ? document.contents.items.map(({ key }) => key as Scalar) : [];
  // The comment at the top stands apart already.
  for (const key of keys.slice(1)) key.spaceBefore = true;
  return document.toString(writing);
}

/** Puts each reason above what it is about, and what is small and has no reason within it on one line. */
function explain(
  node: unknown,
  { reasons, path }: { readonly reasons: Readonly<Record<string, string>>; readonly path: readonly string[] },
): void {
  if (!isCollection(node)) return;
  for (const [at, item] of node.items.entries()) {
    const [key, value] = isMap(node) ? partsOf(item as Pair) : [undefined, item as Node];
    const own = [...path, key === undefined ? String(at) : String(key.value)];
    const why = reasons[own.join('.')] ?? '';
    if (why !== '') (key ?? value).commentBefore = comment(why, '  '.repeat(path.length));
    explain(value, { reasons, path: own });
    const inside = Object.keys(reasons).some((reason) => reason.startsWith(`${own.join('.')}.`));
    const begins = path.length * 2 + (key === undefined ? 2 : String(key.value).length + 2);
    if (
      isCollection(value) &&
      !inside &&
      (key !== undefined || value.items.length === 0) &&
      fits(value, begins)
    )
      value.flow = true;
  }
}

function partsOf({ key, value }: Pair): [Scalar, Node] {
  return [key as Scalar, value as Node];
}

/** A list or an object of scalars, short enough for its line. */
function fits(node: Node, begins: number): boolean {
  if (!isCollection(node)) return false;
  const small = node.items.every((item) => {
    const value = isMap(node) ? (item as Pair).value : item;
    return isScalar(value) || (isCollection(value) && value.items.length === 0);
  });
  return small && begins + stringify(node, { ...writing, collectionStyle: 'flow' }).length - 1 <= width;
}

/** Wrapped, so that a reason can be read beside the line that it explains; `#` is the writer's. */
function comment(text: string, indent: string): string {
  const lines = wrapLine(text.replaceAll(/\s+/g, ' ').trim(), width - indent.length - 2);
  return lines.map((line) => ` ${line.trimStart()}`).join('\n');
}

/**
 * Where an editor finds the schema of the configuration: in the folder of modules of the project, as a path from the file, so that it
 * holds for everybody who has the project; else that of this installation.
 */
export function schemaFor(file: string): string {
  const folder = dirname(resolve(file));
  const below = foldersAbove(folder).map((each) =>
    join(each, 'node_modules/drover/schema/drover.config.schema.json'),
  );
  const own = below.find((path) => existsSync(path));
  if (own !== undefined) return relative(folder, own).split(sep).join('/');
  return pathToFileURL(fileURLToPath(configSchema)).href;
}

function foldersAbove(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}
