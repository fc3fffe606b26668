/**
 * What the server writes for COPY, handed over as it arrives: nothing is gathered, so that memory stays flat, and the server waits
 * while it is looked at.
 */
import type pg from 'pg';

/** One message of COPY, in which rows are whole. It is valid until the function returns. */
export type VisitCopied = (message: Buffer) => unknown;

/** Runs `COPY … TO STDOUT`. What the function throws ends the copy with that error once the server has sent the rest. */
export function copyOut(client: pg.ClientBase, sql: string, visit: VisitCopied): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOut(sql, visit, { resolve, reject }));
  });
}

interface Settlers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class CopyOut implements pg.Submittable {
  readonly #sql: string;
  readonly #visit: VisitCopied;
  readonly #settle: Settlers;
  /** What a listener of the connection throws would end the process. */
  #failure: { readonly error: unknown } | undefined;

  constructor(sql: string, visit: VisitCopied, settle: Settlers) {
    this.#sql = sql;
    this.#visit = visit;
    this.#settle = settle;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#sql);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#failure !== undefined) return;
    try {
      this.#visit(chunk);
    } catch (error) {
      this.#failure = { error };
    }
  }

  handleError(error: unknown): void {
    this.#settle.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.#settle.resolve();
    else this.#settle.reject(this.#failure.error);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
}
