/** Processor time, of this thread and of the database's processes: what else the machine does disturbs it less than requests a second. */
import { readFileSync } from 'node:fs';
import { withClient } from './fixture.ts';

/** Linux counts the time of a process in hundredths of a second. */
const tickMicroseconds = 10_000;

/** Microseconds so far, where the system tells them; for a difference. The load must come from another thread. */
export async function processorTime(url: string): Promise<number> {
  const { user, system } = process.threadCpuUsage();
  return user + system + (await databaseTicks(url)) * tickMicroseconds;
}

function databaseTicks(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    return rows.reduce((sum, { pid }) => sum + ticksOf(pid), 0);
  });
}

/** User and system time: the 14th and 15th field; the second one, in brackets, may hold anything. */
function ticksOf(pid: number): number {
  try {
    const [, fields = ''] = /\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [user, system] = fields.split(' ').slice(11);
    return Number(user) + Number(system);
  } catch {
    return Number.NaN;
  }
}
