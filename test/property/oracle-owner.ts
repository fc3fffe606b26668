/** Whose a row is, by looking rows up in the text of all tables. */
import type { Dump } from './oracle.ts';
import type { Cells, TableDef, TieDef, World } from './world.ts';

export type Owner = 'mine' | 'other' | 'global' | 'none' | 'shared' | 'disagree';

interface About {
  readonly dump: Dump;
  readonly table: TableDef;
  readonly row: Cells;
}

export function ownerOf(world: World, about: About): Owner {
  const through = (kinds: readonly TieDef['kind'][]): Set<string> =>
    new Set(
      about.table.ties
        .filter(({ kind }) => kinds.includes(kind))
        .flatMap((tie) => tenantsBy(world, about, tie)),
    );
  const alone = through(['column', 'parent']);
  const several = through(['members', 'junction']);
  const tenants = new Set([...alone, ...several]);
  if (tenants.size === 0) return about.table.ties.some((tie) => tie.kind === 'column') ? 'global' : 'none';
  if (!tenants.has(world.me)) return 'other';
  if (tenants.size === 1) return 'mine';
  // A membership or a junction may name several, among them the one that the row's own keys name.
  const apart = alone.size > 0 && several.size > 0 && ![...alone].some((one) => several.has(one));
  return alone.size > 1 || apart ? 'disagree' : 'shared';
}

function tenantsBy(world: World, { dump, row }: About, tie: TieDef): string[] {
  const { names } = world;
  const all = (table: string): readonly Cells[] => dump.get(table) ?? [];
  if (tie.kind === 'column') return known(row[tie.column]);
  if (tie.kind === 'parent') {
    const parent = all(tie.parent).find((one) => one[names.id] === row[tie.column]);
    return parent === undefined ? [] : tenantsOfParent(world, dump, { table: tie.parent, row: parent });
  }
  if (tie.kind === 'members')
    return all(names.groups)
      .filter((group) => membersOf(group[names.members]).includes(row[tie.column]))
      .flatMap((group) => known(group[names.tenant]));
  const spaces = all(tie.table)
    .filter((one) => one[names.row] === row[names.id])
    .map((one) => one[names.space]);
  return all(names.spaces)
    .filter((space) => spaces.includes(space[names.id]))
    .flatMap((space) => known(space[names.tenant]));
}

/** Spaces and users know their tenant; a folder knows its space. */
function tenantsOfParent(
  { names }: World,
  dump: Dump,
  { table, row }: { table: string; row: Cells },
): string[] {
  if (table !== names.folders) return known(row[names.tenant]);
  const space = (dump.get(names.spaces) ?? []).find((one) => one[names.id] === row[names.space]);
  return known(space?.[names.tenant]);
}

function known(value: string | null | undefined): string[] {
  return value === null || value === undefined ? [] : [value];
}

/** As a dump has it, or as the row of an array was written: `{u0,"shared 0"}`. */
function membersOf(text: string | null | undefined): unknown[] {
  const list = text ?? '[]';
  if (!list.startsWith('{')) return JSON.parse(list) as unknown[];
  return [...list.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|[^,]+/g)].map(
    ([whole, inner]) => inner ?? whole,
  );
}
