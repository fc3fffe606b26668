/** What a variable may be called: never like one that carries a model, or another endpoint of a provider, past the registry. */
import { DroverError } from '../../errors.ts';

/** `MODEL`, `MODELID`, `OPENAI_MODEL2`, `LLM_MODEL_NAME`, `OPENAIMODEL`; not `MODELSCOPE_API_KEY`, `REMODEL_TOKEN`. */
const carriesModel = /(?<!(?:^|_)RE)MODELS?_?(?:IDS?|NAMES?|V?\d+)?(?:_|$)/;

const endpoint = String.raw`(?:BASE_?UR[IL]|API_?BASE|API_?(?:UR[IL]|HOST)|ENDPOINTS?(?:_?UR[IL])?)`;

/** Of no provider, and so of any: `BASE_URL`, `LLM_BASE_URL`, `API_ENDPOINT`. A tool's own is not: `JIRA_BASE_URL`. */
const ofAny = new RegExp(String.raw`^(?:(?:LLM|AI|API|INFERENCE)_)?${endpoint}\d*$`);

/** Libraries read it in capitals and in small letters. */
const isProxy = /^(?:HTTPS?|ALL)_?PROXY$/i;

/** Behind the word of a provider anything that says where it is: `OPENAI_URL`, `OPENAI_EU_BASE_URL`, `AZURE_OPENAI_ENDPOINT`. */
function ofProvider(words: readonly string[]): RegExp {
  const place = String.raw`(?:_\w*?)?_?${endpoint}|_(?:API_|SERVER_)?(?:UR[IL]|HOST|ADDR|(?:HTTPS?_|ALL_)?PROXY)`;
  return new RegExp(String.raw`(?:^|_)(?:${words.join('|') || '(?!)'})(?:${place})\d*(?:_|$)`);
}

/** The form of a name, for schemas. */
export const secretNameForm = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

/**
 * What such a variable would do. Undefined where the name may be had.
 * @param words how variables of providers begin, in capitals
 */
function reservedFor(name: string, words: readonly string[]): string | undefined {
  const capitals = name.toUpperCase();
  if (carriesModel.test(capitals))
    return 'carries a model, and models are chosen by PUT /workspaces/{workspace_id}/model';
  const redirects = isProxy.test(capitals) || ofAny.test(capitals) || ofProvider(words).test(capitals);
  return redirects
    ? 'sends requests to another endpoint, and the registry says where a provider is reached'
    : undefined;
}

/** What to tell of a name that cannot be had. Undefined where it can. */
export function refuseSecretName(name: string, words: readonly string[]): DroverError | undefined {
  const reserved = reservedFor(name, words);
  if (reserved === undefined) return undefined;
  const message = `A secret cannot be called ${name}: such a variable ${reserved}.`;
  return new DroverError('SECRET_NAME_RESERVED', message, { field: 'secrets', name });
}

/** @throws SECRET_NAME_RESERVED, REQUEST_INVALID */
export function checkSecretName(name: string, words: readonly string[]): void {
  const refused = refuseSecretName(name, words);
  if (refused !== undefined) throw refused;
  if (/^[A-Z][A-Z0-9_]{0,127}$/.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  const message = `A secret is called like a variable: capital letters, digits and underscores; ${shown} is not.`;
  throw new DroverError('REQUEST_INVALID', message, { field: 'secrets' });
}

/** @throws SECRET_NAME_RESERVED of the first name that refuseCompute tells */
export function checkCompute(compute: unknown, words: readonly string[]): void {
  const [first] = refuseCompute(compute, words);
  if (first !== undefined) throw first;
}

/**
 * What to tell of the variables of what a workspace runs on. They come as members, as `{ name: … }`, or in a text, in the writing of
 * shells, of YAML and of JSON. A name in capitals is one, at any depth. What is written in small letters, such as the model of a
 * graphics card, is none, but for proxies.
 */
export function refuseCompute(compute: unknown, words: readonly string[]): DroverError[] {
  const names = new Set<string>();
  const left: unknown[] = [compute];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string') for (const name of namesIn(value)) names.add(name);
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      for (const named of namesIn(name)) names.add(named);
      left.push(inner);
    }
  }
  return [...names].flatMap((name) => {
    const reserved = reservedFor(name, words);
    if (reserved === undefined) return [];
    const message = `compute cannot have ${name}: such a variable ${reserved}.`;
    return [new DroverError('SECRET_NAME_RESERVED', message, { field: 'compute', name })];
  });
}

/** `NAME=…` anywhere, `-eNAME=…`; `NAME: …` at the beginning of a line or of a member; `ENV NAME …`, `setenv NAME …`. */
const writings = [
  /(?<![A-Za-z0-9_])(?:(?<=-)e)?([A-Za-z_][A-Za-z0-9_]*)["']?\s*\+?=/g,
  /(?:^|[{,"'\n])[ \t]*(?:-[ \t]+)?\\?["']?([A-Za-z_][A-Za-z0-9_]*)\\?["']?[ \t]*:/g,
  /(?<![A-Za-z0-9_])(?:ENV|setenv|setx|set[ \t]+-\w+)[ \t]+([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_])/g,
  /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*$/g,
];

function namesIn(text: string): string[] {
  const names = writings.flatMap((writing) => [...text.matchAll(writing)].map(([, name = '']) => name));
  return names.filter((name) => isProxy.test(name) || name === name.toUpperCase());
}
