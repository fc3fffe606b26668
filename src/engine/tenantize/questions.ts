/**
 * What a person must say before anything can be written: all of it at once, each with what was seen and the answers to paste. Where no
 * answer is offered the database, or the configuration, must change first.
 */
import { columnPath, tablePath } from '../catalogue/names.ts';
import type { Table, TableId, UniqueIndex } from '../catalogue/catalog.ts';
import type { TriggerFact } from '../isolation/facts.ts';
import { compareText } from '../order.ts';
import { blocked, question, sayOf, yamlKey } from './ask.ts';
import type { Classes } from './classify.ts';
import { strayKinds } from './conversion.ts';
import type { Classified, ConversionQuestion } from './conversion.ts';
import { crossings } from './crossings.ts';
import type { GroundIndex } from './ground.ts';
import { nameQuestions } from './name-questions.ts';
import { valueQuestions } from './values.ts';

export interface QuestionInput {
  readonly index: GroundIndex;
  readonly classes: Classes;
}

/** All questions, by table. */
export function questionsOf({ index, classes }: QuestionInput): ConversionQuestion[] {
  const classified = [...classes.classified.values()];
  const tables = classified.filter(({ class: kind }) => kind !== 'system');
  const asked = [
    ...classes.open.map((open) => unclassified(index, open)),
    ...nameQuestions(index, tables),
    ...tables.flatMap((each) => [
      ...strayQuestions(index, classes, each),
      ...boundaryQuestions(index, classes, each),
      ...shapeQuestions(index, each),
      ...keyQuestions(index, each),
      ...renamedInTriggers(index, each),
      ...triggerQuestions(index, each),
      ...valueQuestions(index, each),
    ]),
  ];
  return asked.toSorted((a, b) => compareText(a.table, b.table) || compareText(a.code, b.code));
}

function unclassified(index: GroundIndex, { table, tried }: Classes['open'][number]): ConversionQuestion {
  const { rows } = index.rows(table);
  const source = index.tables.get(table);
  const name = source === undefined ? table : tablePath(index.ground.scope, source);
  return question('TABLE_UNCLASSIFIED', table, `whose are the ${rows} rows of ${table}? ${tried}`, {
    count: rows,
    answers: [
      ...(index.ground.config.tenantize.zero === undefined
        ? []
        : [{ yaml: sayOf(index, table, { owner: 'zero' }), means: 'all rows are tenant zero’s' }]),
      { yaml: `tenant: { global: [${yamlKey(name)}] }`, means: 'the rows are everybody’s' },
    ],
  });
}

const strayWords = {
  ownerless: 'lead to no tenant',
  disputed: 'lead to several tenants',
  dangling: 'name a tenant that there is not',
  crossing: 'name rows of another tenant',
} as const;

/** Nobody guesses: rows are given to a tenant, put aside, or mended first. */
function strayQuestions(index: GroundIndex, classes: Classes, each: Classified): ConversionQuestion[] {
  const { strays } = index.rows(each.table);
  if (strays === undefined) return [];
  const said = index.said(each.table);
  return strayKinds.flatMap((which) => {
    const { rows, keys } = strays[which];
    const answer = isAnswered(which) ? said[which] : undefined;
    const keepsThem = answer === 'quarantine' && isReferenced(index, each.table);
    if (rows === 0 || (answer !== undefined && !keepsThem)) return [];
    const why = keepsThem ? '; other rows may name them, so that they cannot be put aside' : '';
    const by = which === 'crossing' ? crossedBy(index, classes, each) : { keys: '', why };
    const message = `${rows} rows of ${each.table} ${strayWords[which]}${by.keys}: ${shown(keys, rows)}${by.why}`;
    const answers = isAnswered(which) ? strayAnswers(index, each, which) : [];
    return [question('OWNER_UNRESOLVED', each.table, message, { count: rows, place: which, answers })];
  });
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

/** Keys that lead from everybody's rows to a tenant's, and from one tenant's to tenant zero's. */
function boundaryQuestions(index: GroundIndex, classes: Classes, each: Classified): ConversionQuestion[] {
  const source = index.tables.get(each.table);
  return (source?.foreignKeys ?? []).flatMap(({ name, references }) => {
    const parent = classes.classified.get(references);
    if (each.class === 'global' && parent?.class === 'tenant')
      return [
        blocked(
          each.table,
          `${each.table} is everybody’s, but its key ${name} names rows of ${references}, which have tenants`,
        ),
      ];
    const isApart = each.owner?.kind !== 'zero' && each.class === 'tenant' && parent?.owner?.kind === 'zero';
    return isApart
      ? [
          blocked(
            each.table,
            `rows of ${each.table} belong to several tenants, but its key ${name} names rows of ${references}, which are all tenant zero’s`,
          ),
        ]
      : [];
  });
}

/** What this version cannot convert. */
function shapeQuestions(index: GroundIndex, each: Classified): ConversionQuestion[] {
  const { table } = each;
  const source = index.tables.get(table);
  const relations = index.ground.facts.relations;
  if (source === undefined) return [];
  const found: string[] = [];
  if (source.partitioned) found.push(`${table} is partitioned`);
  if (relations.some(({ root, kind }) => root === table && kind !== 'partitioned') && !source.partitioned)
    found.push(`other tables inherit from ${table}`);
  const ways = each.owner?.kind === 'path' ? each.owner.paths : [];
  if (ways.some(({ hops: [first] }) => first?.how === 'member' || first?.where !== undefined))
    found.push(`rows of ${table} lead to a tenant by a list or a condition, which no key can say`);
  if (ways.some(({ many }) => many)) found.push(`a row of ${table} may have several tenants by a link`);
  if (each.owner?.kind === 'column') found.push(...columnFaults(index, source, each.owner.column));
  if (source.rowSecurity.enabled) found.push(`${table} has row-level security and policies already`);
  for (const view of relations.filter(
    (one) => one.kind === 'materialized view' && index.readBy(one).has(table),
  ))
    found.push(`the materialised view ${view.id} reads ${table}, and no policy binds it`);
  const rewrites = index.relations.get(table)?.rewrites ?? [];
  if (rewrites.length > 0)
    found.push(`${table} has the rules ${rewrites.map(({ name }) => name).join(', ')}`);
  const { name, columns, values } = index.said(table);
  if (index.modeOf(table) === 'in-place' && (name ?? columns ?? values) !== undefined)
    found.push(`${table} stays in its place, where it cannot have two names`);
  return found.map((message) => blocked(table, message));
}

function columnFaults(index: GroundIndex, source: Table, name: string): string[] {
  const root = index.root();
  if (root === undefined || root.id === source.id) return [];
  const key = root.columns.find(
    (column) => column.name === (index.ground.config.tenant.key ?? root.primaryKey[0]),
  );
  const column = source.columns.find((each) => each.name === name);
  return column === undefined || key === undefined || column.type === key.type
    ? []
    : [`${source.id}.${name} is ${column.type}, and the key of ${root.id} is ${key.type}`];
}

function keyQuestions(index: GroundIndex, each: Classified): ConversionQuestion[] {
  const source = index.tables.get(each.table);
  if (source === undefined) return [];
  const lost = source.uniqueIndexes.flatMap((unique) => {
    const message = lostIndex(index, source, unique);
    return message === undefined ? [] : [blocked(source.id, message)];
  });
  if (each.class !== 'tenant') return lost;
  const acts = source.foreignKeys
    .filter(({ onDelete, onUpdate }) => onDelete === 'set default' || onUpdate.startsWith('set '))
    .map(({ name }) =>
      blocked(source.id, `the foreign key ${name} would set the tenant, too (SET DEFAULT, or ON UPDATE SET)`),
    );
  return [...oddIndexes(index, source), ...lost, ...acts];
}

/** Indexes that a wide one cannot stand beside, or take the place of. */
function oddIndexes(index: GroundIndex, { id }: Table): ConversionQuestion[] {
  const said = index.said(id).global ?? [];
  return index.ground.facts.indexes
    .filter(
      ({ table, exclusion, constraint, name }) =>
        table === id && (exclusion || constraint?.deferrable === true) && !said.includes(name),
    )
    .map(({ name, exclusion }) =>
      blocked(
        id,
        `${exclusion ? 'the exclusion constraint' : 'the deferrable key'} ${name} cannot be made with the tenant while V1 goes on`,
        [{ yaml: sayOf(index, id, { global: [name] }), means: 'it stays unique among all tenants' }],
      ),
    );
}

/** Why a unique index would be lost: its text, or the column that it is over, is V1's alone. */
function lostIndex(index: GroundIndex, source: Table, unique: UniqueIndex): string | undefined {
  const { columns = {}, values = {}, global = [] } = index.said(source.id);
  const { name, reads = [], predicate = '', expressions = [], primary } = unique;
  const text = [predicate, ...expressions].join(' ').trim();
  const inText = (column: string): boolean => text !== '' && (reads.includes(column) || names(text, column));
  const stays = global.includes(name) || (primary && index.ground.config.tenantize.keys !== 'tenant-led');
  const path = (column: string): string => columnPath(index.ground.scope, source, column);
  const renamed = Object.keys(columns).find((column) => !stays && inText(column));
  if (renamed !== undefined)
    return `the index ${name} is written over ${path(renamed)}, which gets another name`;
  const twin = Object.keys(values).find(
    (column) => inText(column) || (stays && unique.columns.includes(column)),
  );
  return twin === undefined
    ? undefined
    : `the index ${name} is written over ${path(twin)}, whose values V2 writes otherwise: it would go with the column`;
}

function names(text: string, column: string): boolean {
  return text.split(/[^\w$]+/).includes(column);
}

/** Columns that V2 calls or writes otherwise. */
function changedColumns(index: GroundIndex, { table }: Classified): string[] {
  const { columns = {}, values = {} } = index.said(table);
  return [...new Set([...Object.keys(columns), ...Object.keys(values)])];
}

/** A trigger sees the table and not its shim, so that its function finds a column of V1 gone, or holding what V2 writes. */
function renamedInTriggers(index: GroundIndex, each: Classified): ConversionQuestion[] {
  const changed = changedColumns(index, each);
  const bodies = new Map(index.ground.facts.functions.map(({ id, body }) => [id, body]));
  return (index.relations.get(each.table)?.triggers ?? []).flatMap(({ name, calls }) => {
    const body = bodies.get(calls) ?? '';
    return changed
      .filter((column) => readsOfRow(body).includes(column))
      .map((column) =>
        blocked(
          each.table,
          `the trigger ${name} calls ${calls}, which names ${column} of the row: ` +
            'V2 calls or writes that column otherwise, and V1’s writes would fail',
        ),
      );
  });
}

/** Columns of NEW and OLD that a function names. */
function readsOfRow(body: string): string[] {
  return [...body.matchAll(/\b(?:new|old)\s*\.\s*(?:"((?:[^"]|"")+)"|([\w$]+))/gi)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain ?? '').toLowerCase(),
  );
}

/** Why the statement that makes a trigger cannot be given the condition that keeps a fill from it. */
function unsilenced(definition: string, changed: readonly string[]): string | undefined {
  if (/ WHEN \(/.test(definition)) return 'has a condition of its own';
  if (definition.startsWith('CREATE CONSTRAINT ')) return 'is a constraint, which is never replaced';
  const watched = / UPDATE OF (.*?) (?:ON|OR) /.exec(definition)?.[1] ?? '';
  const column = changed.find((one) => names(watched, one));
  return column === undefined ? undefined : `watches ${column}, which V2 calls or writes otherwise`;
}

/** Triggers that would see each filled row as a change of the application, or one put aside as gone. */
function triggerQuestions(index: GroundIndex, each: Classified): ConversionQuestion[] {
  const said = index.said(each.table);
  const { strays } = index.rows(each.table);
  const isFilled = each.owner?.kind === 'path' || Object.keys(said.values ?? {}).length > 0;
  const isThinned = (['ownerless', 'disputed'] as const).some(
    (which) => said[which] === 'quarantine' && (strays?.[which].rows ?? 0) > 0,
  );
  if (!isFilled && !isThinned) return [];
  const changed = changedColumns(index, each);
  const isFired = (events: TriggerFact['events']): boolean =>
    (isFilled && events.includes('update')) ||
    (isThinned && (events.includes('delete') || events.includes('insert')));
  const facts = index.relations.get(each.table)?.triggers ?? [];
  const definitions = new Map(
    (index.tables.get(each.table)?.triggers ?? []).map((one) => [one.name, one.definition]),
  );
  return facts
    .filter(({ constraint, enabled, events }) => constraint === undefined && enabled && isFired(events))
    .flatMap(({ name, calls }) => {
      const answer = new Map(Object.entries(said.triggers ?? {})).get(name);
      const kept = unsilenced(definitions.get(name) ?? '', changed);
      const raises = index.ground.facts.functions.some(
        ({ id, body }) => id === calls && /\braise\s+exception\b/i.test(body),
      );
      if (answer === 'silence' && kept !== undefined)
        return [blocked(each.table, `the trigger ${name} ${kept}, and cannot be silenced`)];
      if (answer === 'silence' || (answer === 'fire' && !raises)) return [];
      const what = raises ? `${calls}, which refuses changes` : calls;
      return [
        blocked(
          each.table,
          `a fill changes every row of ${each.table}, and its trigger ${name} calls ${what}`,
          [
            ...(kept !== undefined
              ? []
              : [
                  {
                    yaml: sayOf(index, each.table, { triggers: { [name]: 'silence' } }),
                    means: 'it does not see the fill',
                  },
                ]),
            ...(raises
              ? []
              : [
                  {
                    yaml: sayOf(index, each.table, { triggers: { [name]: 'fire' } }),
                    means: 'it fires for every row',
                  },
                ]),
          ],
        ),
      ];
    });
}
