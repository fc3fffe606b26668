/** At least one planted fault for each rule. */
import { firstPlants } from './first.ts';
import { indexPlants, keyPlants, ownerPlants, serverPlants, uniquePlants } from './keys.ts';
import type { Plant } from './plant.ts';

export const allPlants: readonly Plant[] = [
  ...firstPlants,
  ...keyPlants,
  ...uniquePlants,
  ...ownerPlants,
  ...indexPlants,
  ...serverPlants,
];
