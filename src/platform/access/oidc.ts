/**
 * Tokens of an identity provider (OpenID Connect). Issuer, audience, times and algorithm are checked; keys come from the
 * provider's key set, which is read again when a token names a key that is not in it, so that keys can rotate.
 */
import { isUuid } from '../../engine/uuid.ts';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { DroverError } from '../../errors.ts';
import { type TokenSubject, unauthenticated, type VerifyToken } from './authenticate.ts';

export interface OidcOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl?: string;
  readonly tenantClaim: string;
  readonly userClaim: string;
  readonly clockSkewSeconds: number;
  /** How long after a reading of the keys a token of an unknown key causes none; 30 s by default. */
  readonly cooldownMs?: number;
}

/** Asymmetric only: with a shared secret, or with none, anybody who verifies could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const timeoutMs = 5000;

export function createOidcVerifier(options: OidcOptions): VerifyToken {
  const keys = findKeys(options);
  return async (token) => {
    const payload = await verify(token, options, keys);
    return subjectOf(payload, options);
  };
}

async function verify(
  token: string,
  options: OidcOptions,
  keys: () => Promise<JWTVerifyGetKey>,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, await keys(), {
      issuer: options.issuer,
      audience: options.audience,
      algorithms,
      clockTolerance: options.clockSkewSeconds,
      requiredClaims: ['exp'],
    });
    return payload;
  } catch (error) {
    throw refusalOf(error);
  }
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

/** Found at the first token, so that a server starts without its provider; found again where that failed. */
function findKeys(options: OidcOptions): () => Promise<JWTVerifyGetKey> {
  let found: Promise<JWTVerifyGetKey> | undefined;
  return () => {
    found ??= discover(options).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function discover(options: OidcOptions): Promise<JWTVerifyGetKey> {
  const { cooldownMs = 30_000 } = options;
  const url = new URL(options.jwksUrl ?? (await jwksUrlOf(options.issuer)));
  return createRemoteJWKSet(url, { cooldownDuration: cooldownMs, timeoutDuration: timeoutMs });
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
