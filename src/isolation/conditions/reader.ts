/**
 * Reads one condition of a policy: what ties the row to whoever asks, by owner, mapping, parent or user. It follows the shape of the
 * parser's tree, reads helper functions through, and says *unread* where it does not understand.
 */
import type { BareGround } from '../ground.ts';
import type { LookedAt, Meaning, ReadCondition, SettingUse } from './condition.ts';
import { bothWays, isAnchored, isByKey, rowColumn, rowLinks } from './links.ts';
import type { EqualSides } from './links.ts';
import { allOf, anyOf, everyRow, noRow, notOf, open, restricts, unread } from './meaning.ts';
import { fromOf } from './names.ts';
import type { Joined, PolicySubject } from './names.ts';
import type { Parser } from './parser.ts';
import {
  conjuncts,
  constantOf,
  firstTarget,
  isBareSelect,
  isPlainSelect,
  namesIn,
  nodes,
  opened,
  operatorOf,
  textOf,
} from './tree.ts';
import type { TreeNode } from './tree.ts';
import { ValueReader } from './value-reader.ts';
import type { ReadingPlace } from './value-reader.ts';
import { isConstant, isExactlyCaller, isOfCaller, namesATenant, together } from './value.ts';
import type { ValueSource } from './value.ts';

/** They give a row where they are given none. */
const aggregates =
  /^(count|max|min|sum|avg|bool_and|bool_or|every|bit_and|bit_or|string_agg|array_agg|(json|jsonb|xml|range)_?(object_)?agg)$/;

/** Said to everybody by PostgREST and what is built on it. */
const everyCaller = new Set<unknown>(['authenticated', 'anon']);

/** Operators that two tenants' values may stand in beside equality. */
const within = /^(@>|<@|&&|\?|\?\||\?&)$/;

export class ConditionReader {
  readonly #ground: BareGround;
  readonly #values: ValueReader;
  readonly #subject: PolicySubject;
  readonly #settings: SettingUse[] = [];
  readonly #looksAt: LookedAt[] = [];
  readonly #ownerSettings: string[] = [];
  #ownerIsUser = false;

  constructor(ground: BareGround, parser: Parser, subject: PolicySubject) {
    this.#ground = ground;
    this.#values = new ValueReader(ground, parser, subject);
    this.#subject = subject;
  }

  read(text: string): ReadCondition {
    const tree = this.#values.parser.expression(text);
    const meaning =
      tree === undefined
        ? unread('this version of the grammar does not know its words')
        : this.#meaning(tree, { scopes: [], asDefiner: false, depth: 0, inBody: false });
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
      case 'Argument':
        return this.#meaning(body['node'], body['place'] as ReadingPlace);
      case 'TypeCast':
        return this.#flag(body['arg'], place);
      case 'CoalesceExpr':
        // A condition that is NULL lets no row through; what stands in may.
        return anyOf(nodes(body['args']).map((arg) => this.#meaning(arg, place)));
      case 'BooleanTest':
        return textOf(body['booltesttype']) === 'IS_TRUE'
          ? this.#meaning(body['arg'], place)
          : this.#loose(this.#values.value(body['arg'], place));
      case 'CaseExpr':
        return this.#case(body, place);
      default:
        return this.#loose(this.#values.value(node, place));
    }
  }

  #combined(body: TreeNode, place: ReadingPlace): Meaning {
    // IS NOT DISTINCT FROM is stored as the NOT of its opposite.
    const { kind, body: inner } = opened(nodes(body['args'])[0]);
    const isNot = textOf(body['boolop']) === 'NOT_EXPR';
    if (isNot && kind === 'A_Expr' && textOf(inner['kind']) === 'AEXPR_DISTINCT')
      return this.#comparison({ ...inner, kind: 'AEXPR_NOT_DISTINCT' }, place);
    if (isNot && kind === 'A_Expr' && textOf(inner['kind']) === 'AEXPR_OP' && operatorOf(inner) === '<>')
      return this.#comparison({ ...inner, name: equals }, place);
    const parts = nodes(body['args']).map((arg) => this.#meaning(arg, place));
    const how = textOf(body['boolop']);
    if (how === 'AND_EXPR') return allOf(parts);
    return how === 'OR_EXPR' ? anyOf(parts) : notOf(parts[0] ?? noRow);
  }

  /** Each result of a CASE is a branch, whatever leads to it. */
  #case(body: TreeNode, place: ReadingPlace): Meaning {
    const of = body['arg'];
    const branches = nodes(body['args']).map((arg) => {
      const { expr, result } = opened(arg).body;
      const isThat = { A_Expr: { kind: 'AEXPR_OP', name: equals, lexpr: of, rexpr: expr } };
      return allOf([this.#meaning(of === undefined ? expr : isThat, place), this.#meaning(result, place)]);
    });
    const last = body['defresult'];
    return anyOf(last === undefined ? branches : [...branches, this.#meaning(last, place)]);
  }

  /** A setting that is itself true or false opens an operator's view. */
  #flag(node: unknown, place: ReadingPlace): Meaning {
    if (!/^(FuncCall|A_Expr|CoalesceExpr)$/.test(opened(node).kind)) return this.#meaning(node, place);
    const value = this.#values.value(node, place);
    const isSetting = isExactlyCaller(value) && value.settings.length > 0 && value.looksAt.length === 0;
    if (!isSetting || value.literals.length > 0) return this.#meaning(node, place);
    this.#note(value);
    return restricts('operator');
  }

  /** What compares nothing with the owner: a part that is not understood stays so. */
  #loose(value: ValueSource): Meaning {
    this.#note(value);
    if (value.unread !== undefined) return unread(value.unread);
    if (value.looksAt.length > 0)
      return unread('it goes by what a sub-select gives, otherwise than by IN or EXISTS');
    return open('no owner');
  }

  #note({ settings, looksAt }: Pick<ValueSource, 'settings' | 'looksAt'>): void {
    this.#settings.push(...settings);
    this.#looksAt.push(...looksAt);
  }

  #comparison(body: TreeNode, place: ReadingPlace): Meaning {
    const kind = textOf(body['kind']);
    const isEquality = operatorOf(body) === '=' && /^AEXPR_(OP|OP_ANY|IN|NOT_DISTINCT)$/.test(kind);
    if (isEquality && constantOf(body['rexpr'])?.value === true) return this.#meaning(body['lexpr'], place);
    const left = this.#values.value(body['lexpr'], place);
    const right = this.#values.side(body['rexpr'], place);
    const { owner = '' } = this.#subject;
    if (!isEquality) {
      const isMixed = ({ columns, settings }: ValueSource): boolean =>
        columns.includes(owner) && settings.length > 0;
      const both = together([left, right]);
      return isMixed(left) || isMixed(right) || (isMixed(both) && within.test(operatorOf(body)))
        ? unread(`it compares the owner by more than equality`)
        : this.#loose(both);
    }
    const isNullSafe = kind === 'AEXPR_NOT_DISTINCT';
    const [own, other] = left.columns.length > 0 ? [left, right] : [right, left];
    return this.#equality(own, other, isNullSafe);
  }

  /** `own` is the side that reads the row, where one does. */
  #equality(own: ValueSource, other: ValueSource, isNullSafe: boolean): Meaning {
    this.#note(together([own, other]));
    const unknown = own.unread ?? other.unread;
    if (unknown !== undefined) return unread(unknown);
    const { owner = '', ownerMayBeNull, links } = this.#subject;
    const [column, ...more] = own.columns;
    if (column === undefined) return this.#betweenCallers(own, other);
    const isComputed = own.computed || other.computed;
    if (isComputed && own.columns.includes(owner))
      return unread('it compares what is made of the owner, or of the tenant');
    if (more.length > 0 || own.substitutes)
      return open(own.columns.includes(owner) ? 'without context' : 'no owner');
    if (column === owner && other.columns.includes(owner))
      return other.substitutes ? open('without context') : everyRow;
    if (other.columns.length > 0 || isComputed || other.joined.length > 0) return open('no owner');
    if (column === owner) {
      if (namesATenant(other)) return open('literal');
      if (isConstant(other) && other.literals.length > 0) return noRow;
      if (!isOfCaller(other) || other.untied) return open('no owner');
      if (isNullSafe && ownerMayBeNull) return open('without context');
      if (other.user) this.#ownerIsUser = true;
      this.#ownerSettings.push(...other.settings.map(({ name }) => name));
      return restricts('owner');
    }
    if (!isExactlyCaller(other)) return open('no owner');
    // Narrower than a tenant: the caller's own user.
    if (links.has(column)) return restricts('owner');
    return this.#refersOutward(column)
      ? unread(`it goes by ${column}, and whether that is the caller is not known`)
      : open('no owner');
  }

  /** Has the column a key to a table that is no tenant's: users of all tenants, or a look-up? */
  #refersOutward(column: string): boolean {
    const { facts, relations, tables } = this.#ground;
    const table = tables.get(relations.get(this.#subject.id)?.root ?? this.#subject.id);
    return (
      table?.foreignKeys.some(
        ({ columns, references }) =>
          columns.includes(column) && facts.ownership.get(references)?.kind !== 'tenant',
      ) === true
    );
  }

  /** A setting against a constant opens an operator's view to who may set it, as the tenant's own setting does. */
  #betweenCallers(own: ValueSource, other: ValueSource): Meaning {
    if (isConstant(own) && isConstant(other)) return everyRow;
    const caller = isOfCaller(own) ? own : other;
    const constant = caller === own ? other : own;
    if (caller.looksAt.length > 0 || !isOfCaller(caller) || !isConstant(constant)) return open('no owner');
    const said = constant.literals;
    // The empty text is what a setting is after it was used once; what stands in for one that is missing is there without it.
    if (said.includes('') || said.some((literal) => caller.literals.includes(literal)))
      return open('without context');
    if (caller.computed || constant.computed) return unread('it compares what is made of a setting');
    const roles: readonly unknown[] = this.#ground.applicationRoles;
    if (said.some((literal) => everyCaller.has(literal) || roles.includes(literal))) return open('no owner');
    return restricts('operator');
  }

  #nullTest(body: TreeNode, place: ReadingPlace): Meaning {
    const value = this.#values.value(body['arg'], place);
    this.#note(value);
    if (value.unread !== undefined) return unread(value.unread);
    const isNull = textOf(body['nulltesttype']) === 'IS_NULL';
    const isOwner = rowColumn(value) !== undefined && rowColumn(value) === this.#subject.owner;
    if (isOwner) return isNull ? restricts('nobody', true) : everyRow;
    if (value.looksAt.length > 0) return unread('it asks whether a sub-select gives anything');
    return isNull && value.settings.length > 0 ? open('without context') : open('no owner');
  }

  #called(body: TreeNode, place: ReadingPlace): Meaning {
    const called = this.#values.inlined(body, place);
    if (called === undefined) {
      const value = this.#values.value({ FuncCall: body }, place);
      const isMixed = value.columns.includes(this.#subject.owner ?? '') && value.settings.length > 0;
      return isMixed ? unread('it compares the owner by a function') : this.#loose(value);
    }
    if (typeof called === 'string') return unread(called);
    return isBareSelect(called.select)
      ? this.#meaning(firstTarget(called.select), called.place)
      : unread('it calls a function whose answer is looked up');
  }

  #subLink(body: TreeNode, place: ReadingPlace): Meaning {
    const kind = textOf(body['subLinkType']);
    const select = opened(body['subselect']).body;
    if (kind === 'EXPR_SUBLINK') {
      const isPlain = isBareSelect(select);
      return isPlain
        ? this.#meaning(firstTarget(select), place)
        : this.#loose(this.#values.value({ SubLink: body }, place));
    }
    if (kind !== 'EXISTS_SUBLINK' && kind !== 'ANY_SUBLINK')
      return this.#loose(this.#values.value({ SubLink: body }, place));
    const target = kind === 'ANY_SUBLINK' ? firstTarget(select) : undefined;
    const by = body['operName'] === undefined ? '=' : (namesIn(body['operName']).at(-1) ?? '');
    return this.#lookUp(select, place, { test: body['testexpr'], target, by });
  }

  /** EXISTS and IN over tables: how is the row tied to them, and they to whoever asks? */
  #lookUp(
    select: TreeNode,
    place: ReadingPlace,
    compared: { test: unknown; target: unknown; by: string },
  ): Meaning {
    const from = fromOf(select['fromClause'] ?? []);
    if (from === undefined || !isPlainSelect(select))
      return unread('it has a sub-select with more than tables and conditions');
    if (compared.by !== '=') return unread(`it compares with a sub-select by ${compared.by}`);
    const targets = nodes(select['targetList']).map((each) => opened(each).body['val']);
    const isExists = compared.target === undefined;
    // An aggregate gives one row where there is none.
    if (targets.some(isAggregate))
      return isExists ? everyRow : unread('it compares with what many rows amount to');
    const inner = { ...place, scopes: [from.joined, ...place.scopes] };
    const tests = [...from.conditions, select['whereClause']].flatMap(conjuncts);
    const pairs = tests.flatMap((test) => this.#values.pair(test, inner));
    if (!isExists) {
      const { kind, body } = opened(compared.test);
      const asked = kind === 'RowExpr' ? nodes(body['args']) : [compared.test];
      asked.forEach((test, at) =>
        pairs.push([this.#values.value(test, place), this.#values.value(targets[at], inner)]),
      );
    }
    const functions = this.#values.functionsIn(select, place);
    const parts = [...pairs.flat(), functions];
    const failed = parts.find((part) => part.unread !== undefined)?.unread;
    this.#note({
      settings: parts.flatMap(({ settings }) => settings),
      looksAt: parts.flatMap(({ looksAt }) => looksAt),
    });
    return failed === undefined
      ? this.#tied(from.joined, pairs, { place: inner, functions })
      : unread(failed);
  }

  #tied(
    joined: readonly Joined[],
    pairs: readonly EqualSides[],
    { place, functions }: { place: ReadingPlace; functions: ValueSource },
  ): Meaning {
    const { owner = '', id } = this.#subject;
    const both = bothWays(pairs);
    if (both.some(([row, other]) => rowColumn(row) === owner && isExactlyCaller(other)))
      return restricts('owner');
    const links = rowLinks(pairs);
    const subject = this.#ground.tables.get(this.#ground.relations.get(id)?.root ?? id);
    const ties = joined.flatMap((each): Meaning[] => {
      const byOwner = links.some(({ column, to }) => column === owner && to.alias === each.alias);
      if (each.table === undefined) return byOwner ? [this.#inFunction(functions)] : [];
      const byKey = byOwner || isByKey(links, { subject, tables: this.#ground.tables, joined: each });
      if (!byKey) return [];
      const anchored = isAnchored(pairs, each.alias);
      const isOwned = this.#ground.facts.ownership.get(each.table)?.kind === 'tenant';
      const as = byOwner && anchored ? ('mapping' as const) : ('parent' as const);
      this.#note({ settings: [], looksAt: [{ table: each.table, as, anchored }] });
      // Whoever a definer's function runs as, policies may not bind: then nothing but the condition itself ties the parent.
      const isSafe = anchored || (isOwned && !place.asDefiner);
      return isSafe && (byOwner || isOwned) ? [restricts('owner')] : [];
    });
    const tie = ties.find(({ is }) => is === 'restricts') ?? ties[0];
    if (tie !== undefined) return tie;
    const isDoubtful = pairs.flat().some(({ computed, columns }) => computed && columns.includes(owner));
    return isDoubtful ? unread('it compares what is made of the owner') : open('no owner');
  }

  /** The owner is one of what a function in the FROM gives. */
  #inFunction(given: ValueSource): Meaning {
    if (given.computed) return unread('it looks for the owner in what a function makes');
    if (namesATenant(given)) return open('literal');
    if (!isExactlyCaller(given)) return open('no owner');
    this.#ownerSettings.push(...given.settings.map(({ name }) => name));
    return restricts('owner');
  }
}

const equals = [{ String: { sval: '=' } }];

function isAggregate(target: unknown): boolean {
  const { kind, body } = opened(target);
  if (kind === 'TypeCast') return isAggregate(body['arg']);
  if (kind === 'CoalesceExpr') return nodes(body['args']).some(isAggregate);
  return kind === 'FuncCall' && aggregates.test(namesIn(body['funcname']).at(-1) ?? '');
}
