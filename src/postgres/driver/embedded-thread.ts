/** The thread of an embedded database. It answers one call after the other, as they come. */
import { parentPort } from 'node:worker_threads';
import { type Engine, type EngineCall, type EngineReply, openEngine, packError } from './embedded-engine.ts';

let engine: Engine | undefined;
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (call: EngineCall) => {
  last = last.then(() => answer(call));
});

async function answer(call: EngineCall): Promise<void> {
  const reply: EngineReply = await run(call).then(
    (value) => ({ id: call.id, value }),
    (error: unknown) => ({ id: call.id, error: packError(error) }),
  );
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(reply);
}

async function run(call: EngineCall): Promise<unknown> {
  if (call.call === 'open') {
    engine = await openEngine(call.folder);
    return undefined;
  }
  if (engine === undefined) throw new Error('The database is not open.');
  if (call.call === 'send') return engine.send(call.statements);
  return call.call === 'script' ? engine.script(call.sql) : engine.close();
}
