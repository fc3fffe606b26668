/**
 * The text of an API key: `drover_<tenant as 32 hex digits>_<secret of 43 characters>`. The tenant is in the key, so
 * that the key is looked up in that tenant's own transaction; the secret, 256 random bits, proves it. Only a SHA-256 of
 * the secret is stored: what is random and that long cannot be guessed from it, and a slow hash would cost each request.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

interface ApiKeyParts {
  readonly tenantId: string;
  readonly secret: string;
}

const pattern = /^drover_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

/** How many characters of the secret are kept in clear, so that a person recognises the key. */
const prefixLength = 8;

/** The parts of a key; undefined where the text is none. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const [, tenant = '', secret = ''] = pattern.exec(text) ?? [];
  if (secret === '') return undefined;
  return { tenantId: tenant.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), secret };
}

/** The text that its owner is shown once. */
export function formatApiKey({ tenantId, secret }: ApiKeyParts): string {
  return `drover_${tenantId.replaceAll('-', '')}_${secret}`;
}

/** A secret of 32 random bytes as text. */
export function encodeSecret(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export function prefixOf(secret: string): string {
  return secret.slice(0, prefixLength);
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in a time that does not depend on where the hashes differ. */
export function hashesMatch(stored: string, given: string): boolean {
  const [a, b] = [Buffer.from(stored, 'hex'), Buffer.from(given, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
