/** What an engine does for one connection. Everything above it is the same for both engines. */
import type { VisitCopied } from './copy-out.ts';
import type { Answer, Statement } from './question.ts';

/** What came of a message. */
export interface MessageOutcome {
  /** Of its statements in their order, as far as they ran. */
  readonly answers: readonly Answer[];
  /** Of the statement behind the last answer. */
  readonly error?: unknown;
}

/** Neither `send` nor `script` rejects: what fails is part of the outcome. */
export interface Connection {
  /** One message. Where a statement fails, those behind it do not run. */
  send(statements: readonly Statement[]): Promise<MessageOutcome>;
  /** Several statements as one text. */
  script(sql: string): Promise<MessageOutcome>;
  /** Rows of COPY as they arrive, where the engine can do that. It rejects where the copy fails. */
  copyOut?(sql: string, visit: VisitCopied): Promise<void>;
  /** Nobody knows what the connection is in the middle of, so nobody may go on with it. */
  abandon(): Promise<void>;
}
