/** The keys of a configuration, as the TypeScript type has them and as the JSON Schema has them, in one notation. */
import type { Program, TSSignature, TSType } from 'oxc-parser';

/** `places[].at` is required, `places[].role?` is not; `{}` is any key of a map. */
type Keys = string[];

type Interfaces = ReadonlyMap<string, TSType | readonly TSSignature[]>;

/** The keys of an interface and of everything below it. */
export function typeKeys(program: Program, name: string): Keys {
  const interfaces = new Map<string, TSType | readonly TSSignature[]>();
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'TSInterfaceDeclaration')
      interfaces.set(declaration.id.name, declaration.body.body);
    if (declaration?.type === 'TSTypeAliasDeclaration')
      interfaces.set(declaration.id.name, declaration.typeAnnotation);
  }
  return membersOf(interfaces, interfaces.get(name) as readonly TSSignature[], '').sort();
}

function membersOf(interfaces: Interfaces, members: readonly TSSignature[], path: string): Keys {
  return members.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') return [];
    const key = `${path === '' ? '' : `${path}.`}${member.key.name}`;
    const inner = member.typeAnnotation?.typeAnnotation;
    return [
      `${key}${member.optional ? '?' : ''}`,
      ...(inner === undefined ? [] : withinType(interfaces, inner, key)),
    ];
  });
}

function withinType(interfaces: Interfaces, type: TSType, path: string): Keys {
  if (type.type === 'TSTypeLiteral') return membersOf(interfaces, type.members, path);
  if (type.type === 'TSArrayType') return withinType(interfaces, type.elementType, `${path}[]`);
  if (type.type === 'TSTypeReference') return withinReference(interfaces, type, path);
  if (type.type === 'TSUnionType') return type.types.flatMap((one) => withinType(interfaces, one, path));
  if (type.type === 'TSTypeOperator' || type.type === 'TSParenthesizedType') {
    return withinType(interfaces, type.typeAnnotation, path);
  }
  const word = type.type === 'TSLiteralType' && 'value' in type.literal ? type.literal.value : undefined;
  return typeof word === 'string' ? [`${path}=${word}`] : [];
}

function withinReference(
  interfaces: Interfaces,
  type: TSType & { type: 'TSTypeReference' },
  path: string,
): Keys {
  const name = type.typeName.type === 'Identifier' ? type.typeName.name : '';
  const inner = type.typeArguments?.params ?? [];
  if (name === 'Readonly') return inner.flatMap((one) => withinType(interfaces, one, path));
  if (name === 'Record') return inner.slice(1).flatMap((one) => withinType(interfaces, one, `${path}{}`));
  const target = interfaces.get(name);
  if (target === undefined) return [];
  return 'type' in target ? withinType(interfaces, target, path) : membersOf(interfaces, target, path);
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly (string | null)[];
  readonly pattern?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
}

/** The keys of a JSON Schema and of everything below it. */
export function schemaKeys(schema: unknown): Keys {
  return withinSchema(schema as Schema, schema as Schema, '').sort();
}

function withinSchema(root: Schema, schema: Schema, path: string): Keys {
  if (schema.$ref !== undefined)
    return withinSchema(root, root.definitions?.[schema.$ref.replace('#/definitions/', '')] ?? {}, path);
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${path === '' ? '' : `${path}.`}${name}`;
    return [
      `${key}${schema.required?.includes(name) === true ? '' : '?'}`,
      ...withinSchema(root, inner, key),
    ];
  });
  const { additionalProperties: other } = schema;
  return [
    ...members,
    ...(schema.items === undefined ? [] : withinSchema(root, schema.items, `${path}[]`)),
    ...(typeof other === 'object' ? withinSchema(root, other, `${path}{}`) : []),
    ...wordsOf(schema).map((word) => `${path}=${word}`),
    ...(schema.oneOf ?? []).flatMap((one) => withinSchema(root, one, path)),
  ];
}

/** Words that stand beside a map cannot be an enum, so they are a pattern: ^(keep|drop)$. Null is no word. */
function wordsOf(schema: Schema): readonly string[] {
  const listed = schema.enum?.filter((word) => word !== null);
  return listed ?? /^\^\(([a-z|]+)\)\$$/.exec(schema.pattern ?? '')?.[1]?.split('|') ?? [];
}
