/**
 * What a command is doing, so that nobody takes it for dead: lines at the end of the error stream that change in place where somebody
 * watches, and a line every half minute where nobody does. Rows are said where the server tells how many are done. Of one statement it
 * tells nothing until it ends; then the time shows that it lives.
 */
import { stripVTControlCharacters } from 'node:util';
import { wrapLine } from './wrap.ts';

/** A stream that may be a terminal. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Amount {
  /** `12/40`, where the words do not say how much is done. */
  readonly said?: string;
  /** From 0 to 1, for the bar. */
  readonly share: number;
}

const drawnAfterMs = 2000;
const silenceMs = 30_000;

export class StatusLine {
  readonly #stream: OutputStream;
  readonly #paint: (text: string) => string;
  #what: string | undefined;
  #amount: Amount | undefined;
  #since = 0;
  /** What is drawn now, on so many lines of the terminal. */
  #shown = '';
  #height = 0;
  #timer: NodeJS.Timeout | undefined;
  #saidAt = 0;

  constructor(stream: OutputStream, paint: (text: string) => string) {
    this.#stream = stream;
    this.#paint = paint;
  }

  /** From now on. Without words: nothing, or somebody else writes. The time is that since the words changed. */
  say(what?: string, amount?: Amount): void {
    if (what !== this.#what) this.#since = this.#saidAt = Date.now();
    this.#what = what;
    this.#amount = amount;
    if (what === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setInterval(() => this.#tick(), 1000);
      this.#timer.unref();
    }
    this.#redraw();
  }

  /** Writes lines above it. */
  above(write: () => void): void {
    const erased = this.#erased();
    if (erased !== '') this.#stream.write(erased);
    write();
    const drawn = this.#drawn();
    if (drawn !== '') this.#stream.write(drawn);
  }

  #redraw(): void {
    const before = this.#shown;
    const erased = this.#erased();
    const drawn = this.#drawn();
    if (drawn !== before) this.#stream.write(erased + drawn);
  }

  #tick(): void {
    if (this.#stream.isTTY === true) return this.#redraw();
    if (Date.now() - this.#saidAt < silenceMs) return;
    this.#saidAt = Date.now();
    const { share = 0, said } = this.#amount ?? {};
    const words = wordsOf(this.#what ?? '', share === 0 ? undefined : said);
    this.#stream.write(`  ${words}: at work for ${this.#seconds()} s\n`);
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#since) / 1000);
  }

  #erased(): string {
    const lines = this.#height;
    this.#height = 0;
    this.#shown = '';
    return lines === 0 ? '' : `\r${lines > 1 ? `\u001b[${lines - 1}A` : ''}\u001b[J`;
  }

  #drawn(): string {
    const { columns = 80, isTTY } = this.#stream;
    const isLong = Date.now() - this.#since >= drawnAfterMs;
    if (isTTY !== true || this.#what === undefined || (this.#amount === undefined && !isLong)) return '';
    const time = isLong ? `, ${this.#seconds()} s` : '';
    // A terminal goes to the next line when its last column is written.
    const lines = amountLines(this.#what, this.#amount, { time, width: columns - 1, paint: this.#paint });
    this.#height = lines.reduce((sum, line) => sum + heightOf(line, columns), 0);
    this.#shown = lines.join('\n');
    return this.#shown;
  }
}

/** A name that is wider than the terminal goes on in its next line. */
function heightOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}

interface Drawing {
  readonly time?: string;
  readonly width: number;
  readonly paint: (text: string) => string;
}

/** `━━━━╌╌╌╌ 1/2 repoint assistants 120/300, 4 s`; without the bar where that leaves no room for the words. */
export function amountLines(
  what: string,
  amount: Amount | undefined,
  { time = '', width, paint }: Drawing,
): string[] {
  const words = `${wordsOf(what, amount?.said)}${time}`;
  const length = width < 70 ? 12 : 20;
  if (amount === undefined || words.length + length + 3 > width) return wrapLine(`  ${words}`, width);
  const full = Math.round(amount.share * length);
  return [`  ${paint('━'.repeat(full) + '╌'.repeat(length - full))} ${words}`];
}

function wordsOf(what: string, said: string | undefined): string {
  return said === undefined ? what : `${what} ${said}`;
}
