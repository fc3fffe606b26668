/** At least one planted fault for each rule. */
import { aroundPlants } from './around.ts';
import { indexPlants, keyPlants, ownerPlants, serverPlants, uniquePlants } from './keys.ts';
import type { Plant } from './plant.ts';
import { policyPlants } from './policies.ts';
import { rolePlants } from './roles.ts';

export const allPlants: readonly Plant[] = [
  ...policyPlants,
  ...rolePlants,
  ...aroundPlants,
  ...keyPlants,
  ...uniquePlants,
  ...ownerPlants,
  ...indexPlants,
  ...serverPlants,
];
