/** Namesakes: models of the source's name at another provider. An object that says so names another model, and is no occurrence. */
import { ownMember } from '../own.ts';
import type { DocumentValue } from '../edit/documents.ts';
import { matchingSpots, parsePattern } from '../edit/json-pointer.ts';
import { scalarText } from '../edit/json-text.ts';
import { outermostLayer, type Spot } from '../edit/layers.ts';
import { separators } from '../edit/text-rule.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { ModelNames, ModelPair } from '../models/model.ts';
import type { Config } from './config.ts';
import { formsOf, textsOf, unchangedTexts } from './mapping.ts';
import type { Place } from './place.ts';

/** By what a place says that its values are: does this one name another provider's model? */
export type NamesakeTest = (place: Place, text: string) => boolean;

/** The tuples of namesakes to which a place leads, as mappings to themselves. */
export function namesakes(
  { place, mappings }: { readonly place: Place; readonly mappings: readonly Mapping[] },
  { text, elements }: DocumentValue,
  isNamesake: NamesakeTest,
  isSameName = (one: string, other: string): boolean => one === other,
): Mapping[] {
  if (mappings.length === 0) return [];
  const texts = [...(elements ?? []), ...textsAt(place, text)].filter((each) => each !== null);
  const others = texts.filter((each) => isNamesake(place, each));
  return [
    ...others.map((each) => ({ from: [each], to: [each] })),
    ...ofObjects(place, { mappings, isSameName }, text),
  ];
}

/** The other providers that a value of the place says beside a name of the source, whatever its letters: it may be the same name. */
export function otherProviders(
  rule: { readonly place: Place; readonly mappings: readonly Mapping[] },
  value: DocumentValue,
  { source, config }: { readonly source: ModelNames; readonly config: Config },
): string[] {
  const { place } = rule;
  const read = otherProviderIn(place, { source, config, flags: 'i' });
  const at = Object.keys(place.json?.fields ?? {}).indexOf('provider');
  const found = namesakes(rule, value, (_, text) => read(text) !== undefined, sameFolded);
  return [
    ...new Set(found.flatMap(({ from }) => (at < 0 ? (read(from[0] ?? '') ?? []) : (from[at] ?? '')))),
  ].filter((provider) => provider.trim() !== '');
}

/** The single values and names of members to which a place without `fields` leads. */
function textsAt({ json, shape, carrier }: Place, text: string): string[] {
  if (json === undefined) return carrier === 'text' ? partsOf(shape, text) : [];
  const layer = json.fields === undefined ? outermostLayer(text) : undefined;
  if (layer === undefined || 'invalid' in layer) return [];
  const { steps, names } = parsePattern(json.pointer);
  const spots = matchingSpots(layer, steps);
  if (names) return spots.flatMap(({ node }) => (node.kind === 'object' ? [...node.members.keys()] : []));
  const values = shape === 'list' ? spots.flatMap(elementsOf) : spots;
  return values.flatMap((spot) => partsOf(shape, scalarText(spot.layer.text, spot.node) ?? ''));
}

/** The elements of lists in texts, and what stands by itself in a longer text. */
function partsOf(shape: Place['shape'], text: string): string[] {
  if (shape === 'scalar' || shape === 'list') return [text];
  const parts = shape === 'inside' ? text.split(/[\s"',;=(){}[\]]+/) : text.split(separators[shape]);
  return parts.map((part) => part.trim());
}

function sameFolded(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

interface NamesAlike {
  readonly mappings: readonly Mapping[];
  readonly isSameName: (one: string, other: string) => boolean;
}

function ofObjects({ json, shape }: Place, named: NamesAlike, text: string): Mapping[] {
  const { fields } = json ?? {};
  if (json === undefined || fields === undefined) return [];
  const layer = outermostLayer(text);
  if ('invalid' in layer) return [];
  const spots = matchingSpots(layer, parsePattern(json.pointer).steps);
  const objects = shape === 'list' ? spots.flatMap(elementsOf) : spots;
  const components = Object.keys(fields);
  return objects.flatMap((object) => {
    const tuple = components.map((component) =>
      memberText(object, ownMember(fields, component) ?? component),
    );
    return namesOther(components, tuple, named) ? [{ from: tuple, to: tuple }] : [];
  });
}

/** Has the row the same name, and in every other component something else that is not nothing? */
function namesOther(
  components: readonly string[],
  tuple: readonly string[],
  { mappings, isSameName }: NamesAlike,
): boolean {
  const at = components.indexOf('name');
  if (at < 0 || !mappings.some(({ from }) => isSameName(from[at] ?? '', tuple[at] ?? ''))) return false;
  const others = [...components.keys()].filter((other) => other !== at);
  return others.some(
    (other) => tuple[other] !== '' && mappings.every(({ from }) => from[other] !== tuple[other]),
  );
}

function elementsOf({ layer, node }: Spot): Spot[] {
  return node.kind === 'array' ? node.elements.map((element) => ({ layer, node: element })) : [];
}

/** Empty where there is no such member, or null. */
function memberText({ layer: { text }, node }: Spot, name: string): string {
  const member = node.kind === 'object' ? node.members.get(name) : undefined;
  const isNull = member?.kind === 'literal' && text.startsWith('null', member.start);
  return member === undefined || isNull ? '' : (scalarText(text, member) ?? '');
}

/**
 * Does a text name another model than the source, by what the place says its values are? A model of the source's name at another
 * provider is another one (`{provider}/{name}`); a provider is one word: of `openrouter/openai/gpt-4o` nobody knows. And what the place
 * would write for the target means the target: nothing there has to move.
 */
export function namesakeTest(place: Place, pair: ModelPair, config: Config): (text: string) => boolean {
  const same = unchangedTexts(place, pair, config);
  const other = otherProviderIn(place, { source: pair.source, config, flags: '' });
  return (text) => same.has(text) || other(text) !== undefined;
}

interface NamedAs {
  readonly source: ModelNames;
  readonly config: Config;
  /** `i`: the name in any letters. */
  readonly flags: '' | 'i';
}

/** Reads the provider that a text of the place says before a name of the source, where it is another's. */
function otherProviderIn(
  place: Place,
  { source, config, flags }: NamedAs,
): (text: string) => string | undefined {
  const isOther = otherThan(source, config);
  const patterns = namedPatterns(place, { source, config, flags });
  return (text) => patterns.map((pattern) => pattern.exec(text)?.[1]).find(isOther);
}

function otherThan(source: ModelNames, config: Config): (provider: string | undefined) => provider is string {
  const own = new Set(textsOf('provider', source, config));
  return (provider): provider is string => provider !== undefined && !own.has(provider);
}

/** Of each form of single values that puts the provider before the name, a pattern with the provider in its group. */
function namedPatterns(place: Place, { source, config, flags }: NamedAs): RegExp[] {
  const escape = (text: string): string => text.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, String.raw`\$&`);
  const names = textsOf('name', source, config).map(escape).join('|');
  return formsOf(place).flatMap(([template = '', ...others]) => {
    if (others.length > 0 || !/\{provider\}.*\{name\}$/.test(template)) return [];
    const [before = '', between = ''] = template.split(/\{provider\}|\{name\}/);
    return [new RegExp(`^${escape(before)}([^/\\s]+)${escape(between)}(?:${names})$`, flags)];
  });
}

/** Do two models of one name and two providers look alike in some form of the place? */
export function saysNameAlone(place: Place): boolean {
  return formsOf(place).some((form) => saysName(form) && !saysWho(form));
}

/** Does some form of the place say who serves the model that it names? */
export function saysProvider(place: Place): boolean {
  return formsOf(place).some((form) => saysName(form) && saysWho(form));
}

function saysName(form: readonly string[]): boolean {
  return form.some((part) => /\{(?:name|spelling)\}/.test(part));
}

function saysWho(form: readonly string[]): boolean {
  return form.some((part) => part.includes('{provider}'));
}
