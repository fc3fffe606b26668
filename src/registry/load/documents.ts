/**
 * Texts → entries with their places. Each provider, runtime and model is checked by itself, so that one mistake hides no
 * other. The ids of broken entries are kept, so that nobody is told that such an entry is missing.
 */
import type { z } from 'zod';
import { formatPath, openText, problemAt, problemAtOffset } from './positions.ts';
import type { OpenedText, Path, RegistryProblem, RegistryText } from './positions.ts';
import { levelsShape, modelShape, providerShape, runtimeShape, schemaVersion } from './shape.ts';
import type { Model, Provider, Runtime } from './shape.ts';

/** An entry and where it stands. */
export interface PlacedEntry<Entry> {
  readonly entry: Entry;
  readonly opened: OpenedText;
  readonly path: Path;
}

/** Everything that the documents say, before entries are compared with one another. */
export interface Entries {
  readonly versions: readonly PlacedEntry<string>[];
  /** What words for an effort mean. */
  readonly levels: readonly PlacedEntry<Readonly<Record<string, number>>>[];
  readonly providers: readonly PlacedEntry<Provider>[];
  readonly runtimes: readonly PlacedEntry<Runtime>[];
  readonly models: readonly PlacedEntry<Model>[];
  /** Ids of broken entries, by section. */
  readonly broken: Readonly<Record<Section, ReadonlySet<string>>>;
  readonly problems: readonly RegistryProblem[];
  /** All documents and sections could be read. Only then is an entry that is not found missing. */
  readonly whole: boolean;
  /** Some document extends the built-in registry. */
  readonly extendsBuiltIn: boolean;
}

type Section = 'providers' | 'runtimes' | 'models';

const shapes = { providers: providerShape, runtimes: runtimeShape, models: modelShape } as const;
const sections: readonly Section[] = ['providers', 'runtimes', 'models'];
const keys = ['schema', 'version', 'extends', 'levels', ...sections];

interface Collected {
  versions: PlacedEntry<string>[];
  levels: PlacedEntry<Readonly<Record<string, number>>>[];
  providers: PlacedEntry<Provider>[];
  runtimes: PlacedEntry<Runtime>[];
  models: PlacedEntry<Model>[];
  broken: Record<Section, Set<string>>;
  problems: RegistryProblem[];
  whole: boolean;
  extendsBuiltIn: boolean;
}

/** The entries of all documents, and what is wrong with each of them. */
export function readEntries(texts: readonly RegistryText[]): Entries {
  const into: Collected = {
    versions: [],
    levels: [],
    providers: [],
    runtimes: [],
    models: [],
    broken: { providers: new Set(), runtimes: new Set(), models: new Set() },
    problems: [],
    whole: true,
    extendsBuiltIn: false,
  };
  for (const text of texts) readDocument(openText(text), into);
  return into;
}

/** Later errors follow from the first ones: 20 000 open brackets are one mistake. */
const mostSyntaxErrors = 5;

function readDocument(opened: OpenedText, into: Collected): void {
  const { errors, warnings } = opened.document;
  const unreadable = [...errors, ...warnings].slice(0, mostSyntaxErrors);
  for (const { pos, message } of unreadable) into.problems.push(problemAtOffset(opened, pos[0], message));
  const value = unreadable.length > 0 ? undefined : plainValue(opened, into);
  if (value === undefined) {
    into.whole = false;
    return;
  }
  readHead(opened, value, into);
  readLevels(opened, value['levels'], into);
  for (const section of sections) readSection(opened, section, value[section], into);
}

/** Resolves aliases. That fails where an alias names no anchor, or where aliases multiply. */
function plainValue(opened: OpenedText, into: Collected): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = opened.document.toJS();
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    into.problems.push(problemAt(opened, [], `must be a map with ${keys.join(', ')}`));
  } catch (error) {
    into.problems.push(problemAt(opened, [], error instanceof Error ? error.message : String(error)));
  }
  return undefined;
}

function readHead(opened: OpenedText, value: Readonly<Record<string, unknown>>, into: Collected): void {
  const report = (path: Path, message: string, key = false): void =>
    void into.problems.push(problemAt(opened, path, message, key));
  for (const key of Object.keys(value))
    if (!keys.includes(key)) report([key], `unknown key ${key}; known are ${keys.join(', ')}`, true);
  const { schema, version } = value;
  if (schema === undefined) report([], `the key schema is missing: schema: ${schemaVersion}`);
  else if (schema !== schemaVersion)
    report(
      ['schema'],
      `schema ${JSON.stringify(schema)} is not known; this Drover reads schema ${schemaVersion}`,
    );
  if (typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version))
    into.versions.push({ entry: version, opened, path: ['version'] });
  else if (version !== undefined) report(['version'], 'must be a short text such as "2026-11-21"');
  if (value['extends'] === 'built-in') into.extendsBuiltIn = true;
  else if (value['extends'] !== undefined) report(['extends'], 'must be built-in');
}

function readLevels(opened: OpenedText, value: unknown, into: Collected): void {
  if (value === undefined) return;
  const parsed = levelsShape.safeParse(value, { reportInput: true });
  if (parsed.success) into.levels.push({ entry: parsed.data.meaning, opened, path: ['levels'] });
  else for (const issue of parsed.error.issues) into.problems.push(...problemsOf(opened, ['levels'], issue));
}

function readSection(opened: OpenedText, section: Section, value: unknown, into: Collected): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    into.problems.push(problemAt(opened, [section], 'must be a list'));
    into.whole = false;
    return;
  }
  for (const [at, raw] of value.entries()) readEntry(opened, [section, at], raw, into);
}

function readEntry(opened: OpenedText, path: [Section, number], raw: unknown, into: Collected): void {
  const [section] = path;
  const parsed = shapes[section].safeParse(raw, { reportInput: true });
  if (parsed.success) {
    into[section].push({ entry: parsed.data as never, opened, path });
    return;
  }
  const id = (raw as { id?: unknown } | null)?.id;
  if (typeof id === 'string') into.broken[section].add(id);
  for (const issue of parsed.error.issues) into.problems.push(...problemsOf(opened, path, issue));
}

function problemsOf(opened: OpenedText, path: Path, issue: z.core.$ZodIssue): RegistryProblem[] {
  const whole = [...path, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      problemAt(opened, [...whole, key], `${formatPath(whole)}: unknown key ${key}`, true),
    );
  const missing = issue.code !== 'custom' && issue.input === undefined;
  const message = missing ? 'is missing' : issue.message;
  return [problemAt(opened, whole, `${formatPath(whole)}: ${message}`)];
}
