/**
 * rewrite-json, rewrite-text, rewrite-array: references inside the values of one column. Where the place is direct (sql/direct.ts) one
 * statement moves the documents where they are. The others come through a cursor a few hundred at a time, are edited by the pure
 * editors byte for byte, and go back in one UPDATE per batch.
 * A document that somebody changed between reading and writing is not overwritten: its old text must still be there, otherwise
 * the count differs from the plan and the migration rolls back.
 */
import { distribute } from '../../driver/members.ts';
import type { Numbered } from '../../driver/members.ts';
import type { Edit } from '../../../engine/edit/value-rule.ts';
import type { RewriteStep } from '../../../engine/plan/plan-types.ts';
import type { Tx } from '../../driver/database.ts';
import { documentSql, editWhole, visitDocuments } from '../../facts/documents.ts';
import type { Document, DocumentInput } from '../../facts/documents.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import { columnOf } from '../../sql/cast.ts';
import { documentText, isList, writtenValue } from '../../sql/document.ts';
import { keyMatches } from '../../sql/keys.ts';
import type { RowKey } from '../../sql/keys.ts';
import type { RowContext } from '../../sql/match.ts';
import { mineSql } from '../../sql/row.ts';
import {
  bind,
  change,
  column,
  forEachMember,
  fromMembers,
  ident,
  memberNumber,
  nothing,
  raw,
  rowsOf,
  sql,
  withMembers,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, changing, numbered, rowsEach, writeChunks } from '../../records/journal.ts';
import type { ChangeStatement, ChunkRows } from '../../records/journal.ts';
import { directChange } from './rewrite-direct.ts';
import { openStep, placeOf, withLoops } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';

export interface ChangedDocument {
  readonly member: number;
  readonly key: string;
  readonly old: string;
  readonly text: string;
  readonly elements: readonly (string | null)[] | null;
  readonly edits: readonly Edit[];
}

export const rewrite: StepExecution<RewriteStep> = {
  run: async (tx, context, { steps, onRows }) => {
    const { table, key, row } = openStep(context, steps);
    const [{ column: name }] = steps;
    const direct = directChange(context, steps);
    const touched = direct === undefined ? steps.map(() => 0) : await moveDirectly(tx, context, direct);
    if (steps.every(({ expected }, at) => touched[at] === expected)) return touched;
    const input = documentInput(context, steps);
    const chunks = steps.map((): number => (direct === undefined ? 0 : behindDirect));
    await visitDocuments(tx, input, async (groups) => {
      const changed = groups
        .map((group) => group.flatMap((document) => edit(context, steps, document)))
        .filter((group) => group.length > 0);
      for (const some of bySize(changed)) {
        const documents = some.flat();
        const rows = await writeDocuments(tx, { row, key, column: name, documents });
        for (const [at, count] of rows.entries()) touched[at] = (touched[at] ?? 0) + count;
        const written = some.map((group): ChunkRows => {
          const [{ member } = { member: 0 }] = group;
          chunks[member] = (chunks[member] ?? 0) + 1;
          return {
            member,
            step: steps[member]?.id ?? 0,
            chunk: chunks[member],
            keys: group.map((document) => document.key),
            befores: group.map(({ edits }) => ({ column: name, edits })),
          };
        });
        await writeChunks(tx, { journal: context.journal, action: 'edit', table, key }, written);
        onRows(documents.length);
      }
    });
    return touched;
  },
  statements: (context, steps) => {
    const { key, row } = openStep(context, steps);
    const direct = directChange(context, steps);
    return [
      ...(direct === undefined ? [] : [changeSql(direct)]),
      forEachMember(steps.length, documentSql(documentInput(context, steps))),
      writeSql({ row, key, column: steps[0].column, documents: [] }),
    ];
  },
};

async function moveDirectly(tx: Tx, { joins }: StepContext, direct: ChangeStatement): Promise<number[]> {
  const moved = changing(direct);
  return rowsEach(await tx.ask(direct.table.partitioned ? moved : withLoops(moved, joins)));
}

/** The chunks of documents that the editors move are numbered from there where a statement moved others. */
const behindDirect = 1_000_000;

const writtenAtOnce = 16_000_000;

/** Groups that one statement can carry: its values travel as one text. */
function bySize(groups: readonly ChangedDocument[][]): ChangedDocument[][][] {
  const parts: ChangedDocument[][][] = [];
  let size = Infinity;
  for (const group of groups) {
    const own = group.reduce((sum, { old, text }) => sum + old.length + text.length, 0);
    if (size + own > writtenAtOnce) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(group);
    size += own;
  }
  return parts;
}

function documentInput(
  { rules, members, blocks }: StepContext,
  steps: StepsOfOneShape<RewriteStep>,
): DocumentInput {
  const [{ table, column: name, places }] = steps;
  return {
    rules,
    members,
    table: tableOf(rules, table),
    column: name,
    places: places.map((id) => placeOf(rules, id)),
    blocks,
  };
}

function edit(
  { rules }: StepContext,
  steps: StepsOfOneShape<RewriteStep>,
  document: Document,
): ChangedDocument[] {
  const step = steps[document.member];
  if (step === undefined || document.owner !== 'mine' || (document.dead && !step.includeDead)) return [];
  const moving = step.places.flatMap((id, at) => {
    const rule = step.rules[id];
    const state = document.states[at] ?? null;
    return rule === undefined || state === null || !rule.states.includes(state)
      ? []
      : [{ place: placeOf(rules, id), mappings: rule.mappings }];
  });
  const { member, key, text: old } = document;
  const edited = moving.length === 0 ? undefined : editWhole(moving, document);
  if (old === null || edited === undefined || edited.kind === 'unreadable' || edited.edits.length === 0)
    return [];
  return [
    { member, key, old, text: edited.value.text, elements: edited.value.elements, edits: edited.edits },
  ];
}

interface DocumentWrite {
  readonly row: RowContext;
  readonly key: RowKey;
  readonly column: string;
  readonly documents: readonly ChangedDocument[];
}

/** Writes documents back where the old text is still there; returns how many, for each member. */
export async function writeDocuments(tx: Tx, write: DocumentWrite): Promise<number[]> {
  const { size } = write.row;
  const rows = await tx.many<{ rows: number } & Numbered>(writeSql(write));
  return distribute<{ rows: number }>(size, rows).map(([one]) => one?.rows ?? 0);
}

function writeSql({ row, key, column: name, documents }: DocumentWrite): Sql {
  const { size, table } = row;
  const held = { own: columnOf(table, name), value: column('t', name) };
  const isArray = isList(held.own);
  const lists = [
    bind(
      documents.map(({ member }) => member + 1),
      'integer[]',
    ),
    bind(
      documents.map((document) => document.key),
      `text[]::${key.type}[]`,
    ),
    bind(
      documents.map(({ old }) => old),
      'text[]',
    ),
    bind(
      documents.map(({ text, elements }) => (isArray ? JSON.stringify(elements) : text)),
      'text[]',
    ),
  ] as const;
  const value = writtenValue(held, raw('d.value'));
  const members = size === 1 ? nothing : sql`${fromMembers(size, ', ')}`;
  const own = size === 1 ? nothing : sql`${memberNumber(size)} = d.m AND `;
  const moved = change`UPDATE ${rowsOf(table)} t SET ${ident(name)} = ${value}
    FROM unnest(${lists[0]}, ${lists[1]}, ${lists[2]}, ${lists[3]}) d (m, k, old, value)${members}
    WHERE ${own}${keyMatches(key, raw('d.k'))} AND ${mineSql(row)} AND ${documentText(held)} COLLATE "C" = d.old
    RETURNING 1 AS one${numbered(size)}`;
  const count =
    size === 1
      ? raw('SELECT count(*) AS rows FROM moved')
      : raw('SELECT m."drover:n", count(*) AS rows FROM moved m GROUP BY m."drover:n"');
  return withMembers(size, [['moved', moved]], count);
}
