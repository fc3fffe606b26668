/** A process of its own that goes on naming the source (writers.ts) until its input ends, and then says what became of it. */
import { type WriterKind, writeUntil } from './writers.ts';

export interface WriterTask {
  readonly url: string;
  readonly kind: WriterKind;
  /** With which statement to begin. */
  readonly first: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as WriterTask;
let over = false;
process.stdin.on('end', () => (over = true)).resume();
const tally = await writeUntil(task.url, { ...task, stop: () => over });
process.stdout.write(JSON.stringify(tally));
