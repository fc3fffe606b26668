/** Records whose members are called after names from data or configuration, where a name may be `constructor`. */

/** The member of that name; undefined where the record itself has none, whatever its prototype has. */
export function ownMember<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** What is counted, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, count: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  record(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
