/** A process of its own that probes a database with writes: says when it begins and when it has ended. */
import { probeOnce, role } from './probe-schema.ts';
import type { ProbedDatabase } from './probe-schema.ts';

interface ProbeTask {
  readonly target: ProbedDatabase['target'];
  readonly role: string;
}

const task = JSON.parse(process.argv[2] ?? '{}') as ProbeTask;
process.stdout.write(`begins ${role}\n`);
const verdicts = await probeOnce(task.target, { roles: [task.role] });
process.stdout.write(`ended ${verdicts.length}\n`);
