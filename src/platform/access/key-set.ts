/**
 * The keys of an identity provider. A token that the known keys do not prove may be signed with a newer one, so it is refused only by a
 * reading that began after it came. Readings follow each other at a distance, and all who wait share the next: however many wrong tokens
 * come, the provider is asked once in a while, and a rotated key is known as soon as the provider shows it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

export interface KeySetOptions {
  /** Asks the provider. */
  readonly read: () => Promise<JSONWebKeySet>;
  /** From the beginning of one reading to that of the next. */
  readonly pauseMs: number;
  /** How long a reading is believed: a key that the provider took away is refused after that. */
  readonly maxAgeMs: number;
}

export class KeySet {
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
