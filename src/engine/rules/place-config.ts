/** What the configuration says of one place: where it is, what its value is, and what becomes of it. */

export type PlaceRole =
  | 'reference'
  | 'grant'
  | 'catalogue'
  | 'history'
  | 'dead-copy'
  | 'data-bound'
  | 'deny'
  | 'prose'
  | 'ignore'
  | 'ask';

/** A condition on a row: SQL over its own columns or an ancestor's, "another row points at this one", or "no later version is there". */
export type Condition =
  | string // SQL over the row's columns, or `pointed-at-by table.column`, or `newest by column[, column], order`
  | { readonly via: string; readonly where: string }; // `via`: a column of a foreign key (or link); `where`: SQL over the row it leads to

export type CompanionRule = 'keep' | 'drop' | { readonly map: Readonly<Record<string, string>> };

/** A table that says what is allowed (`in` and `value`), or SQL (`where`). */
export interface AllowedConfig {
  readonly in?: string;
  readonly match?: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly same?: readonly string[];
  readonly sameIn?: {
    readonly in: string;
    readonly match?: Readonly<Record<string, string>>;
    readonly value: string;
  };
  /** SQL over the row, in which `$target` is the new value. */
  readonly where?: string;
}

export interface PlaceConfig {
  readonly at: string;
  /** Default: `reference`. */
  readonly role?: PlaceRole;
  /** Which kind of model the place names, where there are several model tables; default: the first. */
  readonly kind?: string;
  /**
   * The table of models whose key the value is, where no foreign key says so and several tables hold models of one kind. A place that
   * holds a name then means the models of that table alone.
   */
  readonly models?: string;
  /**
   * What the value is. `key`: the key of a model row (the default for uuid and integer columns and foreign keys);
   * otherwise a template over the components, `{name}` (the default for text and JSON) or `{provider}/{name}`; `{spelling}` is
   * every way in which the registry knows a model to be written.
   */
  readonly as?: string;
  /** Other templates by which a scalar place may be written; a row keeps its own: `["{provider}/{name}"]`. */
  readonly also?: readonly string[];
  /**
   * `scalar` (default), `list` (a PostgreSQL array, or a JSON array at the path), `comma` or `bars` (a text such as `a, b` or `a|b`), or
   * `inside` (the name by itself somewhere in a text: YAML, `key=value`, a word of a command). The last three hold in a text column, in
   * a string at the path, and in the elements of an array.
   */
  readonly shape?: 'scalar' | 'list' | 'comma' | 'bars' | 'inside';
  /**
   * A JSON pointer with wildcards (`*` one step, `**` any depth) into a json, jsonb or text column, or an array. `~json` leads into
   * the document that a string holds; `~key` at the end means the names of the members of the object there.
   */
  readonly json?: string;
  /** With `json`: the pointer leads to an object, and these members hold the components: `{ provider: vendor, name: id }`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The column beside this one that holds the provider and moves with it: `provider_id`; or component → column. */
  readonly partner?: string | Readonly<Record<string, string>>;
  /**
   * Where the same row stores the same reference once more: a column, or a path in a document (`steps.params/model_id`). All of them
   * move together or not at all; a row in which they do not agree is an `ask`.
   */
  readonly copies?: readonly string[];
  /**
   * Other places of the same row that must not come to name the same model, such as the model that this one is the fallback of. By
   * default the plain models beside a place that is called a fallback; an empty list where that is fine.
   */
  readonly differs?: readonly string[];
  /** Rows for which the place is live; with `live` given, all others are history. */
  readonly live?: Condition;
  /** Rows a person must decide about. */
  readonly ask?: Condition;
  /** A condition that turns the move of a row into a question. */
  readonly guard?: Condition;
  /** Settings beside the reference, by column: kept, set to NULL, or mapped value by value. */
  readonly companions?: Readonly<Record<string, CompanionRule>>;
  /** The column (json, jsonb) of this table that holds the parameters of this reference. */
  readonly parameters?: string;
  /**
   * Which members of that document are parameters: those that the registry knows (the default; others stay whatever becomes of the
   * parameters), or all.
   */
  readonly parameterMembers?: 'known' | 'all';
  /** What a reset leaves where no member is left, also where the column was NULL: `{}` (the default) or NULL. */
  readonly empty?: '{}' | null;
  /**
   * What happens where a moved row would break a unique key, or a member's name is there already: default `drop-redundant` for grants,
   * `ask` for others.
   */
  readonly collision?: 'skip' | 'drop-redundant' | 'ask';
  /** With `drop-redundant`: what the removed row had in these columns passes to the row that survives. */
  readonly carry?: readonly string[];
  /** A person chose the model as somebody's default here: the plan says so (warning). Value: whose, e.g. `space`. */
  readonly defaultOf?: string;
  /**
   * What a row names must be available where the row is: the grant place, and the column that both tables share, or `own -> theirs`.
   * A moved row makes the target available where the source was, and nothing takes a model away that a row relies on.
   */
  readonly enables?: { readonly grant: string; readonly via: string };
  /** What the row's surroundings demand, a security class or a region: columns of the row, or of the row that `via` leads to. */
  readonly demands?: { readonly via?: string; readonly security?: string; readonly region?: string };
  /**
   * A row moves only where this table has a row that allows it: with the new value in `value`, or in the list there, and in the columns
   * of `match` with the row's own values (`{ in: routes, match: { runtime: runtime }, value: model }`). Other rows are left and
   * listed. In the columns of `same` the allowing row must say something, and the same as the rows of the old value there or in
   * `sameIn`. Or a condition: `where`, SQL over the row in which `$target` is the new value.
   */
  readonly allowed?: AllowedConfig;
  /**
   * Whoever writes such a row holds the models that it names (`FOR KEY SHARE`) until the transaction ends. Then the lock on the source
   * keeps late writers out, and the table need not be locked for everybody.
   */
  readonly held?: boolean;
  /** Why this role was chosen; shown in plans. */
  readonly reason?: string;
}
