/** Schemas that hold the same tables: each of them may be a tenant. */
import { compareText } from '../order.ts';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** The most schemas that hold tables of the same names, `public` left out; none where there are no two such. */
export function schemasAlike(tables: readonly TableName[]): string[] {
  const bySchema = Map.groupBy(tables, ({ schema }) => schema);
  bySchema.delete('public');
  const names = (of: readonly TableName[]): string =>
    JSON.stringify(of.map(({ name }) => name).toSorted(compareText));
  const groups = Map.groupBy([...bySchema], ([, own]) => names(own));
  const [largest] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  return largest === undefined || largest.length < 2
    ? []
    : largest.map(([schema]) => schema).toSorted(compareText);
}

/** How `tenant.schemas` names them: by what their names begin with, where no other schema begins so; else each. */
export function patternOf(alike: readonly string[], all: readonly string[]): string | readonly string[] {
  const [first = '', ...rest] = alike;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  const prefix = /^.*[_-]/.exec(first.slice(0, length))?.[0] ?? '';
  const isOwn = all.every((name) => alike.includes(name) || !name.startsWith(prefix));
  return prefix.length > 1 && alike.length > 2 && isOwn ? `${prefix}*` : alike;
}
