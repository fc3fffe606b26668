/** A process of its own that takes the steps of a conversion, or takes them back, and is killed at one of its statements. */
import { pathToFileURL } from 'node:url';
import type { ConversionPhase } from '../../src/engine/tenantize/conversion.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database, RunAlone, Tx } from '../../src/postgres/driver/database.ts';
import { converting } from '../tenantize/converting.ts';

export interface ConvertTask {
  readonly target: DatabaseTarget;
  readonly config: string;
  readonly way: 'apply' | 'revert';
  readonly to: ConversionPhase;
  /** The how manieth statement is its last. */
  readonly killAt: number;
}

/** The database, and `onStatement` before each call that sends statements; `later` where the statement is to be under way by then. */
export function counted(database: Database, onStatement: (later: boolean) => void): Database {
  const watch = (tx: Tx): Tx =>
    new Proxy(tx, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]): unknown => {
          onStatement(false);
          return Reflect.apply(member, target, given) as unknown;
        };
      },
    });
  return {
    engine: database.engine,
    transaction: (opening, work, extent) => database.transaction(opening, (tx) => work(watch(tx)), extent),
    alone: (work) =>
      database.alone((run) => {
        const watched: RunAlone = (sql, params) => {
          const isLong = sql.includes(' CONCURRENTLY ');
          if (!isLong) onStatement(false);
          const sent = run(sql, params);
          if (isLong) onStatement(true);
          return sent as never;
        };
        return work(watched);
      }),
    close: () => database.close(),
  };
}

async function main({ target, config, way, to, killAt }: ConvertTask): Promise<void> {
  let sent = 0;
  const database = await openDatabase({ ...target, applicationName: 'drover-test-conversion' });
  const dies = counted(database, (later) => {
    sent += 1;
    if (sent !== killAt) return;
    const die = (): boolean => process.kill(process.pid, 'SIGKILL');
    if (later) setTimeout(die, 2);
    else die();
  });
  await converting(dies, config)[way](to);
  await database.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(JSON.parse(process.argv[2] ?? '') as ConvertTask);
