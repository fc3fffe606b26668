// Preloaded into the process that the launcher starts: it ends when the launcher is gone, so that nothing works on unseen.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
  // What this process starts itself is not of the launcher.
  const at = process.execArgv.indexOf(import.meta.url);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  process.once('disconnect', () => process.exit(137));
  process.channel.unref();
}
