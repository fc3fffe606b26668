/** Every model of the registry in every spelling; `npm test` moves one of each vendor. */
await import('../guarantees/spellings.test.ts');
