/** `npm run schema:dump`: writes migrations/schema.sql from an installation in an empty database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSchema, installPlatform } from '../../src/platform/install.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { dumpSchema } from './schema-text.ts';
import { migrationsFolder } from '../../src/postgres/schema/migration-files.ts';
import { freshDatabase } from './databases.ts';

const { target, drop } = await freshDatabase('embedded');
const db = await openDatabase(target);
try {
  await installPlatform(db);
  writeFileSync(join(migrationsFolder, 'schema.sql'), await dumpSchema(db, defaultSchema));
} finally {
  await db.close();
  await drop();
}
