/**
 * The rules of the edge for Caddy, which many run in front anyway. Its matchers are made from the declared routes, as the edge's own are.
 */
import { compareText } from '../../engine/order.ts';
import type { DeclaredRoute } from '../contract.ts';
import { exposedOf } from './exposure.ts';

/**
 * A Caddyfile that lets through what the edge lets through. Caddy compares the address as it came (`{http.request.uri}`): an escape of a
 * letter, which the edge reads, meets nothing here and is 404.
 * @param upstream the server, as http://127.0.0.1:3000
 */
export function caddyfileOf(declared: readonly DeclaredRoute[], upstream: URL): string {
  const handles = groupByMethods(exposedOf(declared)).flatMap(({ methods, urls }, i) => [
    `\t@route${i + 1} {`,
    `\t\tmethod ${methods.join(' ')}`,
    `\t\tvars_regexp {http.request.uri} ^(${urls.map(patternOf).join('|')})(\\?.*)?$`,
    '\t}',
    `\thandle @route${i + 1} {`,
    `\t\treverse_proxy ${upstream.origin} {`,
    '\t\t\tflush_interval -1',
    '\t\t}',
    '\t}',
  ]);
  const hidden = hiddenPaths(declared);
  return [
    '# Made by `drover edge --print caddy`: make it again after an upgrade of Drover.',
    ':8080 {',
    ...refused('crooked', `vars_regexp {http.request.uri} ${crooked}`),
    ...(hidden.length === 0 ? [] : refused('internal', `path_regexp ^(${hidden.map(patternOf).join('|')})$`)),
    ...handles,
    '\thandle /edge/livez {',
    '\t\trespond `{"status":"alive"}` 200',
    '\t}',
    '\thandle {',
    '\t\trespond 404',
    '\t}',
    '}',
    '',
  ].join('\n');
}

/** An empty segment in the middle, a dot segment, or a backslash, plain or escaped, before the query. */
const crooked = String.raw`^[^?]*(//|%2[fF]%2[fF]|(/|%2[fF])([.]|%2[eE])([.]|%2[eE])?(/|%2[fF]|[?]|$)|%5[cC]|\\)`;

function refused(name: string, matcher: string): string[] {
  return [`\t@${name} ${matcher}`, `\thandle @${name} {`, '\t\trespond 404', '\t}'];
}

/** Paths with the same methods stand together. Every path has its preflights. */
function groupByMethods(
  routes: readonly DeclaredRoute[],
): { readonly methods: readonly string[]; readonly urls: readonly string[] }[] {
  const ofPath = Map.groupBy(routes, ({ url }) => url);
  const groups = Map.groupBy(ofPath, ([, each]) =>
    [...new Set([...each.map(({ method }) => method), 'OPTIONS'])].toSorted(compareText).join(' '),
  );
  return [...groups].map(([methods, paths]) => ({
    methods: methods.split(' '),
    urls: paths.map(([url]) => url).toSorted(compareText),
  }));
}

function hiddenPaths(declared: readonly DeclaredRoute[]): string[] {
  const exposed = new Set(exposedOf(declared).map(({ url }) => url));
  const hidden = declared.filter(({ url }) => !exposed.has(url)).map(({ url }) => url);
  return [...new Set(hidden)].toSorted(compareText);
}

/** In the syntax of RE2. */
function patternOf(url: string): string {
  const steps = url.split('/').map((step) => {
    if (step.startsWith(':')) return '[^/?]+';
    return step === '*' ? '[^?]*' : step.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return steps.join('/');
}
