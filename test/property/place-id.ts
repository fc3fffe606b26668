/** What Drover calls a place in plans and answers. */
import type { PlaceDef, TableDef } from './world.ts';

export function placeId(table: Pick<TableDef, 'name'>, place: PlaceDef): string {
  return `${shown(table.name)}.${shown(place.columns[0] ?? '')}${place.pointer}`;
}

function shown(name: string): string {
  return /^[A-Za-z_][\w$-]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
