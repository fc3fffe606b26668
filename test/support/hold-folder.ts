/** A process that opens a folder database, says so, and holds it until it is ended. */
import { DroverError } from '../../src/errors.ts';
import { openEmbedded } from '../../src/postgres/driver/embedded.ts';

try {
  await openEmbedded({ dataDir: process.argv[2] ?? '' });
  process.stdout.write('open\n');
} catch (error) {
  process.stdout.write(`${error instanceof DroverError ? error.code : String(error)}\n`);
}
setInterval(() => undefined, 1000);
