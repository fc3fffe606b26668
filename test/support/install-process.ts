/** A process of its own that installs the schema and says what it applied; the race test starts several. */
import { installPlatform } from '../../src/platform/install.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';

const db = await openDatabase({ url: process.argv[2] ?? '' });
try {
  process.stdout.write(JSON.stringify(await installPlatform(db)));
} finally {
  await db.close();
}
