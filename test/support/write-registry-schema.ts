/** npm run registry:schema */
import { writeFileSync } from 'node:fs';
import { registrySchema, schemaFile } from './registry-schema.ts';

writeFileSync(schemaFile, `${JSON.stringify(registrySchema(), null, 2)}\n`);
