/** A line of a file of SQL. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}
