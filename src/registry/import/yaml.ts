/**
 * A reviewed import → the changed texts of the registry. Only changed values are rewritten, in place. So comments, order and
 * layout stay, and a diff of the files shows what the list said.
 */
import { isMap, isSeq, parseDocument } from 'yaml';
import type { YAMLMap } from 'yaml';
import { isYamlWord } from '../../engine/yaml-word.ts';
import { evidenceOfEnd, withChanges } from './changes.ts';
import type { ImportPlan, ModelChange } from './changes.ts';
import type { FactChange } from './judge-fact.ts';
import type { RegistryText } from '../load/positions.ts';
import { schemaVersion } from '../load/shape.ts';
import type { Model, Registry } from '../load/shape.ts';

/**
 * Only the texts that change, and new ones for vendors that have no file yet. A changed model that stands in none of the texts
 * is of the registry that they extend: it becomes an entry of their own.
 */
export function applyImport(
  texts: readonly RegistryText[],
  plan: ImportPlan,
  { models }: Pick<Registry, 'models'>,
): RegistryText[] {
  const changed = texts.map(({ file, text }) => ({ file, text: changeModels(text, plan.changes) }));
  const own = new Set(texts.flatMap(({ text }) => modelEntries(text).map((entry) => entry.get('id'))));
  const extended = models.flatMap((model) => {
    const change = own.has(model.id) ? undefined : plan.changes.find((each) => each.model === model.id);
    return change === undefined ? [] : [withChanges(model, change)];
  });
  const all = addModels(changed, [...extended, ...plan.additions]);
  return all.filter(({ file, text }) => texts.find((each) => each.file === file)?.text !== text);
}

/** For a person: each model, with the values before and after. */
export function describeImport({ changes, additions, unheeded, unknown }: ImportPlan): string[] {
  return [
    ...changes.flatMap(({ model, changes: facts, source }) => [
      `~ ${model}  (${source})`,
      ...facts.map(describeFact),
    ]),
    ...additions.map(({ id, name, vendor, source }) => `+ ${id}  ${name}, of ${vendor}  (${source})`),
    ...unheeded.map(({ model, message }) => `! ${model}: the feed ${message}`),
    ...(unknown === 0 ? [] : [`  ${unknown} models of the feed are not in the registry and were left out`]),
  ];
}

function describeFact({ path, before, after }: FactChange): string {
  const was = before === undefined ? '(nothing)' : shown(before);
  return `    ${path.join('.')}: ${was} → ${shown(after)}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface YamlSplice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function modelEntries(text: string): YAMLMap[] {
  const models = parseDocument(text).get('models');
  return isSeq(models) ? models.items.filter((item) => isMap(item)) : [];
}

function changeModels(text: string, changes: readonly ModelChange[]): string {
  const entries = new Map(modelEntries(text).map((entry) => [entry.get('id'), entry]));
  const splices = changes.flatMap((change) => {
    const entry = entries.get(change.model);
    return entry === undefined ? [] : modelSplices(text, entry, change);
  });
  return splice(text, splices);
}

/** From the end to the beginning. Splices at the same place stay in their order. */
function splice(text: string, splices: readonly YamlSplice[]): string {
  const ordered = splices.map((each, at) => ({ ...each, at })).sort((a, b) => b.from - a.from || b.at - a.at);
  return ordered.reduce(
    (done, { from, to, text: inserted }) => done.slice(0, from) + inserted + done.slice(to),
    text,
  );
}

function modelSplices(text: string, entry: YAMLMap, change: ModelChange): YamlSplice[] {
  const groups = new Map<string | undefined, Record<string, unknown>>();
  for (const { path, after } of change.changes) {
    const group = path.length > 1 ? path[0] : undefined;
    groups.set(group, { ...groups.get(group), [path.at(-1) ?? '']: after });
  }
  return [...groups].flatMap(([group, values]) => {
    const own = { ...values, source: change.source };
    if (group === undefined) return setMembers(text, entry, { ...own, checked: change.checked });
    const map = entry.get(group);
    // A part names a page only where that is not the page of the whole. The end of a model always says who said so, and when.
    const implied = entry.get('source') === change.source && !(isMap(map) && map.has('source'));
    const said = group === 'lifecycle' ? { ...values, ...evidenceOfEnd(change) } : implied ? values : own;
    return isMap(map) ? setMembers(text, map, said) : setMembers(text, entry, { [group]: said });
  });
}

function setMembers(text: string, map: YAMLMap, members: Readonly<Record<string, unknown>>): YamlSplice[] {
  return Object.entries(members).map(([key, value]) => {
    const range = rangeOf(text, map.get(key, true));
    if (range !== undefined) return { ...range, text: yamlText(value) };
    const member = `${key}: ${yamlText(value)}`;
    const whole = rangeOf(text, map) ?? { from: text.length, to: text.length };
    if (map.flow !== true) return { from: whole.to, to: whole.to, text: `\n${indentOf(text, map)}${member}` };
    // Behind the last member, before a comma or a comment that follows it.
    const last = rangeOf(text, map.items.at(-1)?.value);
    if (last === undefined) return { from: whole.from + 1, to: whole.from + 1, text: ` ${member},` };
    return { from: last.to, to: last.to, text: `, ${member}` };
  });
}

function rangeOf(text: string, node: unknown): { from: number; to: number } | undefined {
  const range = (node as { range?: [number, number, number] } | undefined)?.range;
  if (range === undefined) return undefined;
  const [from, end] = range;
  // The end of a block lies behind its last line.
  return { from, to: from + text.slice(from, end).trimEnd().length };
}

/** The column of the first key, which follows the dash of a list. */
function indentOf(text: string, map: YAMLMap): string {
  const start = rangeOf(text, map)?.from ?? 0;
  return ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
}

/** On one line, as the registry is written. */
function yamlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlText).join(', ')}]`;
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${yamlText(key)}: ${yamlText(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** Does YAML read the text as that text without quotes? */
function isPlain(text: string): boolean {
  if (/^\d{4}-\d\d-\d\d$/.test(text) || /^https:\/\/[\w./%+@()=&?-]+$/.test(text)) return true;
  const word = /^[A-Za-z][\w./+@() -]*$/.test(text) && !text.endsWith(' ');
  return word && !isYamlWord(text);
}

/** Behind the models of the same vendor, in the same layout. */
function addModels(texts: readonly RegistryText[], additions: readonly Model[]): RegistryText[] {
  const all = texts.map((each) => ({ ...each }));
  for (const model of additions) {
    const file = `models/${model.vendor}.yaml`;
    let opened = all.find((each) => each.file === file);
    if (opened === undefined) all.push((opened = { file, text: `schema: ${schemaVersion}\nmodels:\n` }));
    opened.text = `${opened.text.trimEnd()}\n\n${entryText(model)}\n`.replace('models:\n\n', 'models:\n');
  }
  return all;
}

function entryText(model: Model): string {
  const lines = Object.entries(model).map(([key, value]) => `${key}: ${yamlText(value)}`);
  return lines.map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`).join('\n');
}
