/** `npm run openapi`: writes openapi.json from the schemas of the routes. */
import { writeFileSync } from 'node:fs';
import { openApiFile, renderOpenApi } from './openapi.ts';

writeFileSync(openApiFile, await renderOpenApi());
