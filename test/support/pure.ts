/** The test files that need no database, by what their path begins with. */

/** What decides without a database: most of the time. */
export const pureFolders = ['test/engine/', 'test/registry/'] as const;

/** The rules of the house, and the description of the API. */
export const pureFiles = ['test/house.test.ts', 'test/http/openapi.test.ts'] as const;

export function isPure(file: string): boolean {
  return [...pureFolders, ...pureFiles].some((path) => file.startsWith(path));
}
