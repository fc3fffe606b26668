/** What the command line writes to. Data goes to `out`, everything else to `err`, so that a pipe gets data only. */
import { styleText } from 'node:util';
import type { RenderStyle } from '../../engine/planner/render.ts';
import { StatusLine } from './status-line.ts';
import type { Amount, OutputStream } from './status-line.ts';
import { wrapLine } from './wrap.ts';

export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Marks of text; they change nothing where colours are off. */
export interface Style extends RenderStyle {
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly command: (text: string) => string;
}

export interface Terminal {
  readonly streams: Streams;
  /** A line of data. */
  readonly out: (line?: string) => void;
  /** Lines for whoever is watching, broken between words where the terminal is narrower. */
  readonly err: (line?: string) => void;
  /** What the command does from now on, and how much of it is done. Without words nothing, as while somebody is asked. */
  readonly doing: (what?: string, amount?: Amount) => void;
  readonly style: Style;
  readonly errStyle: Style;
  /** Columns of the output, for tables. */
  readonly width: number;
  readonly errWidth: number;
  /** Can somebody be asked? */
  readonly canAsk: boolean;
  /** Does the data go to a terminal, and not into a pipe or a file? */
  readonly isShown: boolean;
  /** Is somebody watching the progress? */
  readonly isWatched: boolean;
}

type ColorMode = 'auto' | 'always' | 'never';

/** The terminal of a process. */
export function openTerminal(streams: Streams, color: ColorMode): Terminal {
  const { stdin, stdout, stderr } = streams;
  const errStyle = styleFor(stderr, color);
  const errWidth = widthOf(stderr);
  const status = new StatusLine(stderr, errStyle.good);
  return {
    streams,
    // The data is what was waited for.
    out: (line = '') => {
      status.say();
      stdout.write(`${line}\n`);
    },
    err: (text = '') => {
      // In a pipe a message stays one line, for whoever looks for its beginning.
      const lines =
        stderr.isTTY === true ? text.split('\n').flatMap((line) => wrapLine(line, errWidth)) : [text];
      status.above(() => void stderr.write(`${lines.join('\n')}\n`));
    },
    doing: (what, amount) => status.say(what, amount),
    style: styleFor(stdout, color),
    errStyle,
    width: widthOf(stdout),
    errWidth,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    isShown: stdout.isTTY === true,
    isWatched: stderr.isTTY === true,
  };
}

/** The same terminal, for showing something that is not the data of the command. */
export function onErrorStream(terminal: Terminal): Terminal {
  const { err, errStyle, errWidth, isWatched } = terminal;
  return { ...terminal, out: err, style: errStyle, width: errWidth, isShown: isWatched };
}

/** What is piped is read later, on a terminal of unknown width. */
function widthOf({ columns }: OutputStream): number {
  return Math.max(40, Math.min(columns ?? 100, 120));
}

function styleFor(stream: OutputStream, color: ColorMode): Style {
  const enabled = color === 'always' || (color === 'auto' && stream.isTTY === true);
  const mark =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: mark('bold'),
    heading: mark('bold'),
    error: mark('red'),
    warning: mark('yellow'),
    info: mark('cyan'),
    muted: mark('gray'),
    good: mark('green'),
    command: mark('cyan'),
  };
}
