/** npm run library:api: writes docs/library-api.txt again. */
import { writeFileSync } from 'node:fs';
import { libraryApi, libraryApiFile } from './library-api.ts';

writeFileSync(libraryApiFile, libraryApi());
