/** What a move of references means, written again over parsed values, in another way than the editors. */
import type { ValueRule } from '../../../src/engine/edit/value-rule.ts';

/** A number by its spelling. */
class Spelled {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** JSON.parse, except that numbers keep their spelling. */
export function parseSpelled(text: string): unknown {
  const reviver: Reviver = (_, value, context) =>
    typeof value === 'number' ? new Spelled(context.source ?? '') : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** The value after the rules. */
export function moved(value: unknown, rules: readonly ValueRule[]): unknown {
  return rules.reduce((current, rule) => movedWithin(current, '', rule), value);
}

function movedWithin(value: unknown, path: string, rule: ValueRule, isElement = false): unknown {
  const isList = Array.isArray(value);
  const inner = mapChildren(value, (child, step) =>
    movedWithin(child, `${path}/${encode(step)}`, rule, isList),
  );
  if (rule.fields !== undefined && rule.shape === 'list') {
    return isElement && matches(parentOf(path), rule) ? movedObject(inner, rule) : inner;
  }
  if (!matches(path, rule)) return inner;
  if (rule.fields !== undefined) return movedObject(inner, rule);
  return rule.shape === 'list' ? movedList(inner, rule) : movedScalar(inner, rule);
}

function parentOf(path: string): string | undefined {
  return path === '' ? undefined : path.slice(0, path.lastIndexOf('/'));
}

function mapChildren(value: unknown, change: (child: unknown, step: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((child, at) => change(child, String(at)));
  if (typeof value !== 'object' || value === null || value instanceof Spelled) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, change(child, key)]));
}

function matches(path: string | undefined, rule: ValueRule): boolean {
  const steps = (rule.pointer ?? '').split('/').slice(1);
  const source = steps.map((step) => {
    if (step === '*') return '/[^/]*';
    return step === '**'
      ? '(?:/[^/]*)*'
      : `/${step.replaceAll('~2', '*').replaceAll(/[^\w~]/g, String.raw`\$&`)}`;
  });
  return path !== undefined && new RegExp(`^${source.join('')}$`, 'su').test(path);
}

function encode(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function textOf(value: unknown): string | undefined {
  if (value instanceof Spelled) return value.text;
  return typeof value === 'string' ? value : undefined;
}

function written(to: string, like: unknown): unknown {
  return like instanceof Spelled && /^\d+$/.test(to) ? new Spelled(to) : to;
}

function movedScalar(value: unknown, rule: ValueRule): unknown {
  const mapping = rule.mappings.find(({ from }) => from[0] === textOf(value));
  return mapping === undefined ? value : written(mapping.to[0] ?? '', value);
}

function movedList(value: unknown, rule: ValueRule): unknown {
  if (!Array.isArray(value)) return value;
  const spelled = value.map(textOf);
  const after = value.map((element) => textOf(movedScalar(element, rule)));
  return value.flatMap((element: unknown, at) => {
    const name = after[at];
    const isTarget = after.some((other, n) => other === name && other !== spelled[n]);
    if (name !== undefined && isTarget && after.indexOf(name) < at) return [];
    return [movedScalar(element, rule)];
  });
}

function movedObject(value: unknown, rule: ValueRule): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Spelled)
    return value;
  const names = rule.components.map((component) => rule.fields?.[component] ?? component);
  const own = (name: string): unknown =>
    Object.hasOwn(value, name) ? (Reflect.get(value, name) as unknown) : null;
  // A name is enough without the key; a provider alone is not.
  const keyed = new Set(rule.components).has('name') ? rule.components.indexOf('key') : -1;
  const mapping = rule.mappings.find(({ from }) =>
    names.every((name, at) =>
      own(name) === null ? from[at] === '' || at === keyed : from[at] === textOf(own(name)),
    ),
  );
  if (mapping === undefined) return value;
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([key, member]) => {
      const at = names.indexOf(key);
      return [key, at < 0 || member === null ? member : written(mapping.to[at] ?? '', member)];
    }),
  );
}
