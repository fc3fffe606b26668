/** What the headers of an answer say of a model that is going away: since when, until when, and what comes after it. */
import type { Values } from '../platform/resources/declaration.ts';

/** Deprecation (RFC 9745), Sunset (RFC 8594), and a link to the successor, where they apply. */
export function modelHeaders(path: string, model: Values): Record<string, string> {
  const { shutdown_on: shutdown, successor_id: successor } = model;
  const since = deprecatedSince(model);
  const goes = since !== undefined || typeof shutdown === 'string';
  return {
    ...(since === undefined ? {} : { deprecation: `@${Math.floor(Date.parse(since) / 1000)}` }),
    ...(typeof shutdown === 'string' ? { sunset: new Date(`${shutdown}T00:00:00Z`).toUTCString() } : {}),
    ...(goes && typeof successor === 'string'
      ? { link: `</api/v1/${path}/${successor}>; rel="successor-version"` }
      : {}),
  };
}

/** Who marked it by SQL may not have said when; the last change is the latest it can have been. */
function deprecatedSince(model: Values): string | undefined {
  const { is_deprecated: marked, lifecycle } = model;
  if (marked !== true && lifecycle === 'active') return undefined;
  return String(model['deprecated_at'] ?? model['retired_at'] ?? model['updated_at']);
}
