/** What a person must know before a row gets another key. */
import { isTelling, mostLookedFor } from '../models/key-forms.ts';
import { keysText } from '../key-pairs.ts';
import { readsAsOther } from '../rules/mapping.ts';
import { type Finding, finding } from '../finding.ts';
import type { Decided, Decisions } from '../plan/decide.ts';
import { rowCount } from '../plan/row-text.ts';
import type { SubjectFacts, Snapshot } from '../plan/snapshot.ts';
import { findTable } from '../catalogue/catalog.ts';
import { hasKey } from '../rules/coverage.ts';
import type { Place } from '../rules/place.ts';
import { isWrittenAnew } from '../rules/rows/followers.ts';
import { subjectOf } from '../rules/rows/view.ts';

export function subjectFindings({ snapshot, decided }: Decisions): Finding[] {
  const { subject: facts } = snapshot;
  if (facts === undefined) return [];
  return [
    ...(snapshot.keys ?? []).flatMap(({ to }) => listFindings(to, decided)),
    ...facts.impossible.map(({ word, message }) =>
      finding('error', 'REKEY_IMPOSSIBLE', `${word}: ${message}.`, { place: word }),
    ),
    ...keylessFindings(snapshot, facts),
    ...foreignFindings(facts),
    ...collisionFindings(facts),
    ...tellingFindings(snapshot, facts),
    ...aroundFindings(facts),
    ...anewFindings(snapshot),
    ...outsideFindings(snapshot),
  ];
}

/** An element of a list that holds what parts the elements, or begins or ends with a space, is read as another one, or as several. */
function listFindings(key: string, decided: readonly Decided[]): Finding[] {
  const counts = new Map<Place, number>();
  for (const { group, outcomes } of decided)
    for (const [place, { kind }] of outcomes)
      if ((kind === 'move' || kind === 'merge') && readsAsOther(key, place))
        counts.set(place, (counts.get(place) ?? 0) + group.rows);
  return [...counts].map(([{ id, shape }, count]) => {
    const list = shape === 'comma' ? 'a list parted by commas' : 'a list parted by bars';
    const message =
      `${rowCount(count)} of ${id} hold${count === 1 ? 's' : ''} the key in ${list}, and "${key}" there would be read as another ` +
      'element, or as several: choose another key.';
    return finding('error', 'TARGET_REFUSED', message, { place: id, count });
  });
}

/** What changes must be found again for the journal. */
function keylessFindings({ rules }: Snapshot, { followers }: SubjectFacts): Finding[] {
  return followers.flatMap(({ table, rows }) => {
    const found = findTable(rules.catalog, table);
    if (rows === 0 || found === undefined || hasKey(rules, found)) return [];
    const message =
      `${table} has no primary key, so its rows could not be named in the journal: ` +
      'name a unique set of columns under database.keys.';
    return [finding('error', 'NO_ROW_KEY', message, { place: table })];
  });
}

/** A foreign key leaves no choice: whoever's rows refer to the row, they follow. */
function foreignFindings({ followers, merging }: SubjectFacts): Finding[] {
  return (merging?.changed ?? followers)
    .filter(({ others }) => others > 0)
    .map(({ table, others }) => {
      const message = `${rowCount(others)} of other tenants in ${table} refer to the row by a foreign key and would follow it.`;
      return finding('error', 'FOREIGN_ROWS', message, { place: table, count: others, forceable: true });
    });
}

const collisionsShown = 20;

/** Rows that would meet another one in a unique key: which go, and to which. What nobody has decided refuses. */
function collisionFindings({ merging }: SubjectFacts): Finding[] {
  const [, ...met] = merging?.lost ?? [];
  return met.map(({ table, constraint = '', place, keep, pairs }) => {
    const shown = pairs.slice(0, collisionsShown).map(({ row, survivor }) => `${row} and ${survivor}`);
    const more = pairs.length > shown.length ? `, and ${pairs.length - shown.length} more` : '';
    const rows = `${shown.join(', ')}${more}`;
    const about = { place, count: pairs.length };
    if (keep === 'ask') {
      const open =
        `${rowCount(pairs.length)} of ${table} cannot stay beside another one (${constraint}; by their keys: ${rows}). ` +
        `Say whose values are kept: --answer ${place}=keep-target or =keep-source, or merge under rows → names of the configuration.`;
      return finding('error', 'COLLISION_OPEN', open, about);
    }
    const kept =
      typeof keep === 'object'
        ? `the values with the greater ${keep.newest}`
        : `the values of the ${keep.slice(5)}`;
    const aside =
      `${rowCount(pairs.length)} of ${table} cannot stay beside another one (${constraint}; by their keys, ` +
      `the one that goes first: ${rows}), go and are set aside; the other keeps ${kept}. What refers to them ` +
      'by a foreign key refers to the other; what names them otherwise was not looked for.';
    return finding('info', 'COLLISION_SET_ASIDE', aside, about);
  });
}

function tellingFindings({ keys = [] }: Snapshot, { lookalikes }: SubjectFacts): Finding[] {
  if (lookalikes === undefined) return [];
  const found = lookalikes.map(({ column, rows }) => `${column} (${rowCount(rows)})`).join(', ');
  const many = keys.length > mostLookedFor;
  const silent = keysText(keys.map(({ from }) => from).filter((key) => many || !isTelling(key)));
  const why = many
    ? `The keys are more than ${mostLookedFor}, so their values were not looked for: `
    : `The ${keys.length === 1 ? 'key' : 'keys'} ${silent} may stand for anything, so no value was looked for: `;
  const rows = keys.length === 1 ? 'the row' : 'the rows';
  const message =
    `${why}what names ${rows} without a foreign key follows only where rows → names of the configuration says so. ` +
    (found === ''
      ? 'No other column that is called like a key holds it.'
      : `These columns hold it and are not listed: ${found}.`);
  return [finding('warning', 'KEY_NOT_TELLING', message, { count: lookalikes.length })];
}

function aroundFindings({ triggers, derived, unindexed }: SubjectFacts): Finding[] {
  const slow =
    `No index leads to ${unindexed.join(', ')}: the rows that refer to the key are found by reading all of the table, ` +
    'while the row is locked.';
  return [
    ...(unindexed.length === 0 ? [] : [finding('warning', 'NO_INDEX', slow, { count: unindexed.length })]),
    ...(triggers.length === 0
      ? []
      : [
          finding('info', 'TRIGGERS_FIRE', `These triggers fire: ${triggers.join(', ')}.`, {
            count: triggers.length,
          }),
        ]),
    ...(derived.length === 0
      ? []
      : [
          finding(
            'info',
            'DERIVED_DATA',
            `Computed from the rows: ${derived.join(', ')}. Columns are computed anew by the database; a materialised view is not.`,
            { count: derived.length },
          ),
        ]),
  ];
}

function anewFindings({ rules: { subject } }: Snapshot): Finding[] {
  if (subject === undefined || !isWrittenAnew(subject)) return [];
  const message =
    `${subject.table.id}.${subject.key} is GENERATED ALWAYS AS IDENTITY: the row is removed and inserted again within the one statement, ` +
    'so its insert and delete triggers fire. Nothing cascades, and the sequence stays.';
  return [finding('info', 'ROW_WRITTEN_ANEW', message)];
}

function outsideFindings({ rules }: Snapshot): Finding[] {
  const { outside = [] } = subjectOf(rules.config) ?? {};
  if (outside.length === 0) return [];
  const message = `Out of reach, and to be changed by hand: ${outside.join(', ')}.`;
  return [finding('info', 'KEY_OUTSIDE', message, { count: outside.length })];
}
