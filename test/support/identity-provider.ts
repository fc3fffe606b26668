/** An identity provider on loopback: a discovery document, a key set whose keys rotate, and tokens as one likes them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface Provider {
  readonly issuer: string;
  /** How often the key set was read. */
  reads(): number;
  /** A new key signs from now on; the old one leaves the key set, unless both are `beside` each other. `same`: under the same name. */
  rotate(how?: 'same' | 'beside'): Promise<void>;
  /** The key set lies elsewhere from now on, as the discovery document says. */
  moveKeys(path: string): void;
  /** `down`: everything answers 500. */
  setDown(down: boolean): void;
  token(claims: Readonly<Record<string, unknown>>, form?: TokenForm): Promise<string>;
  close(): Promise<void>;
}

interface TokenForm {
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. */
  readonly expiresIn?: number;
  readonly notBeforeIn?: number;
  /** A key that is not the provider's. */
  readonly key?: CryptoKey | Uint8Array;
  readonly algorithm?: string;
  /** It does not say which key signed it. */
  readonly nameless?: true;
}

export const audience = 'drover';

export async function startProvider(): Promise<Provider> {
  let signing = await newKey(1);
  let [reads, rotations, down] = [0, 1, false];
  let others: JWK[] = [];
  let path = '/keys';
  const server = createServer((request, response) => {
    const isKeys = request.url === path;
    if (isKeys) reads += 1;
    response.writeHead(down ? 500 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(isKeys ? { keys: [...others, signing.jwk] } : { issuer, jwks_uri: `${issuer}${path}` }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    reads: () => reads,
    rotate: async (how) => {
      if (how !== 'same') rotations += 1;
      others = how === 'beside' ? [signing.jwk] : [];
      signing = await newKey(rotations);
    },
    moveKeys: (to) => {
      path = to;
    },
    setDown: (value) => {
      down = value;
    },
    token: (claims, form = {}) =>
      sign(claims, { issuer, key: signing.key, kid: signing.jwk.kid ?? '', form }),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function newKey(n: number): Promise<{ key: CryptoKey; jwk: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    key: privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: `key-${n}`, alg: 'ES256', use: 'sig' },
  };
}

interface Signing {
  readonly issuer: string;
  readonly key: CryptoKey;
  readonly kid: string;
  readonly form: TokenForm;
}

function sign(
  claims: Readonly<Record<string, unknown>>,
  { issuer, key, kid, form }: Signing,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { expiresIn = 300, notBeforeIn = 0 } = form;
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: form.algorithm ?? 'ES256', ...(form.nameless === true ? {} : { kid }) })
    .setIssuer(form.issuer ?? issuer)
    .setAudience(form.audience ?? audience)
    .setIssuedAt(now)
    .setNotBefore(now + notBeforeIn)
    .setExpirationTime(now + expiresIn)
    .sign(form.key ?? key);
}

/** A token that says it needs no signature. */
export function unsigned(issuer: string, claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 300;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ iss: issuer, aud: audience, exp, ...claims })}.`;
}
