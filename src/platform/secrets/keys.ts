/** The keys that secrets are sealed with. A key is called after its own digest, so that no name can be given to the wrong one. */
import { createHash, randomBytes } from 'node:crypto';
import { DroverError } from '../../errors.ts';

interface SecretKey {
  readonly id: string;
  readonly bytes: Buffer;
}

export interface SecretKeys {
  /** New values are sealed with it. */
  readonly current: SecretKey;
  /** By id, the current one among them: what was sealed with an older one can be opened. */
  readonly all: ReadonlyMap<string, SecretKey>;
}

/** 32 bytes in base64 or hex. @throws CONFIG_INVALID; the text is never shown */
export function parseSecretKey(text: string, called: string): SecretKey {
  if (/^[0-9a-f]{64}$/i.test(text)) return secretKey(Buffer.from(text, 'hex'));
  if (/^[\w+/-]{43}=?$/.test(text)) return secretKey(Buffer.from(text, 'base64'));
  const problem = `${called}: not 32 bytes in base64 or hex; \`openssl rand -base64 32\` makes such a key`;
  throw new DroverError('CONFIG_INVALID', problem, { problems: [problem] });
}

export function secretKey(bytes: Buffer): SecretKey {
  const id = createHash('sha256').update('drover secret key').update(bytes).digest('hex').slice(0, 12);
  return { id, bytes };
}

/** @param older keys that open what was sealed before */
export function keyRing(current: SecretKey, older: readonly SecretKey[] = []): SecretKeys {
  return { current, all: new Map([...older, current].map((key) => [key.id, key])) };
}

/** The text of a new key. */
export function newSecretKey(): string {
  return randomBytes(32).toString('base64');
}

/** @throws SECRET_KEY_MISSING */
export function requireKeys(keys: SecretKeys | undefined): SecretKeys {
  if (keys !== undefined) return keys;
  throw new DroverError('SECRET_KEY_MISSING', 'This server has no key for secrets: set DROVER_SECRET_KEY.');
}
