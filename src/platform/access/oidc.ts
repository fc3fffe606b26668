/**
 * Tokens of an identity provider (OpenID Connect). Issuer, audience, times and algorithm are checked; keys come from the
 * provider's key set, which is read again before a token is refused because of its key, so that keys can rotate.
 */
import { isUuid } from '../../engine/uuid.ts';
import { errors, jwtVerify, createLocalJWKSet } from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose';
import { DroverError } from '../../errors.ts';
import { unauthenticated } from './authenticate.ts';
import type { TokenSubject, VerifyToken } from './authenticate.ts';
import { setTimeout as wait } from 'node:timers/promises';

interface OidcOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl?: string;
  readonly tenantClaim: string;
  readonly userClaim: string;
  readonly clockSkewSeconds: number;
  /** From one reading of the keys to the next that tokens of unknown keys cause; 1 s by default. */
  readonly pauseMs?: number;
}

/** Asymmetric only: with a shared secret, or with none, anybody who verifies could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const timeoutMs = 5000;

export function createOidcVerifier(options: OidcOptions): VerifyToken {
  const keys = keySetOf(options);
  return async (token) => {
    const payload = await verify(token, options, keys);
    return subjectOf(payload, options);
  };
}

async function verify(token: string, options: OidcOptions, keys: KeySet): Promise<JWTPayload> {
  try {
    return await proved(token, options, await keys.known()).catch(async (error: unknown) => {
      if (!mayBeRotated(error)) throw error;
      return proved(token, options, await keys.anew());
    });
  } catch (error) {
    throw refusalOf(error);
  }
}

async function proved(token: string, options: OidcOptions, keys: JWTVerifyGetKey): Promise<JWTPayload> {
  const { issuer, audience, clockSkewSeconds: clockTolerance } = options;
  const claims = { issuer, audience, algorithms, clockTolerance, requiredClaims: ['exp'] };
  try {
    return (await jwtVerify(token, keys, claims)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // While keys change there are two, and the token of some providers names neither.
    for await (const key of error) {
      const found = await jwtVerify(token, key, claims).catch(unlessOtherKey);
      if (found !== undefined) return found.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function unlessOtherKey(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
  return undefined;
}

/** Its key is not among the known ones, or is another one of the same name. */
function mayBeRotated(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/** A token that is wrong is the caller's; a provider that does not answer is not. */
function refusalOf(error: unknown): DroverError {
  if (error instanceof DroverError) return error;
  const provider = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  const wrong = error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC' && !provider;
  return wrong ? unauthenticated() : unavailable(error);
}

function unavailable(cause: unknown): DroverError {
  const message = 'The keys of the identity provider cannot be read at the moment; API keys work on.';
  return new DroverError('IDENTITY_UNAVAILABLE', message, {}, { cause });
}

/** Each reading asks where the keys are, unless that is configured: a provider may move them, and a server starts without its provider. */
function keySetOf({ pauseMs = 1000, issuer, jwksUrl }: OidcOptions): KeySet {
  const read = async (): Promise<JSONWebKeySet> => readKeys(jwksUrl ?? (await jwksUrlOf(issuer)));
  return new KeySet({ read, pauseMs, maxAgeMs: 600_000 });
}

async function readKeys(url: string): Promise<JSONWebKeySet> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const found = (await response.json()) as Partial<JSONWebKeySet>;
    if (response.ok && Array.isArray(found.keys)) return { keys: found.keys };
  } catch (error) {
    throw unavailable(error);
  }
  throw unavailable(new Error(`${url} is no set of keys`));
}

async function jwksUrlOf(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (response.ok && found.issuer === issuer && typeof found.jwks_uri === 'string') return found.jwks_uri;
  } catch (error) {
    throw unavailable(error);
  }
  throw unavailable(new Error(`${url} is no discovery document of ${issuer}`));
}

/** Some providers write the claim as text. */
const refusedAddresses: readonly unknown[] = [false, 'false'];

/** An address that the provider has not verified may be anybody's. */
function subjectOf(payload: JWTPayload, { tenantClaim, userClaim }: OidcOptions): TokenSubject {
  const [tenantId, user] = [payload[tenantClaim], payload[userClaim]];
  const verified = userClaim !== 'email' || !refusedAddresses.includes(payload['email_verified']);
  if (
    typeof tenantId !== 'string' ||
    !isUuid(tenantId) ||
    typeof user !== 'string' ||
    user === '' ||
    !verified
  ) {
    throw unauthenticated();
  }
  return { tenantId: tenantId.toLowerCase(), user };
}

/*
 * The keys of an identity provider. A token that the known keys do not prove may be signed with a newer one, so it is refused only by a
 * reading that began after it came. Readings follow each other at a distance, and all who wait share the next: however many wrong tokens
 * come, the provider is asked once in a while, and a rotated key is known as soon as the provider shows it.
 */

interface KeySetOptions {
  /** Asks the provider. */
  readonly read: () => Promise<JSONWebKeySet>;
  /** From the beginning of one reading to that of the next. */
  readonly pauseMs: number;
  /** How long a reading is believed: a key that the provider took away is refused after that. */
  readonly maxAgeMs: number;
}

class KeySet {
  readonly #options: KeySetOptions;
  #known: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined;
  #next: Promise<JWTVerifyGetKey> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #began = -Infinity;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** As they were read last, or anew where that is too long ago. Throws what the reading throws. */
  known(): Promise<JWTVerifyGetKey> {
    const { maxAgeMs } = this.#options;
    return this.#known !== undefined && performance.now() - this.#known.at < maxAgeMs
      ? Promise.resolve(this.#known.keys)
      : this.anew();
  }

  /** By a reading that begins after this call. */
  anew(): Promise<JWTVerifyGetKey> {
    return (this.#next ??= this.#readNext());
  }

  async #readNext(): Promise<JWTVerifyGetKey> {
    await this.#last;
    const pause = this.#began + this.#options.pauseMs - performance.now();
    if (pause > 0) await wait(pause);
    // Who calls from here on waits for the reading after this one.
    this.#next = undefined;
    this.#began = performance.now();
    const reading = this.#options.read();
    this.#last = reading.catch(() => undefined);
    const keys = createLocalJWKSet(await reading);
    this.#known = { keys, at: this.#began };
    return keys;
  }
}
