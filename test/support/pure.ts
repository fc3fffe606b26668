/** The test files that need no database, by what their path begins with: what decides, the rules of the house, and the API's description. */
const pure = ['test/engine/', 'test/registry/', 'test/house.test.ts', 'test/http/openapi.test.ts'];

/** Values of hundreds of megabytes take a third of the time that `npm run check` has. */
const long = ['test/engine/edit/sizes.test.ts'];

export function isPure(file: string): boolean {
  return pure.some((path) => file.startsWith(path)) && !long.includes(file);
}
