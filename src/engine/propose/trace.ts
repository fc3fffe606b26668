/** Something that names a model, and what is known when it is looked for. */
import type { Column, Table, TableId } from '../catalogue/catalog.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { PlaceConfig } from '../rules/place-config.ts';
import type { KnownWords } from './known-words.ts';
import type { ModelGuess } from './models.ts';
import type { Observations } from './observation.ts';

export interface PlaceInput {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly models: readonly ModelGuess[];
  readonly words: KnownWords;
  /** Do the models have a provider, by which a name can be told from its namesakes? */
  readonly hasProvider: boolean;
  /** Is there a provider that serves other vendors' models, so that a name alone may mean several? */
  readonly hasHomonyms: boolean;
  /** Other lists of models, to which nothing refers. */
  readonly lists: ReadonlySet<TableId>;
}

/** Something that names a model, before its role is decided. */
export interface Trace {
  readonly table: Table;
  readonly column: Column;
  readonly how: Partial<PlaceConfig>;
  readonly reason: string;
  /** Why a person should look, if so. */
  readonly doubt?: string;
  readonly kind?: string;
  /** Its values are embedding models. */
  readonly embeds?: boolean;
  /** A fact about the model of the same row, such as its label. */
  readonly describes?: boolean;
}
