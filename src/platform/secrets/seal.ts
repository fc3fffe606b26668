/**
 * Seals the value of a secret: AES-256-GCM with a random nonce. The key's id and the place (tenant, workspace, name) are
 * authenticated with it, so that a value which was changed, or moved to another place, cannot be opened.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { SealedSecret } from '../queries/secrets.ts';
import type { SecretKeys } from './keys.ts';

export interface SecretPlace {
  readonly tenantId: string;
  /** Undefined for a secret of the tenant. */
  readonly workspaceId: string | undefined;
  readonly name: string;
}

const algorithm = 'aes-256-gcm';
const tagBytes = 16;

export function seal({ current }: SecretKeys, place: SecretPlace, value: string): SealedSecret {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, current.bytes, nonce).setAAD(placeText(current.id, place));
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    name: place.name,
    key_id: current.id,
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  };
}

/** @throws SECRET_UNREADABLE */
export function unseal({ all }: SecretKeys, place: SecretPlace, stored: SealedSecret): string {
  const key = all.get(stored.key_id);
  if (key === undefined)
    throw unreadable(place, `it was sealed with the key ${stored.key_id}, which is not here`);
  const bytes = Buffer.from(stored.sealed, 'base64');
  const at = Math.max(0, bytes.length - tagBytes);
  try {
    const opened = createDecipheriv(algorithm, key.bytes, Buffer.from(stored.nonce, 'base64'), {
      authTagLength: tagBytes,
    })
      .setAAD(placeText(key.id, place))
      .setAuthTag(bytes.subarray(at));
    return Buffer.concat([opened.update(bytes.subarray(0, at)), opened.final()]).toString('utf8');
  } catch (error) {
    throw unreadable(place, 'it was changed, or belongs to another place', error);
  }
}

function placeText(keyId: string, { tenantId, workspaceId, name }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify(['drover secret', 1, keyId, tenantId, workspaceId ?? null, name]));
}

function unreadable({ name }: SecretPlace, why: string, cause?: unknown): DroverError {
  const message = `The secret ${name} cannot be opened: ${why}. Give its value anew, or bring the key back (DROVER_SECRET_KEYS_OLD).`;
  return new DroverError('SECRET_UNREADABLE', message, { name }, { cause });
}
