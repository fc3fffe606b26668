/** What the headers of an answer say of a model that is going away: since when, until when, and what comes after it. */
import type { Values } from '../platform/resources/declaration.ts';

/** Deprecation (RFC 9745), Sunset (RFC 8594), and a link to the successor, where they apply. */
export function modelHeaders(path: string, model: Values): Record<string, string> {
  const deprecated = deprecatedSince(model);
  if (deprecated === undefined) return {};
  const { shutdown_on: shutdown, successor_id: successor } = model;
  return {
    deprecation: `@${Math.floor(Date.parse(deprecated) / 1000)}`,
    ...(typeof shutdown === 'string' ? { sunset: new Date(`${shutdown}T00:00:00Z`).toUTCString() } : {}),
    ...(typeof successor === 'string'
      ? { link: `</api/v1/${path}/${successor}>; rel="successor-version"` }
      : {}),
  };
}

/** undefined while nothing says that the model goes away; a date on which it ends says so, too. */
function deprecatedSince(model: Values): string | undefined {
  const { is_deprecated: marked, lifecycle, shutdown_on: shutdown } = model;
  const goes = marked === true || lifecycle !== 'active' || typeof shutdown === 'string';
  return goes ? String(model['deprecated_at'] ?? model['retired_at'] ?? model['updated_at']) : undefined;
}
