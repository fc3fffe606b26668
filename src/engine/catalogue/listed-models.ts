/** Is a table a list of models, and which of its columns says what a model is called? What their names say of it. */
import type { Column, Table } from './catalog.ts';
import { frameworkWords, isModelWord, singularWords, snake, wordSet } from './wording.ts';

/** `app_chatmodel`, `EngineModel`, `ai_models_catalog` and `llms` are lists of models by their name. */
export function isCalledModel(table: Table): boolean {
  const words = singularWords(table.name).filter((word) => !frameworkWords.has(word));
  const last = words.at(-1) ?? '';
  return (
    isModelWord(last) ||
    (words.some(isModelWord) && /^(catalog(ue)?|registry|list|configuration|config|entry|key)$/.test(last))
  );
}

/** `app_model_configs` may say which model an application uses; only its values can tell. */
export function isConfiguration(table: Table): boolean {
  return /(configuration|config|entry|key)$/.test(singularWords(table.name).at(-1) ?? '');
}

/** Called like a list of models, though nothing else speaks for one. */
export function mayListModels(table: Table): boolean {
  return isCalledModel(table) && !mentionsModels(table);
}

/** `space_models` and `default_models` say which model something uses. */
export function mentionsModels(table: Table): boolean {
  const words = singularWords(table.name);
  return words.length > 1 && words.some((word) => mentionWords.has(word));
}

const mentionWords = wordSet(`
  allowed allow default setting space grant enabled data permission policy access preference override blocked disabled excluded
  favorite favourite price pricing limit alias fallback`);

const nameRanks = [
  /^((ai_|llm_)?model_)?(name|slug|identifier|code)$/,
  /^((ai_|llm_)?model_?)?(key|id|ref|string)?$/,
  /^(handle|deployment)(_name)?$/,
];
/** The rank of a column that is called like no name. */
export const otherRank = nameRanks.length;

/** How much a column is called like the name of a model: the lower, the more. */
export function nameRank(column: Column): number {
  const at = nameRanks.findIndex((pattern) => pattern.test(snake(column.name)));
  if (at !== -1) return at;
  return isLabel(column.name) ? otherRank + 1 : otherRank;
}

/** Display text beside a name. */
export function isLabel(column: string): boolean {
  return /(^|_)(display|friendly|human|pretty|full|short|nice)_?(name|title)?$|(^|_)(label|title|caption)s?$/.test(
    snake(column),
  );
}

/** A column of a model that names another model: what it is based on, or what takes its place. */
export function namesModelPointer(column: string): boolean {
  return /(^|_)(base|fallback|parent|successor|replac|migrat|supersed|alternative|default|backup|upgrade|next|target)/.test(
    snake(column),
  );
}
