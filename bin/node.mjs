// node bin/node.mjs FILE [ARGUMENTS]: runs a TypeScript file of this project on a Node.js that can.
import { resolve } from 'node:path';
import { start } from './node-version.mjs';

const [file, ...args] = process.argv.slice(2);
await start(resolve(file), args);
