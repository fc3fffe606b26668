/** Reads the examples under examples/attached; what the words of `case.yaml` mean is said in their README. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Completion } from '../../src/engine/plan/completion.ts';
import type { AskAnswer, Intent, ParameterPolicy } from '../../src/engine/plan/intent.ts';

const root = join(import.meta.dirname, '../../examples/attached');

interface Query {
  readonly about?: string;
  readonly sql: string;
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface LeftRows {
  readonly place: string;
  readonly reason: string;
  readonly count: number;
}

export interface Expected {
  readonly completion: Completion;
  readonly counts: Readonly<Record<string, number>>;
  readonly left_behind: readonly LeftRows[];
  readonly findings: readonly string[];
  readonly changed: Readonly<Record<string, number | { readonly gone: number; readonly new: number }>>;
  readonly after: readonly Query[];
}

export interface Case {
  readonly name: string;
  readonly before?: readonly string[];
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  readonly kind?: string;
  readonly entity_types?: readonly string[];
  readonly parameters?: ParameterPolicy;
  readonly answers?: Readonly<Record<string, AskAnswer>>;
  readonly leave_asks?: boolean;
  readonly refused?: readonly string[];
  readonly expected?: Expected;
}

export interface Example {
  readonly name: string;
  readonly config: string;
  readonly schema: string;
  readonly data: string;
  readonly cases: readonly Case[];
  /** Columns that the database itself writes on each update, as `table.column`. */
  readonly touched: readonly string[];
}

/** All examples, in the order of their folders. */
export function readExamples(): Example[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => readExample(entry.name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function readExample(name: string): Example {
  const text = (file: string): string => readFileSync(join(root, name, file), 'utf8');
  const { cases, touched = [] } = parse(text('case.yaml')) as { cases: Case[]; touched?: string[] };
  return {
    name,
    config: join(root, name, 'drover.config.yaml'),
    schema: text('schema.sql'),
    data: text('data.sql'),
    cases,
    touched: touched.map(unquoted),
  };
}

/** The files write names without quotes where the program may print some. */
export function unquoted(name: string): string {
  return name.replaceAll('"', '');
}

/** What a case asks for. */
export function intentOf(given: Case): Intent {
  return {
    tenant: given.tenant,
    from: given.from,
    to: given.to,
    parameters: given.parameters ?? 'reset',
    answers: given.answers ?? {},
    leaveAsks: given.leave_asks ?? false,
    ...(given.kind === undefined ? {} : { kind: given.kind }),
    ...(given.entity_types === undefined ? {} : { entityTypes: given.entity_types }),
  };
}
