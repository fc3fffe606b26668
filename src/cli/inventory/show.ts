/** An inventory for people: one block for each model, what ends first at the top, then what could not be looked at. */
import { toMark } from '../../engine/inventory/mend.ts';
import type { Form, Occurrence, SchemaOccurrence, UnreadObject } from '../../engine/inventory/occurrence.ts';
import { endOf } from '../../engine/inventory/report.ts';
import type { KnownModel, ModelReport } from '../../engine/inventory/report.ts';
import { daysBetween } from '../../engine/models/retirements.ts';
import { printable, rowCount } from '../../engine/plan/row-text.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { isComplete } from '../../postgres/inventory/inventory.ts';
import type { ConfiguredInventory, ModelUser, TakenInventory } from '../../site/inventory.ts';
import { showTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapLine } from '../terminal/wrap.ts';
import { bytesText, durationText } from './amounts.ts';
import { csvText } from '../../csv.ts';

export function showInventory(terminal: Terminal, shown: TakenInventory): void {
  const { out } = terminal;
  const { found, reports } = shown;
  for (const report of reports) showModel(terminal, report, shown);
  if (reports.length === 0) out(`No model of the registry is named${wherever(shown)}.`);
  if (found.keys.length > 0) showKeys(terminal, found.keys);
  if (found.unread.length > 0) showUnread(terminal, found.unread);
  out();
  for (const line of summary(shown)) sayLine(terminal, line);
}

function sayLine({ out, width }: Terminal, line: string): void {
  for (const each of wrapLine(line, width)) out(each);
}

/** Of what nobody looked at nothing is said. */
function wherever(shown: TakenInventory): string {
  return readAll(shown) ? '' : ' in what was read';
}

/** Was all of it read? Where there is no table the database may be another one than somebody means. */
export function readAll({ found, samplePercent }: TakenInventory): boolean {
  return found.read.length > 0 && isComplete(found) && samplePercent === undefined;
}

function showModel(terminal: Terminal, report: ModelReport, shown: TakenInventory): void {
  const { out, style } = terminal;
  const { model, count, occurrences, schema } = report;
  sayLine(
    terminal,
    `${style.heading(model.id)} (${model.vendor}, ${model.kind}): ${endText(model, shown.today)}`,
  );
  if (count === 0 && schema.length === 0) out(`  Nothing names it${wherever(shown)}.`);
  if (occurrences.length > 0) {
    const said = shown.configuration?.roles;
    const rows = occurrences.map((each) => [
      placeOf(each),
      each.rows,
      writtenOf(each),
      ...(said === undefined ? [] : [saidOf(said.get(each))]),
    ]);
    const added = said === undefined ? [] : ['by the configuration'];
    showTable(terminal, { head: ['where', 'rows', 'how it is written', ...added], rows });
  }
  if (shown.configuration !== undefined)
    sayLine(terminal, printable(`  ${usersLine(model.id, shown.configuration)}`));
  for (const each of schema) for (const line of schemaLines(each, model)) sayLine(terminal, line);
  for (const line of relatedLines(report)) sayLine(terminal, line);
  out();
}

/** The roles of a place; undefined where the rules of its tenant could not be read. */
function saidOf(roles: readonly string[] | undefined): string {
  if (roles === undefined) return 'not read';
  return roles.length === 0 ? 'nothing' : roles.join(', ');
}

const mostUsers = 5;

/** `3 of 40 tenants use it: Acme 8 rows, Bolt 3 rows and 1 of history, shared rows 1 row.` */
function usersLine(id: string, { uses, tenants }: ConfiguredInventory): string {
  const users = uses.get(id) ?? [];
  const named = users.filter(({ key }) => key !== null && !isSharedRows(key)).length;
  const others = users.length > mostUsers ? `, … ${users.length - mostUsers} more` : '';
  const list = users.slice(0, mostUsers).map(userText).join(', ');
  const who = tenants === undefined ? 'In its places' : `${named} of ${counted(tenants, 'tenant')}`;
  if (users.length === 0)
    return `${tenants === undefined ? 'No place' : 'No tenant'} of the configuration uses it.`;
  return `${who}: ${list}${others}.`;
}

function userText({ name, rows, history }: ModelUser): string {
  const past = history === 0 ? '' : `${rowCount(history)} of history`;
  const amount = [rows === 0 && history > 0 ? '' : rowCount(rows), past]
    .filter((part) => part !== '')
    .join(' and ');
  return name === '' ? amount : `${name} ${amount}`;
}

/** `retires 2027-01-14, in 46 days; gpt-5.4 follows` */
function endText(model: KnownModel, today: string): string {
  const follows = model.successor === undefined ? '' : `; ${model.successor} follows`;
  const end = endOf(model);
  const via = model.shutdown === undefined && end !== undefined ? ` at ${firstDistributor(model)}` : '';
  if (end === undefined) {
    const earliest = model.notBefore === undefined ? '' : `, ends not before ${model.notBefore}`;
    if (model.status !== 'active') return `${model.status}${earliest}${follows}`;
    return earliest === '' ? 'no end is known' : `active${earliest}${follows}`;
  }
  const days = daysBetween(today, end);
  if (days < 0) return `ended ${end}${via}${follows}`;
  return `ends ${end}${via}, in ${days === 1 ? '1 day' : `${days} days`}${follows}`;
}

function firstDistributor({ distributors }: KnownModel): string {
  return distributors.toSorted((a, b) => (a.shutdown < b.shutdown ? -1 : 1))[0]?.via ?? '';
}

/** `agents.settings /model` without the schema that most databases have. */
export function placeOf({ table, column, path }: Occurrence): string {
  return `${withoutPublic(table)}.${column}${path === null || path === '' ? '' : ` ${path}`}`;
}

function withoutPublic(name: string): string {
  return name.replace(/^public\./, '');
}

const formTexts: Readonly<Record<Form, string>> = {
  exact: '',
  inside: ' inside a longer text',
  member: ' as the name of a member',
};

function writtenOf({ spelling, written, form }: Occurrence): string {
  const others = written.length === 0 ? '' : `, also ${written.join(', ')}`;
  return `${spelling}${others}${formTexts[form]}`;
}

const longestMend = 200;

/** The statement, unless it repeats a whole function. */
function schemaLines(
  { part, object, written, mend, live }: SchemaOccurrence,
  { successor }: KnownModel,
): string[] {
  const statement = mend
    .replaceAll(toMark, () => successor ?? 'OTHER-MODEL')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const what = live ? 'new rows will name it' : 'the schema names it';
  const lines = [printable(`  ${part} ${withoutPublic(object)} says ${written}: ${what}.`)];
  return statement.length > longestMend
    ? [...lines, `    The statement that mends it is in --json.`]
    : [...lines, printable(`    ${statement}`)];
}

function relatedLines({ related, relatedSchema, model }: ModelReport): string[] {
  const rows = related.map(
    (each) =>
      `  Related: ${rowCount(each.rows)} of ${placeOf(each)} ` +
      `${each.rows === 1 ? 'names' : 'name'} ${each.spelling}, ${variantText(each, model)}.`,
  );
  const schema = relatedSchema.map(
    ({ part, object, written }) => `  Related: ${part} ${withoutPublic(object)} says ${written}.`,
  );
  return [...rows, ...schema].map(printable);
}

function variantText({ snapshot }: Occurrence, { id }: KnownModel): string {
  return snapshot
    ? `a snapshot of ${id} that the registry does not know`
    : `which is a model of its own and not ${id}`;
}

/** What was not counted, why, and what is missed where that was wrong. */
function showKeys(terminal: Terminal, keys: readonly Occurrence[]): void {
  terminal.out(terminal.style.warning('Keys that read like models'));
  sayLine(
    terminal,
    '  Foreign keys refer to them, and nothing calls them models: they are not counted. ' +
      'Where one of them is a model all the same, it is missing above, with its end.',
  );
  const rows = keys.map((each) => [placeOf(each), each.rows, writtenOf(each)]);
  showTable(terminal, { head: ['where', 'rows', 'how it is written'], rows });
  terminal.out();
}

function showUnread({ out, style, width }: Terminal, unread: readonly UnreadObject[]): void {
  out(style.warning('Not looked at'));
  for (const { gap, object, message } of unread)
    for (const line of wrapLine(printable(`  ${gap}: ${withoutPublic(object)}. ${message}`), width))
      out(line);
}

function summary({
  found,
  reports,
  database,
  asked,
  samplePercent,
  durationMs,
  configuration,
}: TakenInventory): string[] {
  const bytes = found.read.reduce((sum, each) => sum + each.bytes, 0);
  const count = reports.reduce((sum, report) => sum + report.count, 0);
  const schema = reports.reduce((sum, report) => sum + report.schema.length, 0);
  const models = asked === undefined ? counted(reports.length, 'model') : asked.id;
  const sampled = found.read.filter((each) => each.sampled).length;
  return [
    `${database}: ${counted(count, 'occurrence')} of ${models} in rows, ${schema} in the schema; ` +
      `${counted(found.read.length, 'table')}, ${bytesText(bytes)}, read in ${durationText(durationMs)}.`,
    ...(samplePercent === undefined || sampled === 0
      ? []
      : [
          `Sampled: of ${sampled} large tables only ${samplePercent} % of the pages were read, ` +
            'and counts are of these. Places may be missing.',
        ]),
    ...(found.read.length > 0 || found.unread.length > 0 || found.stopped
      ? []
      : ['There is no table to read: is it the database that you mean?']),
    ...(isComplete(found) ? [] : ['Not everything could be read: a model may be named where nobody looked.']),
    ...(configuration?.unread ?? []).map((why) => `Not read for its tenant: ${why}`),
    ...(found.stopped ? ['Partial: it was stopped, and what was not read is not counted.'] : []),
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/* An inventory as CSV (RFC 4180): one line for each place, with what becomes of the model on each. */

const head = [
  'model',
  'status',
  'ends',
  'successor',
  'relation',
  'in',
  'place',
  'path',
  'form',
  'written',
  'rows',
  'samples',
];

/** Of a key that only reads like a model nothing is said about that model. */
export function inventoryCsv({ reports, found: { keys }, configuration }: TakenInventory): string {
  const said = configuration?.roles;
  const ofKeys = keys.map((each) => [each.model, '', '', '', 'key', ...rowFields(each)]);
  const lines = [...reports.flatMap((report) => linesOf(report, said)), ...ofKeys];
  if (said === undefined) return csvText(head, lines);
  return csvText(
    [...head, 'roles'],
    lines.map((line) => [...line, ...Array.from({ length: head.length + 1 - line.length }, () => '')]),
  );
}

function linesOf(report: ModelReport, said: ConfiguredInventory['roles'] | undefined): string[][] {
  const { model } = report;
  const lead = [model.id, model.status, endOf(model) ?? '', model.successor ?? ''];
  return [
    ...report.occurrences.map((each) => [
      ...lead,
      'model',
      ...rowFields(each),
      ...(said === undefined ? [] : [(said.get(each) ?? []).join(' ')]),
    ]),
    ...report.schema.map((each) => [...lead, 'model', ...schemaFields(each)]),
    ...report.related.map((each) => [...lead, 'related', ...rowFields(each)]),
    ...report.relatedSchema.map((each) => [...lead, 'related', ...schemaFields(each)]),
  ];
}

function rowFields({ table, column, path, form, spelling, rows, samples }: Occurrence): string[] {
  return ['rows', `${table}.${column}`, path ?? '', form, spelling, String(rows), samples.join(' ')];
}

function schemaFields({ part, object, written }: SchemaOccurrence): string[] {
  return [part, object, '', '', written, '', ''];
}
