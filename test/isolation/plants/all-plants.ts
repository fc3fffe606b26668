/** At least one planted fault for each rule. */
import { firstPlants } from './first.ts';
import type { Plant } from './plant.ts';

export const allPlants: readonly Plant[] = [...firstPlants];
