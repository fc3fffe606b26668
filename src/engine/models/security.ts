/**
 * The rule of security classes: a model may be used where no class above its own is demanded. What nobody demands is met, and a model
 * whose class is unknown meets no demand. Plans and the API ask here, and nothing else compares classes.
 */
export function meetsClass(has: number | null | undefined, demanded: number | null | undefined): boolean {
  if (demanded === undefined || demanded === null) return true;
  return has !== undefined && has !== null && has >= demanded;
}
