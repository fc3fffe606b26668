/** What the inventory of a plan finds beside the places: what nobody accounts for, mentions, other models, texts of the schema. */
import { findNamedColumn, quoteWhereNeeded } from '../catalogue/names.ts';
import { finding } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { isDefault } from '../inventory/occurrence.ts';
import type { LeftBehind } from '../plan/plan-types.ts';
import { firstNames, rowCount, verbOf } from '../plan/row-text.ts';
import { writtenToBeRead } from '../plan/outside-places.ts';
import type { Snapshot, NotLookedAt, Hidden } from '../plan/snapshot.ts';
import type { Hiding } from '../rules/visible.ts';
import { mustSayAs } from '../rules/check-place.ts';

export function inventoryFindings(snapshot: Snapshot, leftBehind: readonly LeftBehind[]): Finding[] {
  return [
    ...unaccountedFindings(snapshot, leftBehind),
    ...mentionFindings(leftBehind),
    ...relatedFindings(snapshot),
    ...schemaFindings(snapshot),
    ...unreadFindings(snapshot),
  ];
}

/** Nothing may be forgotten: what the inventory finds and nobody accounts for refuses, with the line to paste. */
function unaccountedFindings({ rules }: Snapshot, leftBehind: readonly LeftBehind[]): Finding[] {
  const section = rules.subject === undefined ? 'places' : 'rows → names';
  const found = leftBehind.filter(({ reason }) => reason === 'unaccounted');
  return [...Map.groupBy(found, (one) => placeLine(rules, one))].map(([line, all]) => {
    const count = all.reduce((sum, one) => sum + one.count, 0);
    const keys = firstNames(
      all.flatMap(({ rows }) => rows),
      { shown: 3, total: count },
    );
    const written = all.map((one) => `"${one.written ?? ''}"`).join(', ');
    const [{ place, entity } = { place: '', entity: '' }] = all;
    const message =
      `${place} names the source in ${rowCount(count)} as ${written} (${keys}), and no place of the configuration says what it is. ` +
      `Add under ${section}: ${line} (or history, or ignore)`;
    return finding('error', 'UNACCOUNTED', message, { place, entity, count });
  });
}

/** A line for the configuration; the role is the question. */
function placeLine(rules: Snapshot['rules'], { place, json }: LeftBehind): string {
  const column = json === undefined ? place : place.slice(0, place.length - json.length);
  const pointer = json === undefined ? '' : `, json: ${JSON.stringify(json)}`;
  const found = json === undefined ? findNamedColumn(rules.scope, column) : undefined;
  const as = found !== undefined && mustSayAs(rules, found) ? ', as: "{name}"' : '';
  return `- { at: ${column.includes('"') ? JSON.stringify(column) : column}${pointer}${as}, role: reference }`;
}

/** One line for each column of running text. */
function mentionFindings(leftBehind: readonly LeftBehind[]): Finding[] {
  const mentions = leftBehind.filter(({ reason }) => reason === 'mention');
  const byPlace = Map.groupBy(mentions, ({ place }) => place);
  return [...byPlace].map(([place, entries]) => {
    const count = entries.reduce((sum, entry) => sum + entry.count, 0);
    const isSaid = entries.every(({ message }) => message === writtenToBeRead);
    const way = isSaid
      ? ''
      : ' If it is configuration, say so with a place (role reference); if not, role prose.';
    const mention = `${rowCount(count)} of ${place} ${verbOf(count, 'mention')} the source in running text`;
    const message = `${mention}; nothing there is changed.${way}`;
    return finding('info', 'MENTIONED', message, { place, count });
  });
}

/** The schema is never edited: each text is told with the statement that mends it. */
function schemaFindings({ schema, target }: Snapshot): Finding[] {
  const name = target.components['name'] ?? '';
  return schema
    .filter(({ snapshot }) => !snapshot)
    .map((found) => {
      const { part, object, written, mend } = found;
      const statement = mend.replaceAll('$TO', () => name.replaceAll("'", "''"));
      const what = isDefault(found) ? 'new rows will name it' : 'nothing there is changed';
      const message = `The ${part} of ${object} names the source as "${written}": ${what}. To mend it: ${statement}`;
      return finding(isDefault(found) ? 'warning' : 'info', 'SCHEMA_NAMES_SOURCE', message, {
        place: object,
      });
    });
}

/** What nobody looked at may name the source, too. */
function unreadFindings({ unread }: Snapshot): Finding[] {
  const {
    schema: schemas = [],
    'foreign table': foreign = [],
    tenant: tenants = [],
  } = Object.groupBy(unread, ({ what }) => what);
  const names = (all: readonly NotLookedAt[]): string => all.map(({ name }) => name).join(', ');
  const ignored = schemas.map(({ name }) => {
    const all = `${quoteWhereNeeded(name)}.*`;
    return all.includes('"') ? `'${all}'` : all;
  });
  const count = schemas.reduce((sum, { tables }) => sum + tables, 0);
  const elsewhere =
    `Nobody looked at the ${count === 1 ? 'table' : `${count} tables`} of ${names(schemas)}. Add to database.schemas what may name ` +
    `models; what cannot, list as database.ignore: [${ignored.join(', ')}]. \`drover inventory\` looks at all.`;
  const remote = `Nobody looked at ${names(foreign)}: the rows are another server's. Look there, and list them under database.ignore.`;
  const unfit =
    `Nobody knows what the tenant${tenants.length === 1 ? '' : 's'} ${names(tenants)} still name: no plan can be made there. ` +
    'A plan with --tenant says why; `drover config check` looks at each schema.';
  return [
    ...(tenants.length === 0 ? [] : [finding('warning', 'TENANT_NOT_READ', unfit)]),
    ...(schemas.length === 0 ? [] : [finding('warning', 'SCHEMA_NOT_READ', elsewhere)]),
    ...(foreign.length === 0 ? [] : [finding('warning', 'FOREIGN_TABLE_NOT_READ', remote)]),
  ];
}

/** Nobody must believe that these are gone, too. */
function relatedFindings({ related }: Snapshot): Finding[] {
  const byName = Map.groupBy(related, ({ spelling, model }) => (model === '' ? spelling : model));
  return [...byName].map(([name, all]) => {
    const count = all.reduce((sum, { rows }) => sum + rows, 0);
    const columns = [...new Set(all.map(({ table, column }) => `${table}.${column}`))].slice(0, 3).join(', ');
    const named = `${rowCount(count)} ${verbOf(count, 'name')} ${name} (${columns})`;
    const message = `${named}, which is another model or snapshot; this plan leaves it alone.`;
    return finding('info', 'RELATED_MODEL', message, { count });
  });
}

/** Rows that cannot be seen are not rows that do not exist. */
export function hiddenFindings({ hidden }: Pick<Snapshot, 'hidden'>): Finding[] {
  return hidden.map((one) => {
    const { table: place } = one;
    if (one.why === 'no right to read')
      return finding('error', 'READING_NOT_PERMITTED', closedMessage(one), { place });
    const forceable = one.why === 'a policy says more than the tenant';
    return finding('error', 'ROWS_MAY_BE_HIDDEN', hidingMessage(place, one), {
      place,
      ...(forceable ? { forceable } : {}),
    });
  });
}

function closedMessage({ table, columns, grant }: Extract<Hidden, { why: 'no right to read' }>): string {
  const what = columns === undefined ? table : `${columns.join(', ')} of ${table}`;
  return `The session may not read ${what}, so nobody knows what they name: ${grant}; or list the table under database.ignore.`;
}

function hidingMessage(table: string, { why, policy }: Hiding): string {
  if (why === 'no tenant is set')
    return (
      `Row-level security of ${table} binds this login and the configuration sets no tenant, so rows may be hidden: ` +
      'give the settings under database.session, or use a login that sees all rows.'
    );
  if (why === 'a policy reads another setting')
    return `Policy ${policy} of ${table} reads a setting that database.session does not set, so rows may be hidden: set it there.`;
  const said =
    policy === undefined ? `No policy of ${table} shows` : `Policy ${policy} of ${table} may not show`;
  return (
    `${said} the session all rows of its tenant, because it says more than whose a row is. What is hidden would be forgotten: ` +
    'use a login that sees all rows, or force the plan if it hides none.'
  );
}
