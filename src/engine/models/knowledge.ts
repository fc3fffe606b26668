/**
 * What is known about models by their names: limits, capabilities, spellings, ends. What a row says counts first. Knowledge counts
 * where the row says nothing, because there is no column, or the column is empty. Of a model's end both count: see lifecycle.ts.
 */
import { given } from '../given.ts';
import { noteOfRow, withLifecycle } from './lifecycle.ts';
import { type LifecycleNote, type ModelFacts, namedModel, type Spelling } from './model.ts';

/** What somebody knows about the models of one name. */
export interface NameKnowledge {
  readonly facts: Pick<
    ModelFacts,
    'capabilities' | 'family' | 'context' | 'output' | 'priceIn' | 'priceOut' | 'parameters'
  >;
  readonly lifecycle: LifecycleNote;
  /** Who made it: `anthropic`. Others may serve it, too. */
  readonly vendor: string;
  /** Its successors, nearest first, each by all its names. */
  readonly successors: readonly (readonly string[])[];
  readonly spellings: readonly Spelling[];
}

/** A model that is known although no row may be there. */
interface NamedModel extends NameKnowledge {
  readonly kind: string;
  readonly components: ModelFacts['components'];
}

/** All texts by which data may name a model, and longer names of other models in which one of them stands. */
export interface WrittenForms {
  readonly forms: readonly string[];
  readonly others: readonly { readonly model: string; readonly text: string }[];
}

export interface ModelKnowledge {
  /** What the knowledge is called, with its version: `registry 2026-11-21+b5e09fa00553`. */
  readonly name: string;
  /** By any name of the model, and of its provider. Undefined where nobody knows such a model of that kind. */
  readonly find: (kind: string, name: string, provider?: string) => NameKnowledge | undefined;
  /** How the model of that name is written in data, whatever its kind. Undefined where nobody knows such a model. */
  readonly written: (name: string, provider?: string) => WrittenForms | undefined;
  /** Could the name mean a known model of any kind and provider? False only where it surely does not. */
  readonly mayKnow: (name: string) => boolean;
  /** What parameters of models are called, whatever the model. */
  readonly parameterNames: ReadonlySet<string>;
  /** The kind of the model that is written so, in any form, of any provider. Undefined where nobody knows such a model. */
  readonly kindOf: (text: string) => string | undefined;
  /** What the models of a kind, or of all kinds, are called. */
  readonly names: (kind?: string) => readonly string[];
  /** The models of a kind, or of all kinds. */
  readonly models: (kind?: string) => readonly NamedModel[];
}

/** What a database has columns for: facts by the names of the configuration, and `family`. */
export type KnownFactNames = ReadonlySet<string>;

const prices = ['priceIn', 'priceOut'] as const;
const facts = ['context', 'output', 'parameters'] as const;

/**
 * The model with what is known of it beside its row. Prices and families are filled in only where the database has no column for
 * them: otherwise two currencies, or two vocabularies, would be compared.
 */
export function withKnowledge(
  model: ModelFacts,
  { knowledge, said }: { knowledge: ModelKnowledge | undefined; said: KnownFactNames },
): ModelFacts {
  const own = noteOfRow(model);
  const knownKind = knowledge === undefined ? undefined : kindByName(model, knowledge);
  const known = knowledge === undefined ? undefined : findKnown(model, knownKind, knowledge);
  const named = { ...model, ...given({ knownKind }) };
  if (known === undefined) return withLifecycle(named, [own]);
  const priced = said.has('price_in') || said.has('price_out');
  const names = [...facts, ...(priced ? [] : prices), ...(said.has('family') ? [] : ['family' as const])];
  const filled = names.flatMap((name) =>
    known.facts[name] === undefined ? [] : [[name, known.facts[name]]],
  );
  const { successors, spellings } = known;
  const whole = {
    ...(Object.fromEntries(filled) as Partial<ModelFacts>),
    ...named,
    capabilities: { ...known.facts.capabilities, ...model.capabilities },
    ...(successors.length === 0 ? {} : { successors }),
    ...(spellings.length === 0 ? {} : { spellings }),
  };
  return withLifecycle(whole, [own, known.lifecycle]);
}

/** A model that has no row, as far as it is known. Places know it by `kind`. */
export function modelOfKnowledge(kind: string, { components, ...known }: NamedModel): ModelFacts {
  const { kind: knownKind, facts: said, successors, spellings, lifecycle } = known;
  const bare = { ...namedModel({ kind, components }), knownKind, tenant: null };
  return withLifecycle({ ...bare, ...said, successors, spellings }, [lifecycle]);
}

/** What is known of the model by its name. Where no row says of which kind a model is, its name does. */
function findKnown(
  model: ModelFacts,
  knownKind: string | undefined,
  knowledge: ModelKnowledge,
): NameKnowledge | undefined {
  const kind = model.key === undefined ? (knownKind ?? model.kind) : model.kind;
  const { provider } = model.components;
  return writtenNames(model)
    .map((each) => knowledge.find(kind, each, provider))
    .find((each) => each !== undefined);
}

function kindByName(model: ModelFacts, { kindOf }: ModelKnowledge): string | undefined {
  return writtenNames(model)
    .map(kindOf)
    .find((kind) => kind !== undefined);
}

function writtenNames({ components: { name = '', provider } }: ModelFacts): string[] {
  return [name, ...(provider === undefined ? [] : [`${provider}/${name}`])];
}
