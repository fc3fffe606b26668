/** Is it a uuid in the form that PostgreSQL prints, in letters of either case? Keys need not be of an RFC version. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}
