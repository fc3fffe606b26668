/**
 * What a person must say before anything can be written: all of it at once, each with what was seen and the answers to paste. Where no
 * answer is offered the database, or the configuration, must change first.
 */
import { columnPath, tablePath } from '../catalogue/names.ts';
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, UniqueIndex } from '../catalogue/catalog.ts';
import { compareText } from '../order.ts';
import { blocked, namesColumn, question, sayOf, yamlKey } from './ask.ts';
import type { Classes } from './classify.ts';
import type { Classified, ConversionQuestion } from './conversion.ts';
import type { GroundIndex } from './ground.ts';
import { nameQuestions } from './name-questions.ts';
import { strayQuestions } from './stray-questions.ts';
import { triggerQuestions } from './trigger-questions.ts';
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
      ...keyQuestions(index, classes, each),
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

function keyQuestions(index: GroundIndex, classes: Classes, each: Classified): ConversionQuestion[] {
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
  return [...oddIndexes(index, source), ...lost, ...acts, ...fullKeys(index, classes, source)];
}

/** MATCH FULL wants all columns of a key or none, and the tenant is always there: over columns that may be empty it cannot be kept. */
function fullKeys(index: GroundIndex, classes: Classes, source: Table): ConversionQuestion[] {
  const full = index.ground.facts.keys.filter(({ table, matchFull }) => table === source.id && matchFull);
  return source.foreignKeys
    .filter(
      ({ name, columns, references }) =>
        columns.length > 1 &&
        full.some((fact) => fact.name === name) &&
        classes.classified.get(references)?.class === 'tenant' &&
        columns.some((column) => findColumn(source, column)?.notNull !== true),
    )
    .map(({ name }) =>
      blocked(
        source.id,
        `the foreign key ${name} is MATCH FULL over columns that may be empty, which it cannot be with the tenant: ` +
          'make them NOT NULL, or write it as MATCH SIMPLE beside a CHECK that all of them are given or none',
      ),
    );
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
  const inText = (column: string): boolean =>
    text !== '' && (reads.includes(column) || namesColumn(text, column));
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
