/** The rules of the house as functions over sources, so that each can be tried on a planted violation. */
import { dirname, join, normalize } from 'node:path/posix';
import { parseSync, type Program } from 'oxc-parser';
import { isAllowed, partOf, topFolderOf } from './import-table.ts';

export interface Source {
  /** From the root of the project, with forward slashes: src/engine/planner/plan.ts */
  readonly path: string;
  readonly text: string;
}

/** One sentence per violation. */
export type Rule = (source: Source) => string[];

/** What can be seen only where all sources are together. */
export type RuleOfAll = (sources: readonly Source[]) => string[];

/** Packages that only one part may use, or those that are named. */
const owned: Readonly<Record<string, string>> = {
  pg: 'postgres',
  'libpg-query': 'isolation',
  '@electric-sql/pglite': 'postgres',
  'node:sqlite': 'postgres',
  '@clack/prompts': 'cli',
  commander: 'cli',
  'cli-table3': 'cli',
  'csv-parse': 'cli',
  'csv-stringify': 'cli',
  fastify: 'http',
  'find-my-way': 'http',
  zod: 'http registry library',
  pino: 'http',
  'prom-client': 'http',
  jose: 'platform',
};

export const importsFollowTheTable: Rule = (source) => {
  const part = partOf(source.path);
  if (part === undefined) return [`${source.path}: it has no row in the table of who may import whom`];
  return importsOf(source).flatMap((specifier) => {
    const problem = problemOf(source.path, part, specifier);
    return problem ? [`${source.path}: ${problem}`] : [];
  });
};

function problemOf(path: string, part: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return problemOfPackage(topFolderOf(path), specifier);
  const target = targetOf(path, specifier);
  if (target.startsWith('package.json')) return undefined;
  if (!target.startsWith('src/')) return `imports ${specifier}, which is outside src`;
  if (!target.endsWith('.ts')) return `imports ${specifier} without .ts`;
  const imported = partOf(target) ?? target;
  return isAllowed(part, imported) ? undefined : `${part} may not import ${imported} (${specifier})`;
}

function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier));
}

function problemOfPackage(folder: string, specifier: string): string | undefined {
  if (folder === 'engine') return `engine is pure and may not import ${specifier}`;
  const owner = owned[specifier];
  const allowed = owner === undefined || folder === 'main.ts' || owner.split(' ').includes(folder);
  return allowed ? undefined : `only ${owner.replaceAll(' ', ' and ')} may import ${specifier}`;
}

/**
 * A name of a type stands for one thing: who reads it need not ask which file it is from. What the library shows to programs has names
 * for itself, which its API report holds.
 */
export const typesHaveNamesOfTheirOwn: RuleOfAll = (sources) => {
  const declared = sources
    .filter(({ path }) => !path.startsWith('src/library/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^(?:export )?(?:abstract )?(?:interface|type|class) (\w+)/gm)].map((found) => ({
        name: found[1] ?? '',
        path,
      })),
    );
  return [...Map.groupBy(declared, ({ name }) => name)]
    .filter(([, files]) => files.length > 1)
    .map(
      ([name, files]) => `${name}: ${files.map(({ path }) => path).join(', ')} each have a type of this name`,
    );
};

/** Imports of types count: who reads one of the files has to read them all. */
export const filesFormNoCycle: RuleOfAll = (sources) => {
  const imported = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetOf(source.path, specifier)),
    ]),
  );
  return cyclesOf(imported).map((files) => `${files.join(', ')}: these files import each other`);
};

/** Groups of nodes that all lead to each other (Tarjan's strongly connected components), and nodes that lead to themselves. */
export function cyclesOf(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const own = order.size;
    order.set(node, own);
    open.push(node);
    let lowest = own;
    for (const target of next.get(node) ?? []) {
      if (!order.has(target)) lowest = Math.min(lowest, visit(target));
      else if (open.includes(target)) lowest = Math.min(lowest, order.get(target) ?? own);
    }
    if (lowest < own) return lowest;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1 || next.get(node)?.includes(node)) cycles.push(group.toSorted());
    return lowest;
  };
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return cycles;
}

/** Static, dynamic and re-exporting imports. A dynamic import of something that is computed is a violation too. */
function importsOf({ path, text }: Source): string[] {
  const { module } = parseSync(path, text);
  return [
    ...module.staticImports.map((each) => each.moduleRequest.value),
    ...module.staticExports.flatMap((each) =>
      each.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) =>
      text.slice(moduleRequest.start, moduleRequest.end).replace(/^(['"`])(.*)\1$/, '$2'),
    ),
  ];
}

const vague = /^(utils?|common|types|helpers?|services?|misc|shared|managers?|index)$/;

/** A service is something that a tenant configures; the rule means the folder of that name for whatever was left over. */
const nouns = /^src\/platform\/resources\/services\.ts$/;

/** A participle says that something was done to what the file is about, and leaves out what that is. */
const participle = /^(?!(?:seed|feed|embedded)$)(?:[a-z]+ed|known|kept|standing|gone|left|found|made)$/;

export const namesSayWhatIsInside: Rule = ({ path }) => {
  const parts = (nouns.test(path) ? '' : path).split('/').map((part) => part.replace(/\..*$/, ''));
  const isParticiple = path.startsWith('src/isolation/')
    ? () => false
    : (part: string) => participle.test(part);
  return [...parts.filter((part) => vague.test(part)), ...parts.slice(-1).filter(isParticiple)].map(
    (part) => `${path}: ${part} says nothing about what is inside`,
  );
};

const maxLines = 300;

/** Files that are still to be cut, each with the number of lines that it may have until then. */
const longFiles = new Map([
  ['src/isolation/conditions/reader.ts', 360],
  ['src/postgres/isolation/probe/probe.ts', 330],
  ['src/postgres/isolation/probe/seeds.ts', 390],
  ['src/postgres/isolation/read-facts.ts', 375],
  ['src/postgres/records/aliases.ts', 320],
]);

export const filesAreShort: Rule = ({ path, text }) => {
  const lines = text.split('\n').length - 1;
  const most = longFiles.get(path) ?? maxLines;
  return lines > most ? [`${path}: ${lines} lines, more than ${most}`] : [];
};

const maxLineLength = 140;

export const linesAreShort: Rule = ({ path, text }) =>
  text
    .split('\n')
    .flatMap((line, at) =>
      line.length > maxLineLength
        ? [`${path}:${at + 1}: ${line.length} characters, more than ${maxLineLength}`]
        : [],
    );

const maxFiles = 25;

export const foldersAreSmall: RuleOfAll = (sources) => {
  const folders = Map.groupBy(sources, ({ path }) => dirname(path));
  return [...folders].flatMap(([folder, { length }]) =>
    length > maxFiles ? [`${folder}: ${length} files, more than ${maxFiles}`] : [],
  );
};

/** What is kept for an object belongs to a field of it, or of a context that says how long it lives. */
export const nothingIsKeptByIdentity: Rule = ({ path, text }) => {
  if (!/\bWeak(Map|Set)\b/.test(text)) return [];
  const found: string[] = [];
  walk(programOf(path, text), (node) => {
    const { name } = (node.type === 'NewExpression' ? node.callee : {}) as Node;
    if (name === 'WeakMap' || name === 'WeakSet') found.push(`${path}: makes a ${name}`);
  });
  return found;
};

/** The doctor and a conversion look at tenants and keep nothing of theirs under a key. */
const keepsTenants = /^src\/(engine|fleet|platform|site|postgres)\/(?!isolation\/|tenantize\/)/;

/** "No tenant" is written in three ways (`src/engine/tenant.ts`). Whoever makes one of another by hand takes the empty text for a tenant. */
export const noTenantIsWrittenInOnePlace: Rule = ({ path, text }) => {
  if (path === 'src/engine/tenant.ts' || !keepsTenants.test(path)) return [];
  return [...text.matchAll(/\btenant(?:\??\.key)? (?:\?\?|===|!==) ''/g)].map(
    ([found]) => `${path}: ${found}: take recordedTenant, tenantOfRecord or keysOfTenants`,
  );
};

/** Where several connections work at once, or several ends are waited for. */
const atOnce = /^src\/(?:postgres\/driver\/server|postgres\/inventory\/take-inventory|fleet\/worker)\.ts$/;

/** Which statement, and which lock, comes first is said by a list (`Tx.together`), and never by which promise was made first. */
export const statementsHaveAnOrder: Rule = ({ path, text }) => {
  if (!/^src\/(postgres|platform|fleet)\//.test(path) || atOnce.test(path)) return [];
  const promises = identifiersAndStrings(path, text).members.filter((member) =>
    ['Promise.all', 'Promise.allSettled'].includes(member),
  );
  return promises.map((found) => `${path}: ${found}: put the questions together, in their order`);
};

/** What users give names to. A variable that is called so holds such a name, or a thing with one. */
const named = [
  'tenant',
  'model',
  'provider',
  'vendor',
  'table',
  'column',
  'entity',
  'component',
  'place',
  'spelling',
];

/** A model may be called `constructor`: what is kept by name is a Map, or is read with `ownMember`. */
export const namesAreNoMembers: Rule = ({ path, text }) => {
  if (path === 'src/engine/own.ts') return [];
  const found: string[] = [];
  walk(programOf(path, text), (node) => {
    if (node.type !== 'MemberExpression' || node.computed !== true) return;
    const { type, name, object, property } = node.property as Node;
    const last = type === 'Identifier' ? name : (property as Node | undefined)?.name;
    const owner = (object as Node | undefined)?.name;
    const isName =
      type === 'Identifier'
        ? named.includes(String(name))
        : type === 'MemberExpression' &&
          (named.includes(String(last)) ||
            (named.includes(String(owner)) && ['name', 'id', 'key'].includes(String(last))));
    const [written = '', record = '', key = ''] = [node, node.object as Node, node.property as Node].map(
      (part) => text.slice(Number(part.start), Number(part.end)),
    );
    if (isName && !text.includes(`Object.hasOwn(${record}, ${key})`))
      found.push(`${path}: ${written} is read by a name: take a Map, or ownMember`);
  });
  return found;
};

export const onlyConfigReadsTheEnvironment: Rule = ({ path, text }) => {
  if (path === 'src/config.ts') return [];
  const reads = identifiersAndStrings(path, text).members.some((member) => member === 'process.env');
  const destructures = /\{[^}]*\benv\b[^}]*\}\s*(=\s*process\b|from\s*['"](node:)?process['"])/.test(text);
  return reads || destructures ? [`${path}: only src/config.ts reads the environment`] : [];
};

const sql = [
  /\bselect\b[^.]*\bfrom\s+["$\w]/i,
  /\b(insert\s+into|delete\s+from|truncate\s+table|merge\s+into)\s/i,
  /\bupdate\s+["$\w.]+\s+(as\s+\w+\s+)?set\b/i,
  /\b(create|alter|drop)\s+(table|index|unique|schema|role|policy|trigger|function|view|type|database|extension)\b/i,
  /\bset\s+local\b|^\s*(begin|commit|rollback)\b\s*(;|$)/i,
];

/** Upper case, or a literal that begins like a statement: prose such as "select a model from the list" is fine. */
function looksLikeSql(text: string): boolean {
  const shouted =
    /\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TRUNCATE|MERGE|SET LOCAL|BEGIN|COMMIT|ROLLBACK)\b/;
  const begins =
    /^\s*(with\s+\w+\s+as\s*\(|select\s.*\sfrom\s+\w+\.\w+|insert\s+into|update\s+\S+\s+set|delete\s+from|set\s+local)/is;
  return begins.test(text) || (shouted.test(text) && sql.some((pattern) => pattern.test(text)));
}

export const onlyPostgresSpeaksSql: Rule = ({ path, text }) => {
  if (['postgres', 'isolation'].includes(topFolderOf(path)) || path.startsWith('src/platform/queries/'))
    return [];
  return identifiersAndStrings(path, text)
    .strings.filter(looksLikeSql)
    .map(
      (found) =>
        `${path}: SQL belongs to src/postgres and src/platform/queries: ${found.trim().slice(0, 60)}`,
    );
};

/** Every string and template of a file, and every a.b in it; comments do not count. */
function identifiersAndStrings(path: string, text: string): { strings: string[]; members: string[] } {
  const strings: string[] = [];
  const members: string[] = [];
  walk(programOf(path, text), (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') strings.push(node.value);
    if (node.type === 'TemplateLiteral')
      strings.push(text.slice(Number(node.start) + 1, Number(node.end) - 1));
    if (node.type === 'MemberExpression') members.push(memberName(node));
  });
  return { strings, members };
}

const programs = new Map<string, Program>();

/** Each rule looks at each source, which is read once. */
function programOf(path: string, text: string): Program {
  const known = programs.get(text);
  if (known !== undefined) return known;
  const { program } = parseSync(path, text);
  programs.set(text, program);
  return program;
}

type Node = Readonly<Record<string, unknown>>;

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (typeof value === 'object' && value !== null) {
    const node = value as Node;
    if (typeof node.type === 'string') visit(node);
    for (const child of Object.values(node)) walk(child, visit);
  }
}

function memberName(node: Node): string {
  const object = node.object as Node;
  const property = node.property as Node;
  return `${String(object.name)}.${String(property.name ?? property.value)}`;
}

/** Codes that are not described, and descriptions of codes that do not exist. */
export function compareErrorCodes(codes: readonly string[], document: string): string[] {
  const headings = [...document.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? '');
  return [
    ...codes
      .filter((code) => !headings.includes(code))
      .map((code) => `docs/errors.md does not describe ${code}`),
    ...headings
      .filter((heading) => !codes.includes(heading))
      .map((heading) => `there is no error ${heading}`),
    ...headings
      .filter((heading, i) => headings.indexOf(heading) !== i)
      .map((twice) => `${twice} is there twice`),
  ];
}
