/** Triggers of V1 that stand in the way: they see the table and no shim, and would take a fill for what the application does. */
import type { TriggerFact } from '../isolation/facts.ts';
import { blocked, namesColumn, sayOf } from './ask.ts';
import type { Classified, ConversionQuestion } from './conversion.ts';
import type { GroundIndex } from './ground.ts';

/** Questions about the triggers of a table. */
export function triggerQuestions(index: GroundIndex, each: Classified): ConversionQuestion[] {
  return [...renamedInTriggers(index, each), ...firedByFill(index, each)];
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
  const column = changed.find((one) => namesColumn(watched, one));
  return column === undefined ? undefined : `watches ${column}, which V2 calls or writes otherwise`;
}

/** Triggers that would see each filled row as a change of the application, or one put aside as gone. */
function firedByFill(index: GroundIndex, each: Classified): ConversionQuestion[] {
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
