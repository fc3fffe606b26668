#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { start } from './node-version.mjs';

// A checkout runs its sources. An installed package runs its build: Node.js strips no types under node_modules.
const built = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const sources = fileURLToPath(new URL('../src/main.ts', import.meta.url));
await start(existsSync(sources) ? sources : built, process.argv.slice(2));
