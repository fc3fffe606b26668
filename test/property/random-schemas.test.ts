/**
 * Random small databases: keys of every type, owners by every kind of tie, references of every kind, unique keys that collide.
 * For each, on both engines: the plan passes the checker and writes nothing; applying gives, cell for cell, what an oracle in plain
 * JavaScript computes from the text of the tables; rolling back restores the start and redoing it the result.
 */
import { declareProperty } from './property-database.ts';
import { rareCases } from './rare-cases.ts';

// Always the same cases here, so that a red run means changed code; test/soak/property.test.ts tries new ones.
declareProperty({ seed: 20_261_121, numRuns: 45, examples: [...rareCases], interruptAfterTimeLimit: 18_000 });
