/** What names say: the guesses of `drover init` that rest on the words in the names of tables and columns. */
import type { Column, Table } from './catalog.ts';

const mostRemembered = 20_000;

/** `spaceModelId`, `space_model_id` and `"Space Model-ID"` are the words space, model, id. */
export const wordsOf = remembering((name): readonly string[] => {
  const spaced = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return spaced
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
});

/** What a name says is asked again for each table and column that it is compared with. */
function remembering<Answer>(answer: (name: string) => Answer): (name: string) => Answer {
  const known = new Map<string, Answer>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= mostRemembered) known.clear();
    const now = answer(name);
    known.set(name, now);
    return now;
  };
}

/** The words of a list. */
export function wordSet(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

/** The words of a name joined by `_`, so that one pattern fits every way to write it. */
export const snake = remembering((name) => wordsOf(name).join('_'));

/** `policies` is `policy`; good enough for names of tables. */
export function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^su]s$/.test(word) && !word.endsWith('is') ? word.slice(0, -1) : word;
}

/** The words of a name, each in the singular. */
export const singularWords = remembering((name): readonly string[] => wordsOf(name).map(singular));

/** What frameworks add to the name of every table. */
export const frameworkWords = wordSet('table tbl entity record app core public dbo db');

/** The first column whose name, in snake case, fits the pattern. */
export function findWorded(
  table: Table,
  pattern: RegExp,
  kinds?: readonly Column['kind'][],
): Column | undefined {
  return table.columns.find(
    (column) => pattern.test(snake(column.name)) && (kinds === undefined || kinds.includes(column.kind)),
  );
}

/** Frameworks write words together: `chatmodel`, `languagemodel_id`. */
const fused =
  '(ai|chat|language|llm|engine|base|main|fallback|default|completion|embedding|speech|vision|text)';

/** Does a column of this name hold the name or the key of a model? */
export function namesModel(column: string): boolean {
  return modelColumn.test(snake(column));
}

const modelColumn = new RegExp(
  `(^|_)(${fused}?models?|llms?|engine|deployment)(_?(name|id|key|slug|code|ref|uuid|no|nr|identifier|string))?s?$`,
);

/** Is a word of a table's name a model: `model`, `llm`, `chatmodel`, `enginemodel`? */
export function isModelWord(word: string): boolean {
  return word === 'llm' || (word.endsWith('model') && !/^(re|super|data)model$/.test(word));
}

/** Does a column (or member of a document) of this name hold the provider of a model? */
export function namesProvider(column: string): boolean {
  return /(^|_)(providers?|vendor)(_?(name|id|key|slug|code|ref|type))?$/.test(snake(column));
}

const otherService =
  /(^|_)(embed|vector|rerank|transcri|speech|voice|audio|tts|stt|image|moderat|search|storage|auth|sso|login|payment|email|sms)[a-z]*_/;

/** Can a provider of this name be the one of a model of that name? `embeddings_provider` says nothing of a `model` beside it. */
export function providesFor(provider: string, model: string): boolean {
  const [, , service] = otherService.exec(snake(provider)) ?? [];
  return service === undefined || snake(model).includes(service);
}

/** Does a name say that what it lists is forbidden? */
export function forbidsModels(name: string): boolean {
  return /(^|_)(disabled|blocked|excluded?|denied|forbidden|banned|disallowed|deny|block|black|ignored?|hidden)(list|ed)?(_|$)/.test(
    snake(name),
  );
}

const proseWords = wordSet(`
  name title note label description text prompt comment content summary subject message body question answer topic thread nickname
  username email translation remark`);
const proseName = new RegExp(`(^|_)(${[...proseWords].join('|')})s?$`);

/** Does a column or member of this name hold what people write? */
export function holdsProse(name: string): boolean {
  return proseName.test(snake(name)) && !namesModel(name);
}

const families = `
  gpt chatgpt o[1345](?=-|$) claude gemini gemma llama mistral mixtral codestral ministral magistral pixtral command cohere
  deepseek qwen qwq phi grok titan nova whisper text-embedding embed voyage bge e5 dall-e davinci kimi glm palm jamba nemotron
  granite olmo`;
const modelName = new RegExp(
  String.raw`^(?:[\w-]+[./:])*(?:${[...wordSet(families)].join('|')})[\w.:@/-]*$`,
  'i',
);

/** Is a value written like the name of a known model? A guess for values of which nothing else is known. */
export function looksLikeModel(value: string): boolean {
  return value.length <= 100 && modelName.test(value) && /[-\d]/.test(value);
}

/** Who serves models that others made, as parts of words: `azureChatOpenAI`, `eu.aiplatform.vertex`. */
export const serversOfOthers: readonly string[] = [
  ...wordSet('azure bedrock vertex openrouter litellm databricks watsonx cloudflare copilot'),
];

const reserved = wordSet(`
  all and any array as asc both case cast check collate column constraint create default desc distinct do else end except false
  fetch for foreign from grant group having in into is join like limit not null of off offset on only or order primary references
  select session_user some table then to true union unique user using when where window with`);

/** A column as it must be written in an SQL condition of the configuration. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A text literal for an SQL condition. */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
