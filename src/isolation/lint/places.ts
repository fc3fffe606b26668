/** Where the objects of a database are made in files of SQL: by the statement that makes them, or that last changes the part of one. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type { IsolationObject } from '../../engine/isolation/report.ts';
import { isNode, namesIn, nodes, opened, textOf } from '../conditions/tree.ts';
import type { TreeNode } from '../conditions/tree.ts';
import { shownObject } from '../ground.ts';
import type { SourcePlace } from '../source-place.ts';
import type { LintStatement } from './statements.ts';

/** Undefined where no statement of the files makes it. */
export function placesOf(
  statements: readonly LintStatement[],
  schema: string,
): (object: IsolationObject) => SourcePlace | undefined {
  const places = new Map<string, SourcePlace>();
  for (const { kind, body, file, line } of statements)
    for (const name of made(kind, body, schema)) if (!places.has(name)) places.set(name, { file, line });
  return (object) => {
    const { kind, schema: space, name } = object;
    // The arguments of a function are no part of its name in a file.
    return places.get(shownObject(kind === 'function' ? { kind, schema: space, name } : object));
  };
}

/** The objects that a statement makes, as the doctor prints them. */
function made(kind: string, body: TreeNode, schema: string): string[] {
  const ofRange = (range: unknown, part?: string): string => {
    const names = isNode(range) ? range : {};
    const [space, name] = [textOf(names['schemaname']) || schema, textOf(names['relname'])];
    return shownObject({ kind: 'table', schema: space, name, ...(part === undefined ? {} : { part }) });
  };
  const constraints = (elements: unknown): string[] =>
    nodes(elements).flatMap((element) => {
      const { kind: of, body: def } = opened(element);
      if (of === 'Constraint') return [textOf(def['conname'])];
      return of === 'ColumnDef' ? [textOf(def['colname']), ...constraints(def['constraints'])] : [];
    });
  const named = (range: unknown, parts: readonly string[]): string[] =>
    parts.filter((part) => part !== '').map((part) => ofRange(range, part));
  switch (kind) {
    case 'CreateStmt':
      return [ofRange(body['relation']), ...named(body['relation'], constraints(body['tableElts']))];
    case 'AlterTableStmt':
      return named(
        body['relation'],
        nodes(body['cmds']).flatMap((command) => constraints([opened(command).body['def']])),
      );
    case 'CreatePolicyStmt':
      return named(body['table'], [textOf(body['policy_name'])]);
    case 'CreateTrigStmt':
      return named(body['relation'], [textOf(body['trigname'])]);
    case 'IndexStmt':
      return named(body['relation'], [textOf(body['idxname'])]);
    case 'ViewStmt':
      return [ofRange(body['view'])];
    case 'CreateTableAsStmt':
      return [ofRange(isNode(body['into']) ? body['into']['rel'] : undefined)];
    case 'CreateSeqStmt':
      return [ofRange(body['sequence'])];
    case 'CreateFunctionStmt': {
      const names = namesIn(body['funcname']);
      return [tableId(names.at(-2) ?? schema, names.at(-1) ?? '')];
    }
    case 'CreatePublicationStmt':
      return [shownObject({ kind: 'publication', schema: '', name: textOf(body['pubname']) })];
    case 'CreateSchemaStmt':
      return [shownObject({ kind: 'schema', schema: '', name: textOf(body['schemaname']) })];
    case 'CreateRoleStmt':
      return [shownObject({ kind: 'role', schema: '', name: textOf(body['role']) })];
    default:
      return [];
  }
}
