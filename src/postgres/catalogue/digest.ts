/** The digest of plans and of the definitions that they rest on. */
import { hash } from 'node:crypto';

/** sha-256 of a text, in hex. */
export function sha256(text: string): string {
  return hash('sha256', text);
}
