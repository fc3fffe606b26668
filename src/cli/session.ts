/** What every command is given, and what a command is. */
import type { Command } from 'commander';
import type { Environment } from '../config.ts';
import type { Interruption } from './interruption.ts';
import type { Terminal } from './terminal/terminal.ts';

export interface Session {
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** Ctrl-C, while something can still be taken back. */
  readonly interruption: Interruption;
  /** The name of the user of the operating system; undefined where there is none. */
  readonly systemUser: string | undefined;
  readonly version: string;
}

/** One verb of the command line. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** The verb waits for others, or for the next look, so that it says itself when it is at work. */
  readonly waits?: true;
  /** Adds arguments and options, and returns the command. */
  readonly define: (command: Command) => Command;
  /** Does the work and returns the exit status. */
  readonly run: (session: Session, command: Command) => Promise<number>;
}

/** Verbs that belong together, below one word: `drover registry validate`. */
export interface VerbGroup {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
  /** What the word by itself does. */
  readonly self?: Verb;
}

export const exitStatus = { done: 0, failed: 1, changes: 2 } as const;
