/** The thread of an embedded database: one call after the other, as they come. */
import { parentPort } from 'node:worker_threads';
import {
  type Engine,
  type EngineCall,
  type EngineError,
  type EngineReply,
  openEngine,
} from './embedded-engine.ts';

let engine: Engine | undefined;
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (call: EngineCall) => {
  last = last.then(() => answer(call));
});

async function answer(call: EngineCall): Promise<void> {
  const reply: EngineReply = await carryOut(call).then(
    (value) => ({ id: call.id, value }),
    (error: unknown) => ({ id: call.id, error: pack(error) }),
  );
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(reply);
}

async function carryOut(call: EngineCall): Promise<unknown> {
  if (call.call === 'open') {
    engine = await openEngine(call.folder);
    return undefined;
  }
  if (engine === undefined) throw new Error('The database is not open.');
  if (call.call === 'query') return engine.query(call.sql, call.params);
  return call.call === 'script' ? engine.script(call.sql) : engine.close();
}

function pack(error: unknown): EngineError {
  if (!(error instanceof Error)) return { message: String(error), stack: '', fields: {} };
  const plain = Object.entries(error).filter(([, value]) => ['string', 'number'].includes(typeof value));
  return { message: error.message, stack: error.stack ?? '', fields: Object.fromEntries(plain) };
}
