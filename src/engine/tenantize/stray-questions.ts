/** Rows of which nobody knows whose they are, or that a key of V2 would refuse. */
import type { TableId } from '../catalogue/catalog.ts';
import { blocked, question, sayOf } from './ask.ts';
import type { Classes } from './classify.ts';
import { strayKinds } from './conversion.ts';
import type { Classified, ConversionQuestion } from './conversion.ts';
import { crossings } from './crossings.ts';
import type { GroundIndex } from './ground.ts';

const strayWords = {
  ownerless: 'lead to no tenant',
  disputed: 'lead to several tenants',
  dangling: 'name a tenant that there is not',
  crossing: 'name rows of another tenant',
} as const;

/** Nobody guesses: rows are given to a tenant, put aside, or mended first. */
export function strayQuestions(index: GroundIndex, classes: Classes, each: Classified): ConversionQuestion[] {
  const { strays } = index.rows(each.table);
  if (strays === undefined) return [];
  const said = index.said(each.table);
  return [
    ...unkeyed(index, each),
    ...strayKinds.flatMap((which) => {
      const { rows, keys } = strays[which];
      const answer = isAnswered(which) ? said[which] : undefined;
      const keepsThem = answer === 'quarantine' && isReferenced(index, each.table);
      if (rows === 0 || (answer !== undefined && !keepsThem)) return [];
      const why = keepsThem ? '; other rows may name them, so that they cannot be put aside' : '';
      const by = which === 'crossing' ? crossedBy(index, classes, each) : { keys: '', why };
      const message = `${rows} rows of ${each.table} ${strayWords[which]}${by.keys}: ${shown(keys, rows)}${by.why}`;
      const answers = isAnswered(which) ? strayAnswers(index, each, which) : [];
      return [question('OWNER_UNRESOLVED', each.table, message, { count: rows, place: which, answers })];
    }),
  ];
}

/** V1's own column must be empty again on the way back, in the rows in which it was. */
function unkeyed(index: GroundIndex, { table, owner }: Classified): ConversionQuestion[] {
  const isFilled = owner?.kind === 'column' && index.givenTo(table) !== undefined;
  if (!isFilled || index.tables.get(table)?.primaryKey.length !== 0) return [];
  const message =
    `rows of ${table} that lead to no tenant cannot be given to one: the table has no primary key, ` +
    'by which the way back would find them';
  return [blocked(table, message)];
}

type AnsweredStray = 'ownerless' | 'disputed';

function isAnswered(which: (typeof strayKinds)[number]): which is AnsweredStray {
  return which === 'ownerless' || which === 'disputed';
}

function crossedBy(
  index: GroundIndex,
  classes: Classes,
  { table }: Classified,
): { keys: string; why: string } {
  const ways = crossings(index, classes, table);
  const names = [
    ...ways.keys.map(({ name }) => name),
    ...ways.links.map(({ hops }) => `a link to ${hops[0]?.table ?? ''}`),
  ];
  const why = '; they are tenant zero’s only because of owner: zero';
  return { keys: ` by ${names.join(' or ')}`, why: index.said(table).owner === 'zero' ? why : '' };
}

function shown(keys: readonly string[], rows: number): string {
  const first = keys.slice(0, 20).join(', ');
  return rows > 20 ? `${first} and others` : first;
}

/** A row that two keys tie to two tenants fits neither: one of the keys would fail. */
function strayAnswers(
  index: GroundIndex,
  each: Classified,
  which: AnsweredStray,
): ConversionQuestion['answers'] {
  const { zero } = index.ground.config.tenantize;
  const given =
    zero === undefined || which === 'disputed'
      ? []
      : [{ yaml: sayOf(index, each.table, { ownerless: zero }), means: 'they are tenant zero’s' }];
  // A row that others name cannot be put aside: ON DELETE CASCADE would take them along for good.
  return isReferenced(index, each.table)
    ? given
    : [
        ...given,
        {
          yaml: sayOf(index, each.table, { [which]: 'quarantine' }),
          means: 'they wait in drover_quarantine',
        },
      ];
}

function isReferenced(index: GroundIndex, id: TableId): boolean {
  return index.ground.scope.catalog.tables.some(({ foreignKeys }) =>
    foreignKeys.some(({ references }) => references === id),
  );
}
