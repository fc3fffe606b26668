/** What a value within a condition comes from: columns, settings, the user, a look-up; read through sub-selects and helper functions. */
import type { BareGround } from '../ground.ts';
import { withArguments, withSchemas } from './arguments.ts';
import { bodyOf, calledBy } from './function-body.ts';
import { isAnchored, joinedColumn } from './links.ts';
import type { EqualSides } from './links.ts';
import { fromOf, meantBy } from './names.ts';
import type { Joined, PolicySubject } from './names.ts';
import type { Parser } from './parser.ts';
import {
  conjuncts,
  constantOf,
  firstTarget,
  isNode,
  isPlainSelect,
  listsIn,
  namesIn,
  nodes,
  opened,
  operatorOf,
  textOf,
} from './tree.ts';
import type { TreeNode } from './tree.ts';
import { nothing, together } from './value.ts';
import type { ValueSource } from './value.ts';

/** Where a part of a condition stands. */
export interface ReadingPlace {
  readonly scopes: readonly (readonly Joined[])[];
  /** Within a function that runs as its owner, whom policies may leave alone. */
  readonly asDefiner: boolean;
  readonly depth: number;
  /** In the body of a function the row is not there, only what it is called with. */
  readonly inBody: boolean;
}

/** What these give is what they are given, in another shape. */
const reshaping = new Set([
  'current_setting',
  'unnest',
  'string_to_array',
  'string_to_table',
  'array_agg',
  'json_array_elements',
  'jsonb_array_elements',
  'json_array_elements_text',
  'jsonb_array_elements_text',
  'json_extract_path',
  'jsonb_extract_path',
  'json_extract_path_text',
  'jsonb_extract_path_text',
  'to_json',
  'to_jsonb',
  'lower',
  'upper',
  'btrim',
]);

/** Of one policy's subject. */
export class ValueReader {
  readonly parser: Parser;
  readonly #ground: BareGround;
  readonly #subject: PolicySubject;

  constructor(ground: BareGround, parser: Parser, subject: PolicySubject) {
    this.#ground = ground;
    this.parser = parser;
    this.#subject = subject;
  }

  side(node: unknown, place: ReadingPlace): ValueSource {
    const { kind, body } = opened(node);
    if (kind === 'List') return together(nodes(body['items']).map((item) => this.value(item, place)));
    return this.value(node, place);
  }

  /** The two sides of an equality. */
  pair(test: TreeNode, place: ReadingPlace): EqualSides[] {
    const { kind, body } = opened(test);
    const isEquality = kind === 'A_Expr' && operatorOf(body) === '=';
    return isEquality && /^AEXPR_(OP|OP_ANY|IN)$/.test(textOf(body['kind']))
      ? [[this.value(body['lexpr'], place), this.side(body['rexpr'], place)]]
      : [];
  }

  value(node: unknown, place: ReadingPlace): ValueSource {
    const { kind, body } = opened(node);
    const constant = constantOf(node);
    if (constant !== undefined)
      return constant.value === null ? nothing : { ...nothing, literals: [constant.value] };
    switch (kind) {
      case 'ColumnRef':
        return this.#columnValue(body, place);
      case 'SQLValueFunction':
        return this.#userValue(textOf(body['op']));
      case 'Argument':
        return this.value(body['node'], body['place'] as ReadingPlace);
      case 'FuncCall':
        return this.#functionValue(body, place);
      case 'SubLink':
        return /^(EXPR|ARRAY)_SUBLINK$/.test(textOf(body['subLinkType']))
          ? this.#selectValue(opened(body['subselect']).body, place)
          : { ...this.#selectValue(opened(body['subselect']).body, place), computed: true };
      case 'TypeCast':
        return this.#castValue(body, place);
      case 'CoalesceExpr':
      case 'CaseExpr':
        return { ...this.#parts(body, place), substitutes: true };
      case 'A_Expr':
        return this.#operation(body, place);
      case '':
      case 'List':
      case 'A_ArrayExpr':
      case 'CaseWhen':
      case 'CollateClause':
        return this.#parts(body, place);
      default:
        return { ...this.#parts(body, place), computed: true };
    }
  }

  #parts(body: TreeNode, place: ReadingPlace): ValueSource {
    const inner = Object.values(body).flatMap(
      (value) => (Array.isArray(value) ? value : [value]) as unknown[],
    );
    return together(inner.filter((part) => typeof part === 'object').map((part) => this.value(part, place)));
  }

  /** SET ROLE does not change `session_user`: it says who asks only where the application's roles are those that log in. */
  #userValue(op: string): ValueSource {
    const { applicationRoles, rolesFrom, facts } = this.#ground;
    const logIn =
      rolesFrom === 'logins' ||
      (applicationRoles.length > 0 && applicationRoles.every((role) => role === facts.login));
    if (op === 'SVFOP_SESSION_USER' && !logIn)
      return { ...nothing, unread: 'it goes by session_user, which SET ROLE does not change' };
    return { ...nothing, user: /^SVFOP_(CURRENT_USER|CURRENT_ROLE|USER|SESSION_USER)$/.test(op) };
  }

  #columnValue(body: TreeNode, { scopes, inBody }: ReadingPlace): ValueSource {
    const subject = inBody ? { ...this.#subject, columns: [] } : this.#subject;
    const meant = meantBy(body, { subject, scopes, tables: this.#ground.tables });
    if (meant.of === 'row') return { ...nothing, columns: [meant.column] };
    if (meant.of === 'joined') {
      const { alias = '', table, column } = meant;
      return { ...nothing, joined: [{ alias, column, ...(table === undefined ? {} : { table }) }] };
    }
    return { ...nothing, unread: `it reads ${meant.column}, which is not known here` };
  }

  /** `NULLIF(current_setting(…), '')` guards; `claims ->> 'org_id'` names a member. */
  #operation(body: TreeNode, place: ReadingPlace): ValueSource {
    const parts = this.#parts({ lexpr: body['lexpr'], rexpr: body['rexpr'] }, place);
    if (textOf(body['kind']) === 'AEXPR_NULLIF') {
      // What it is compared with it is not.
      const value = this.value(body['lexpr'], place);
      const isOfRow = parts.columns.length > 0 || parts.joined.length > 0;
      return {
        ...value,
        computed: value.computed || isOfRow,
        settings: value.settings.map((each) => ({ ...each, unguarded: false })),
      };
    }
    if (!operatorOf(body).startsWith('->') && !operatorOf(body).startsWith('#>'))
      return { ...parts, computed: true };
    const document = this.value(body['lexpr'], place);
    const key = constantOf(body['rexpr'])?.value;
    // Which member it is may depend on the row.
    if (typeof key !== 'string' && typeof key !== 'number') return { ...parts, computed: true };
    return {
      ...document,
      settings: document.settings.map((each) => ({ ...each, name: `${each.name}->${key}` })),
    };
  }

  #castValue(body: TreeNode, place: ReadingPlace): ValueSource {
    const value = this.value(body['arg'], place);
    const type = namesIn(opened({ TypeName: body['typeName'] }).body['names']).at(-1) ?? '';
    // A cast to fewer characters keeps a part.
    const isNarrower = nodes(opened({ TypeName: body['typeName'] }).body['typmods']).length > 0;
    if (isNarrower) return { ...value, computed: true };
    const isDirect = opened(body['arg']).kind === 'FuncCall';
    if (!isDirect || /^(text|varchar|bpchar|name)$/.test(type)) return value;
    return { ...value, settings: value.settings.map((each) => ({ ...each, unguarded: each.silent })) };
  }

  #functionValue(body: TreeNode, place: ReadingPlace): ValueSource {
    const name = namesIn(body['funcname']).at(-1) ?? '';
    const called = this.inlined(body, place);
    if (typeof called === 'string') return { ...nothing, unread: called };
    if (called !== undefined) return this.#selectValue(called.select, called.place);
    const [first, second] = nodes(body['args']);
    if (name === 'current_setting') {
      const setting = constantOf(first)?.value;
      if (typeof setting !== 'string')
        return { ...nothing, unread: 'it reads a setting whose name is computed' };
      const silent = constantOf(second)?.value === true;
      return { ...nothing, settings: [{ name: setting, silent, unguarded: false }] };
    }
    // What else it is called with says how, not what: the comma of a list.
    const isPlain =
      reshaping.has(name) &&
      nodes(body['args'])
        .slice(1)
        .every((arg) => constantOf(arg) !== undefined);
    return isPlain
      ? this.#parts({ args: [first] }, place)
      : { ...this.#parts({ args: body['args'] ?? [] }, place), computed: true };
  }

  /** A scalar or a list that a sub-select gives. */
  #selectValue(select: TreeNode, place: ReadingPlace): ValueSource {
    if (textOf(select['op']) === 'SETOP_UNION' && select['withClause'] === undefined)
      return together(
        ['larg', 'rarg'].map((side) => {
          const part = select[side];
          return this.#selectValue(
            isNode(part) ? (isNode(part['SelectStmt']) ? part['SelectStmt'] : part) : {},
            place,
          );
        }),
      );
    const from = fromOf(select['fromClause'] ?? []);
    if (from === undefined || !isPlainSelect(select))
      return { ...nothing, unread: 'it has a sub-select with more than tables and conditions' };
    const inner = { ...place, scopes: [from.joined, ...place.scopes] };
    const target = this.value(firstTarget(select), inner);
    const tests = [...from.conditions, select['whereClause']].flatMap(conjuncts);
    const pairs = tests.flatMap((test) => this.pair(test, inner));
    const functions = this.functionsIn(select, place);
    const of = from.joined.find(({ alias }) => alias === target.joined[0]?.alias);
    const tables = from.joined.flatMap(({ table }) => table ?? []);
    if (of === undefined && tables.length === 0) return target;
    if (of === undefined)
      return {
        ...target,
        computed: true,
        looksAt: tables.map((table) => ({ table, as: 'mapping', anchored: true })),
      };
    if (of.table === undefined) return together([{ ...target, joined: [] }, functions]);
    const asked = together(pairs.flat());
    if (asked.columns.length > 0)
      return { ...nothing, unread: 'it goes by a sub-select that looks at the row' };
    const anchored = isAnchored(pairs, of.alias);
    return {
      ...together([target, { ...asked, computed: false, literals: [], untied: false, substitutes: false }]),
      joined: [],
      looksAt: [{ table: of.table, as: 'mapping' as const, anchored }, ...asked.looksAt],
      untied: target.untied || (!anchored && !this.#isOwnColumn(target, inner)),
    };
  }

  /** The owner in a table of tenants' rows, whose own policies say which of them are seen. */
  #isOwnColumn(target: ValueSource, { asDefiner }: ReadingPlace): boolean {
    const column = joinedColumn(target);
    const owned = this.#ground.facts.ownership.get(column?.table ?? '');
    if (asDefiner || column === undefined || owned?.kind !== 'tenant') return false;
    const root = this.#ground.facts.root;
    return (
      owned.paths.some(({ hops, column: owner }) => hops.length === 0 && owner === column.column) ||
      (root?.table === column.table && root?.key === column.column)
    );
  }

  /** What a function in a FROM is called with: `unnest(…)`. */
  functionsIn(select: TreeNode, place: ReadingPlace): ValueSource {
    const calls = nodes(select['fromClause']).filter((item) => opened(item).kind === 'RangeFunction');
    return this.#parts(
      { calls: calls.map((item) => ({ List: { items: listsIn(opened(item).body['functions']) } })) },
      place,
    );
  }

  /** A function of the user's whose body is one expression or one SELECT; undefined where it is PostgreSQL's own. */
  inlined(
    body: TreeNode,
    place: ReadingPlace,
  ): { select: TreeNode; place: ReadingPlace } | string | undefined {
    const found = calledBy(this.#ground, body);
    if (found === undefined || typeof found === 'string') return found;
    const { id } = found;
    if (place.depth > 5) return `it calls ${id} too deep`;
    const select = bodyOf(found, this.parser);
    if (select === undefined) return `it calls ${id}, whose body is more than one expression`;
    const named = withSchemas(select, { ground: this.#ground, called: found });
    const args = nodes(body['args']).map((node) => ({ Argument: { node, place } }));
    const tree = withArguments(named, { ground: this.#ground, called: found, args }) as TreeNode;
    return {
      select: tree,
      place: {
        scopes: [],
        inBody: true,
        asDefiner: place.asDefiner || found.definer,
        depth: place.depth + 1,
      },
    };
  }
}
