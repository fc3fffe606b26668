/** The conditions of all policies. What is not understood is not read, and no rule guesses about it. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { RelationFact } from '../../engine/isolation/facts.ts';
import { objectOf, ownedTables } from '../ground.ts';
import type { BareGround } from '../ground.ts';
import type { Conditions, ReadCondition, ReadPolicy } from './condition.ts';
import type { PolicySubject } from './names.ts';
import { loadParser } from './parser.ts';
import type { Parser } from './parser.ts';
import { policyKey } from './policy-key.ts';
import { ConditionReader } from './reader.ts';

/** The policies of tenants' tables and of their partitions and children. */
export async function readConditions(ground: BareGround): Promise<Conditions> {
  const subjects = subjectsOf(ground);
  const relations = ground.facts.relations.filter(
    ({ id, root, policies }) => policies.length > 0 && subjects.has(root ?? id),
  );
  if (relations.length === 0) return new Map();
  const parser = await loadParser();
  return new Map(
    relations.flatMap((relation) => {
      const subject = subjects.get(relation.root ?? relation.id);
      if (subject === undefined) return [];
      const own = { ...subject, id: relation.id, name: relation.name };
      return relation.policies.map(
        (policy) =>
          [
            policyKey(relation, policy.name),
            readPolicy({ ground, parser, subject: own }, relation, policy),
          ] as const,
      );
    }),
  );
}

interface Reading {
  readonly ground: BareGround;
  readonly parser: Parser;
  readonly subject: PolicySubject;
}

function readPolicy(
  { ground, parser, subject }: Reading,
  relation: RelationFact,
  { name, using, withCheck }: RelationFact['policies'][number],
): ReadPolicy {
  const read = (text: string | undefined): ReadCondition | undefined =>
    text === undefined ? undefined : new ConditionReader(ground, parser, subject).read(text);
  const [conditions, check] = [read(using), read(withCheck)];
  const [why] = [conditions, check].flatMap((each) =>
    each?.meaning.is === 'unread' ? [each.meaning.why] : [],
  );
  return {
    at: objectOf('table', relation, name),
    ...(conditions === undefined ? {} : { using: conditions }),
    ...(check === undefined ? {} : { check }),
    ...(why === undefined ? {} : { unread: why }),
  };
}

function subjectsOf(ground: BareGround): ReadonlyMap<TableId, PolicySubject> {
  const owned = ownedTables(ground);
  const ids = new Set(owned.filter(({ isRoot }) => !isRoot).map(({ id }) => id));
  return new Map(
    owned.map(({ id, table, ownerColumn }) => [
      id,
      {
        id,
        name: table.name,
        columns: table.columns.map(({ name }) => name),
        ...(ownerColumn === undefined ? {} : { owner: ownerColumn }),
        ownerMayBeNull: table.columns.find(({ name }) => name === ownerColumn)?.notNull !== true,
        links: new Map(
          table.foreignKeys
            .filter(({ references }) => ids.has(references))
            .flatMap(({ columns, references }) =>
              columns
                .filter((column) => column !== ownerColumn)
                .map((column) => [column, references] as const),
            ),
        ),
      },
    ]),
  );
}
