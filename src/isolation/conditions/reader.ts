/**
 * Reads one condition of a policy: what ties the row to whoever asks, by owner, mapping, parent or user. It follows the shape of the
 * parser's tree, reads helper functions through, and says *unread* where it does not understand.
 */
import type { BareGround } from '../ground.ts';
import type { LookedAt, Meaning, ReadCondition, SettingUse } from './condition.ts';
import { bodyOf, calledBy } from './function-body.ts';
import { allOf, anyOf, everyRow, noRow, notOf, open, restricts, unread } from './meaning.ts';
import { fromOf, meantBy } from './names.ts';
import type { Joined, PolicySubject } from './names.ts';
import type { Parser } from './parser.ts';
import {
  conjuncts,
  constantOf,
  firstTarget,
  isBareSelect,
  listsIn,
  namesIn,
  nodes,
  opened,
  operatorOf,
  textOf,
  withArguments,
} from './tree.ts';
import type { TreeNode } from './tree.ts';
import { isConstant, isOfCaller, nothing, together } from './value.ts';
import type { ValueSource } from './value.ts';

/** Where a part of a condition stands. */
interface ReadingPlace {
  readonly scopes: readonly (readonly Joined[])[];
  /** Within a function that runs as its owner, whom policies may leave alone. */
  readonly asDefiner: boolean;
  readonly depth: number;
}

export class ConditionReader {
  readonly #ground: BareGround;
  readonly #parser: Parser;
  readonly #subject: PolicySubject;
  readonly #settings: SettingUse[] = [];
  readonly #looksAt: LookedAt[] = [];
  readonly #ownerSettings: string[] = [];
  #ownerIsUser = false;

  constructor(ground: BareGround, parser: Parser, subject: PolicySubject) {
    this.#ground = ground;
    this.#parser = parser;
    this.#subject = subject;
  }

  read(text: string): ReadCondition {
    const tree = this.#parser.expression(text);
    const meaning =
      tree === undefined
        ? unread('this version of the grammar does not know its words')
        : this.#meaning(tree, { scopes: [], asDefiner: false, depth: 0 });
    const [settings, looksAt, ownerSettings] = [this.#settings, this.#looksAt, this.#ownerSettings];
    return { meaning, settings, looksAt, ownerSettings, ownerIsUser: this.#ownerIsUser };
  }

  #meaning(node: unknown, place: ReadingPlace): Meaning {
    const { kind, body } = opened(node);
    const constant = constantOf(node);
    if (constant !== undefined) return constant.value === true || constant.value === 't' ? everyRow : noRow;
    switch (kind) {
      case 'BoolExpr':
        return this.#combined(body, place);
      case 'A_Expr':
        return this.#comparison(body, place);
      case 'NullTest':
        return this.#nullTest(body, place);
      case 'SubLink':
        return this.#subLink(body, place);
      case 'FuncCall':
        return this.#called(body, place);
      case 'TypeCast':
        return this.#meaning(body['arg'], place);
      case 'CoalesceExpr':
        // A condition that is NULL lets no row through; what stands in may.
        return anyOf(nodes(body['args']).map((arg) => this.#meaning(arg, place)));
      case 'BooleanTest':
        return textOf(body['booltesttype']) === 'IS_TRUE'
          ? this.#meaning(body['arg'], place)
          : this.#loose(this.#value(body['arg'], place));
      case 'CaseExpr':
        return this.#case(body, place);
      default:
        return this.#loose(this.#value(node, place));
    }
  }

  #combined(body: TreeNode, place: ReadingPlace): Meaning {
    // IS NOT DISTINCT FROM is stored as the NOT of its opposite.
    const { kind, body: inner } = opened(nodes(body['args'])[0]);
    const isNot = textOf(body['boolop']) === 'NOT_EXPR';
    if (isNot && kind === 'A_Expr' && textOf(inner['kind']) === 'AEXPR_DISTINCT')
      return this.#comparison({ ...inner, kind: 'AEXPR_NOT_DISTINCT' }, place);
    const parts = nodes(body['args']).map((arg) => this.#meaning(arg, place));
    const how = textOf(body['boolop']);
    if (how === 'AND_EXPR') return allOf(parts);
    return how === 'OR_EXPR' ? anyOf(parts) : notOf(parts[0] ?? noRow);
  }

  /** Each result of a CASE is a branch, whatever leads to it. */
  #case(body: TreeNode, place: ReadingPlace): Meaning {
    const branches = nodes(body['args']).map((arg) => {
      const { expr, result } = opened(arg).body;
      return allOf([this.#meaning(expr, place), this.#meaning(result, place)]);
    });
    const last = body['defresult'];
    return anyOf(last === undefined ? branches : [...branches, this.#meaning(last, place)]);
  }

  /** What compares nothing with the owner: a part that is not understood stays so. */
  #loose(value: ValueSource): Meaning {
    this.#note(value);
    if (value.unread !== undefined) return unread(value.unread);
    return open('no owner');
  }

  #note({ settings, looksAt }: Pick<ValueSource, 'settings' | 'looksAt'>): void {
    this.#settings.push(...settings);
    this.#looksAt.push(...looksAt);
  }

  #comparison(body: TreeNode, place: ReadingPlace): Meaning {
    const kind = textOf(body['kind']);
    const left = this.#value(body['lexpr'], place);
    const right = this.#valueOfSide(body['rexpr'], place);
    const isEquality = operatorOf(body) === '=' && /^AEXPR_(OP|OP_ANY|IN|NOT_DISTINCT)$/.test(kind);
    if (!isEquality) return this.#loose(together([left, right]));
    const isNullSafe = kind === 'AEXPR_NOT_DISTINCT';
    const [own, other] = left.columns.length > 0 ? [left, right] : [right, left];
    return this.#equality(own, other, isNullSafe);
  }

  #valueOfSide(node: unknown, place: ReadingPlace): ValueSource {
    const { kind, body } = opened(node);
    if (kind === 'List') return together(nodes(body['items']).map((item) => this.#value(item, place)));
    return this.#value(node, place);
  }

  /** `own` is the side that reads the row, where one does. */
  #equality(own: ValueSource, other: ValueSource, isNullSafe: boolean): Meaning {
    this.#note(together([own, other]));
    const unknown = own.unread ?? other.unread;
    if (unknown !== undefined) return unread(unknown);
    const { owner = '', ownerMayBeNull, links } = this.#subject;
    const [column, ...more] = own.columns;
    if (column === undefined) return this.#betweenCallers(own, other);
    if (more.length > 0 || own.substitutes)
      return open(own.columns.includes(owner) ? 'without context' : 'no owner');
    if (column === owner && other.columns.includes(owner))
      return other.substitutes ? open('without context') : everyRow;
    if (other.columns.length > 0) return open('no owner');
    if (column === owner) {
      if (isConstant(other)) return open('literal');
      if (!isOfCaller(other)) return open('no owner');
      if (isNullSafe && ownerMayBeNull) return open('without context');
      if (other.user || other.sessionUser) this.#ownerIsUser = true;
      this.#ownerSettings.push(...other.settings.map(({ name }) => name));
      return restricts(other.looksAt.length > 0 ? 'mapping' : other.user ? 'role' : 'context');
    }
    // Narrower than a tenant: the caller's own user.
    return links.has(column) && isOfCaller(other) ? restricts('user') : open('no owner');
  }

  /** A setting against a constant opens an operator's view to who may set it, as the tenant's own setting does. */
  #betweenCallers(own: ValueSource, other: ValueSource): Meaning {
    if (isConstant(own) && isConstant(other)) return everyRow;
    const caller = isOfCaller(own) ? own : other;
    const isGate =
      caller.looksAt.length === 0 && isOfCaller(caller) && isConstant(caller === own ? other : own);
    return isGate ? restricts('operator') : open('no owner');
  }

  #nullTest(body: TreeNode, place: ReadingPlace): Meaning {
    const value = this.#value(body['arg'], place);
    this.#note(value);
    if (value.unread !== undefined) return unread(value.unread);
    const isNull = textOf(body['nulltesttype']) === 'IS_NULL';
    const isOwner = value.columns.length === 1 && value.columns[0] === this.#subject.owner;
    if (isOwner) return isNull ? restricts('context', true) : everyRow;
    return isNull && isOfCaller(value) ? open('without context') : open('no owner');
  }

  #called(body: TreeNode, place: ReadingPlace): Meaning {
    const called = this.#inlined(body, place);
    if (called === undefined) return this.#loose(this.#value({ FuncCall: body }, place));
    if (typeof called === 'string') return unread(called);
    return isBareSelect(called.select)
      ? this.#meaning(firstTarget(called.select), called.place)
      : unread('it calls a function whose answer is looked up');
  }

  /** A function of the user's whose body is one expression or one SELECT; undefined where it is PostgreSQL's own. */
  #inlined(
    body: TreeNode,
    place: ReadingPlace,
  ): { select: TreeNode; place: ReadingPlace } | string | undefined {
    const found = calledBy(this.#ground, body);
    if (found === undefined || typeof found === 'string') return found;
    const { id } = found;
    if (place.depth > 5) return `it calls ${id} too deep`;
    const select = bodyOf(found, this.#parser);
    if (select === undefined) return `it calls ${id}, whose body is more than one expression`;
    const tree = withArguments(select, found.argumentNames, nodes(body['args'])) as TreeNode;
    return {
      select: tree,
      place: { ...place, asDefiner: place.asDefiner || found.definer, depth: place.depth + 1 },
    };
  }

  #subLink(body: TreeNode, place: ReadingPlace): Meaning {
    const kind = textOf(body['subLinkType']);
    const select = opened(body['subselect']).body;
    if (kind === 'EXPR_SUBLINK') {
      const isPlain = isBareSelect(select);
      return isPlain
        ? this.#meaning(firstTarget(select), place)
        : this.#loose(this.#value({ SubLink: body }, place));
    }
    if (kind !== 'EXISTS_SUBLINK' && kind !== 'ANY_SUBLINK')
      return this.#loose(this.#value({ SubLink: body }, place));
    const target = kind === 'ANY_SUBLINK' ? firstTarget(select) : undefined;
    return this.#lookUp(select, place, { test: body['testexpr'], target });
  }

  /** EXISTS and IN over tables: how is the row tied to them, and they to whoever asks? */
  #lookUp(select: TreeNode, place: ReadingPlace, compared: { test: unknown; target: unknown }): Meaning {
    const from = fromOf(select['fromClause'] ?? []);
    if (from === undefined || select['op'] !== 'SETOP_NONE' || select['groupClause'] !== undefined)
      return unread('it has a sub-select with more than tables and conditions');
    const inner = { ...place, scopes: [from.joined, ...place.scopes] };
    const tests = [...from.conditions, select['whereClause']].flatMap(conjuncts);
    const pairs = tests.flatMap((test) => this.#pair(test, inner));
    if (compared.target !== undefined)
      pairs.push([this.#value(compared.test, place), this.#value(compared.target, inner)]);
    const parts = pairs.flat();
    const failed = parts.find((part) => part.unread !== undefined)?.unread;
    this.#note({
      settings: parts.flatMap(({ settings }) => settings),
      looksAt: parts.flatMap(({ looksAt }) => looksAt),
    });
    return failed === undefined ? this.#tied(from.joined, pairs, inner) : unread(failed);
  }

  #tied(
    joined: readonly Joined[],
    pairs: readonly (readonly [ValueSource, ValueSource])[],
    place: ReadingPlace,
  ): Meaning {
    const tables = joined.flatMap(({ table }) => table ?? []);
    const isAnchored = pairs.some(
      ([a, b]) => (a.joined.length > 0 && isOfCaller(b)) || (b.joined.length > 0 && isOfCaller(a)),
    );
    const rowSides = pairs.flatMap(([a, b]) =>
      a.columns.length > 0 ? [[a, b]] : b.columns.length > 0 ? [[b, a]] : [],
    );
    const links = rowSides.flatMap(([row, other]) =>
      row === undefined || other === undefined || (other.joined.length === 0 && !isOfCaller(other))
        ? []
        : row.columns,
    );
    const { owner = '' } = this.#subject;
    if (tables.length === 0) return links.includes(owner) ? restricts('context') : open('no owner');
    if (links.length === 0) return open('no owner');
    const byOwner = links.includes(owner);
    const owned = tables.filter((table) => this.#ground.facts.ownership.get(table)?.kind === 'tenant');
    const as = byOwner && isAnchored ? ('mapping' as const) : ('parent' as const);
    this.#note({ settings: [], looksAt: tables.map((table) => ({ table, as, anchored: isAnchored })) });
    if (as === 'mapping') return restricts('mapping');
    // Whoever a definer's function runs as, policies may not bind: then nothing but the condition itself ties the parent.
    const isSafe = isAnchored || (owned.length > 0 && !place.asDefiner);
    return isSafe && (byOwner || owned.length > 0) ? restricts('parent') : open('no owner');
  }

  /** The two sides of an equality. */
  #pair(test: TreeNode, place: ReadingPlace): (readonly [ValueSource, ValueSource])[] {
    const { kind, body } = opened(test);
    const isEquality = kind === 'A_Expr' && operatorOf(body) === '=';
    return isEquality && /^AEXPR_(OP|OP_ANY|IN)$/.test(textOf(body['kind']))
      ? [[this.#value(body['lexpr'], place), this.#valueOfSide(body['rexpr'], place)]]
      : [];
  }

  #value(node: unknown, place: ReadingPlace): ValueSource {
    const { kind, body } = opened(node);
    if (constantOf(node) !== undefined) return nothing;
    switch (kind) {
      case 'ColumnRef':
        return this.#columnValue(body, place);
      case 'SQLValueFunction':
        return {
          ...nothing,
          user: /CURRENT_USER|CURRENT_ROLE|SVFOP_USER/.test(textOf(body['op'])),
          sessionUser: textOf(body['op']) === 'SVFOP_SESSION_USER',
        };
      case 'FuncCall':
        return this.#functionValue(body, place);
      case 'SubLink':
        return this.#selectValue(opened(body['subselect']).body, place);
      case 'TypeCast':
        return this.#castValue(body, place);
      case 'CoalesceExpr':
      case 'CaseExpr':
        return { ...this.#parts(body, place), substitutes: true };
      case 'A_Expr':
        return this.#operation(body, place);
      default:
        return this.#parts(body, place);
    }
  }

  #parts(body: TreeNode, place: ReadingPlace): ValueSource {
    const inner = Object.values(body).flatMap(
      (value) => (Array.isArray(value) ? value : [value]) as unknown[],
    );
    return together(inner.filter((part) => typeof part === 'object').map((part) => this.#value(part, place)));
  }

  #columnValue(body: TreeNode, { scopes }: ReadingPlace): ValueSource {
    const meant = meantBy(body, { subject: this.#subject, scopes, tables: this.#ground.tables });
    if (meant.of === 'row') return { ...nothing, columns: [meant.column] };
    if (meant.of === 'joined') return { ...nothing, joined: [`${meant.table ?? ''} ${meant.column}`] };
    return { ...nothing, unread: `it reads ${meant.column}, which is not known here` };
  }

  /** `NULLIF(current_setting(…), '')` guards; `claims ->> 'org_id'` names a member. */
  #operation(body: TreeNode, place: ReadingPlace): ValueSource {
    const parts = this.#parts({ lexpr: body['lexpr'], rexpr: body['rexpr'] }, place);
    if (textOf(body['kind']) === 'AEXPR_NULLIF')
      return {
        ...parts,
        settings: parts.settings.map((each) => ({ ...each, unguarded: false, silent: each.silent })),
      };
    const member = operatorOf(body).startsWith('->') ? constantOf(body['rexpr'])?.value : undefined;
    return typeof member === 'string'
      ? { ...parts, settings: parts.settings.map((each) => ({ ...each, name: `${each.name}->${member}` })) }
      : parts;
  }

  #castValue(body: TreeNode, place: ReadingPlace): ValueSource {
    const value = this.#value(body['arg'], place);
    const type = namesIn(opened({ TypeName: body['typeName'] }).body['names']).at(-1) ?? '';
    const isDirect = opened(body['arg']).kind === 'FuncCall';
    if (!isDirect || /^(text|varchar|bpchar|name)$/.test(type)) return value;
    return { ...value, settings: value.settings.map((each) => ({ ...each, unguarded: each.silent })) };
  }

  #functionValue(body: TreeNode, place: ReadingPlace): ValueSource {
    const name = namesIn(body['funcname']).at(-1) ?? '';
    const called = this.#inlined(body, place);
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
    return this.#parts({ args: body['args'] ?? [] }, place);
  }

  /** A scalar or a list that a sub-select gives. */
  #selectValue(select: TreeNode, place: ReadingPlace): ValueSource {
    const from = fromOf(select['fromClause'] ?? []);
    if (from === undefined)
      return { ...nothing, unread: 'it has a sub-select with more than tables and conditions' };
    const inner = { ...place, scopes: [from.joined, ...place.scopes] };
    const targets = this.#parts(
      { targets: nodes(select['targetList']).map((each) => opened(each).body['val']) },
      inner,
    );
    const tests = [...from.conditions, select['whereClause']].flatMap(conjuncts);
    const asked = tests.flatMap((test) => this.#pair(test, inner));
    const tables = from.joined.flatMap(({ table }) => table ?? []);
    const functions = this.#functionsIn(select, place);
    if (tables.length === 0) return together([targets, functions]);
    const isAnchored = asked.some(([a, b]) => isOfCaller(a) || isOfCaller(b));
    return {
      ...together([targets, functions, ...asked.flat()]),
      joined: [],
      looksAt: tables.map((table) => ({ table, as: 'mapping' as const, anchored: isAnchored })),
    };
  }

  /** What a function in a FROM is called with: `unnest(…)`. */
  #functionsIn(select: TreeNode, place: ReadingPlace): ValueSource {
    const calls = nodes(select['fromClause']).filter((item) => opened(item).kind === 'RangeFunction');
    return this.#parts(
      { calls: calls.map((item) => ({ List: { items: listsIn(opened(item).body['functions']) } })) },
      place,
    );
  }
}
