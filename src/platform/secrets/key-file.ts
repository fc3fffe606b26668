/** Where the keys of secrets come from: the environment, or in development a file of their own beside the data. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';
import { keyRing, newSecretKey, parseSecretKey, type SecretKeys } from './keys.ts';

interface KeySource {
  /** DROVER_SECRET_KEY */
  readonly secretKey?: string;
  /** DROVER_SECRET_KEYS_OLD */
  readonly olderSecretKeys: readonly string[];
  readonly production: boolean;
}

const fileName = 'drover-secret.key';

/**
 * The keys of this server. The environment is checked at once. Without a key in it, development makes one and keeps it in the folder,
 * when the keys are asked for: nothing is written before it is known that the database is Drover's own.
 * @throws SECRET_KEY_MISSING in production, CONFIG_INVALID
 */
export function readSecretKeys({
  secretKey,
  olderSecretKeys,
  production,
}: KeySource): (folder: string) => SecretKeys {
  const older = olderSecretKeys.map((text) => parseSecretKey(text, 'DROVER_SECRET_KEYS_OLD'));
  if (secretKey !== undefined) {
    const ring = keyRing(parseSecretKey(secretKey, 'DROVER_SECRET_KEY'), older);
    return () => ring;
  }
  if (!production) return (folder) => keyRing(parseSecretKey(ownKey(folder), join(folder, fileName)), older);
  throw new DroverError(
    'SECRET_KEY_MISSING',
    'In production secrets need a key that is kept apart from the database: set DROVER_SECRET_KEY, made by `openssl rand -base64 32`.',
  );
}

/** The key in the folder, made where there is none; of two processes that make it the first one's counts. */
function ownKey(folder: string): string {
  const file = join(folder, fileName);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${newSecretKey()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
