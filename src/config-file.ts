/**
 * Reads `drover.config.yaml`: YAML with positions, checked against schema/drover.config.schema.json. Everything that is
 * wrong is reported at once, each with file, line, column and, for a mistyped key, what was probably meant.
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import { type ConfigPath, type Fault, faultsOf } from './config-faults.ts';
import type { Config } from './engine/rules/config.ts';
import { isTextSetting } from './engine/text-settings.ts';
import { DroverError } from './errors.ts';

export interface FilePosition {
  /** Both begin at 1. */
  readonly line: number;
  readonly column: number;
}

export interface ConfigFileProblem extends FilePosition {
  readonly file: string;
  /** The key or element at fault; empty for the file as a whole. */
  readonly path: ConfigPath;
  readonly message: string;
}

/** A file with the positions of what it says, so that problems found later can be located too. */
export interface ConfigDocument {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

export interface ConfigFile extends ConfigDocument {
  readonly config: Config;
}

/**
 * The configuration of a file.
 * @throws CONFIG_NOT_FOUND where there is no such file, CONFIG_INVALID with all problems in `data.problems`.
 */
export function loadConfigFile(path: string): Config {
  return openConfigFile(path).config;
}

/** What a command needs of a configuration: most ask for models, the doctor for the ownership of the tables alone. */
export type ConfigNeeds = 'models' | 'ownership';

/** Like `loadConfigFile`, with the positions. */
export function openConfigFile(path: string, needs: ConfigNeeds = 'models'): ConfigFile {
  return parseConfig(readText(path), path, needs);
}

/**
 * The configuration that a text holds.
 * @param file how the text is called in messages.
 * @throws CONFIG_INVALID with all problems in `data.problems`.
 */
export function parseConfig(text: string, file: string, needs: ConfigNeeds = 'models'): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const opened = { file, document, lines };
  const unreadable = [...document.errors, ...document.warnings].map((error) => ({
    file,
    ...positionOf(lines, error.pos[0]),
    path: [],
    message: error.message,
  }));
  if (unreadable.length > 0) throw invalid(unreadable);
  const value = plainValue(opened);
  const validate = validator();
  const isWhole = validate(value);
  const faults = [...(isWhole ? [] : faultsOf(validate)), ...(needs === 'models' ? modelFaults(value) : [])];
  if (faults.length > 0) throw invalid(locateProblems(opened, faults));
  const config = value as Config;
  const overridden = settingFaults(config);
  if (overridden.length > 0) throw invalid(locateProblems(opened, overridden));
  return { ...opened, config };
}

/** Where neither rows, isolation nor a conversion is spoken of the file is about models. */
function modelFaults(value: unknown): Fault[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const isOther = ['model', 'rows', 'isolation', 'tenantize'].some((key) => Object.hasOwn(value, key));
  return isOther ? [] : [{ path: [], message: 'the key model is missing' }];
}

/** A setting that every transaction pins would be written in the file and mean nothing. */
function settingFaults({ database }: Config): Fault[] {
  return Object.keys(database?.session?.settings ?? {})
    .filter(isTextSetting)
    .map((name) => ({
      path: ['database', 'session', 'settings', name],
      at: 'key',
      message:
        'is pinned by every transaction of Drover, since journals hold values as text: leave it out. ' +
        "Conditions run under UTC and ISO dates; one that needs another zone says so, as in at AT TIME ZONE 'Europe/Oslo'",
    }));
}

/** Gives problems that were found later (a table that does not exist, say) their place in the file, in its order. */
export function locateProblems(opened: ConfigDocument, problems: readonly Fault[]): ConfigFileProblem[] {
  const located = problems.map(({ path, message, at }) => ({
    file: opened.file,
    ...locate(opened, path, at),
    path,
    message,
  }));
  return located.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Where a value, or with `at: 'key'` its key, stands; of a path that leads nowhere, the nearest that is there. */
export function locate({ document, lines }: ConfigDocument, path: ConfigPath, at?: 'key'): FilePosition {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const { key, value } = stepInto(node, step);
    if (key === undefined && value === undefined) break;
    const wanted = at === 'key' && index === path.length - 1 ? key : (value ?? key);
    // A key without a value has a node for the empty value, which begins somewhere behind it.
    offset = startOf(isEmpty(wanted) ? key : wanted) ?? startOf(key) ?? offset;
    node = value;
  }
  return positionOf(lines, offset);
}

/** One line per problem: `drover.config.yaml:12:5 places[3].at: …`. */
export function formatConfigProblems(problems: readonly ConfigFileProblem[]): string[] {
  return problems.map(({ file, line, column, path, message }) => {
    const subject = formatPath(path);
    return `${file}:${line}:${column} ${subject === '' ? '' : `${subject}: `}${message}`;
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `There is no readable configuration at ${path}. \`drover init\` proposes one.`;
    throw new DroverError('CONFIG_NOT_FOUND', message, { file: path }, { cause });
  }
}

function invalid(problems: readonly ConfigFileProblem[]): DroverError {
  return new DroverError('CONFIG_INVALID', formatConfigProblems(problems).join('\n'), { problems });
}

/** Aliases are resolved here, which fails where one names no anchor or where they multiply into something huge. */
function plainValue(opened: ConfigDocument): unknown {
  try {
    return opened.document.toJS() as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = positionOf(opened.lines, findDanglingAlias(opened.document) ?? 0);
    throw invalid([{ file: opened.file, ...position, path: [], message }]);
  }
}

function findDanglingAlias(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      offset = startOf(alias);
      return visit.BREAK;
    },
  });
  return offset;
}

let compiled: ValidateFunction | undefined;

/** The schema of the file, for this program and for editors. */
export const configSchema = new URL('../schema/drover.config.schema.json', import.meta.url);

function validator(): ValidateFunction {
  compiled ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strictTypes: false }).compile(
    JSON.parse(readFileSync(configSchema, 'utf8')) as object,
  );
  return compiled;
}

function stepInto(node: unknown, step: string | number): { key?: unknown; value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(step)] };
  if (!isMap(node)) return {};
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair === undefined ? {} : { key: pair.key, value: pair.value };
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** `linePos` says line 0 before the first line is counted, which happens for an empty text. */
function positionOf(lines: LineCounter, offset: number): FilePosition {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function formatPath(path: ConfigPath): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`))
    .join('');
}
