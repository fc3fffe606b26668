/** How relations of a conversion are named, and what is said and granted of them compared. */
import { displayName } from '../catalogue/catalog.ts';
import type { ObjectName } from './conversion.ts';

/** A query over one table without what releases of the server print otherwise. */
export function bare(query: string): string {
  return query.replaceAll(/\bt\.|\bt;?$|[\s";]/g, '');
}

export function ungranted(
  at: ObjectName,
  granted: readonly string[],
  role: string,
  wanted: readonly string[],
): string[] {
  return wanted
    .filter((privilege) => !granted.includes(`${role} ${privilege.toLowerCase()}`))
    .map((privilege) => `${role} may not ${privilege} ${nameOf(at)} any more`);
}

export function nameOf({ schema, name }: ObjectName): string {
  return `${displayName(schema)}.${displayName(name)}`;
}
