/**
 * Which requests pass the edge: those whose route is for others than the operator. The routes are what the application declares, and
 * they are found by the router that the server itself uses, with its settings. A second way to read a path would be a way around.
 */
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { routerOptions } from '../api/known-routes.ts';
import type { DeclaredRoute } from '../contract.ts';

/** @param target the path and query of a request, byte for byte */
export type Passes = (method: string, target: string) => boolean;

/** Routes that answer somebody outside. */
export function exposedOf(declared: readonly DeclaredRoute[]): DeclaredRoute[] {
  return declared.filter(({ exposure }) => exposure !== 'internal');
}

export function createPasses(declared: readonly DeclaredRoute[]): Passes {
  const router = findMyWay(routerOptions);
  const methods = new Set(declared.map(({ method }) => method as HTTPMethod));
  for (const { method, url, exposure } of declared)
    router.on(method as HTTPMethod, url, () => undefined, exposure);
  const isExposed = (method: string, target: string): boolean => {
    const found = router.find(method as HTTPMethod, target);
    return found !== null && found.store !== 'internal';
  };
  return (method, target) => {
    if (!isPlain(target)) return false;
    // A preflight asks about other methods of its path. The server answers it.
    if (method === 'OPTIONS') return [...methods].some((each) => isExposed(each, target));
    return isExposed(method, target);
  };
}

/**
 * Is the target a path that means one thing, whoever reads it? No absolute form, no dot segment and no empty one in the middle, however
 * they are written. A slash inside a segment (`%2F`) is no end of it.
 */
function isPlain(target: string): boolean {
  const [path = ''] = target.split('?', 1);
  if (!path.startsWith('/') || path.includes('#')) return false;
  try {
    const [, ...segments] = decodeURIComponent(path).split(/[/\\]/);
    return segments.every(
      (segment, i) => !/^\.{1,2}$/.test(segment) && (segment !== '' || i === segments.length - 1),
    );
  } catch {
    // Escapes that are no UTF-8.
    return false;
  }
}
