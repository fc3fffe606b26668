/** Processor time, of this thread and of processes: what else the machine does disturbs it less than the time by the clock. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts the time of a process in hundredths of a second. */
const tickMicroseconds = 10_000;

/**
 * Microseconds of this thread and of the processes of PostgreSQL that this process started, so far; for a difference. NaN where the
 * system does not tell. Of `all` those of every process that this one started, also of those that ended.
 */
export function processorTime(of: 'server' | 'all' = 'server'): number {
  const { user, system } = process.threadCpuUsage();
  return user + system + (of === 'all' ? startedTime(() => true) : serverTime());
}

/** Microseconds of the processes of PostgreSQL alone. */
export function serverTime(): number {
  return startedTime(({ name }) => name === 'postgres');
}

interface Running {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly own: number;
  /** Of its children that ended. */
  readonly ended: number;
}

function startedTime(counts: (one: Running) => boolean): number {
  const running = readRunning();
  const self = running.get(process.pid);
  if (self === undefined) return Number.NaN;
  const isBelow = ({ parent }: Running): boolean => {
    const above = running.get(parent);
    return parent === process.pid || (above !== undefined && isBelow(above));
  };
  const started = [...running.values()].filter((one) => isBelow(one) && counts(one));
  const ticks = started.reduce((sum, { own, ended }) => sum + own + ended, counts(self) ? self.ended : 0);
  return ticks * tickMicroseconds;
}

function readRunning(): Map<number, Running> {
  try {
    const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return new Map(numbers.flatMap((pid) => readOne(Number(pid))).map((one) => [one.pid, one]));
  } catch {
    return new Map();
  }
}

/** The second field, in brackets, may hold anything; the 14th to 17th are user and system time, its own and of ended children. */
function readOne(pid: number): Running[] {
  try {
    const [, name = '', fields = ''] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields
      .split(' ')
      .slice(11, 15)
      .map(Number);
    const parent = Number(fields.split(' ')[1]);
    return [{ pid, name, parent, own: user + system, ended: endedUser + endedSystem }];
  } catch {
    return [];
  }
}
