/** Marks: what an editor is told to write where nobody wants an edit but to know what it would edit. */

/** JSON writes these brackets as they are, and no model is called like that. */
export function markOf(at: number): string {
  return `⟦drover ${at}⟧`;
}

/** The numbers of the marks in a text, in their order. */
export function marksIn(text: string): number[] {
  return [...text.matchAll(/⟦drover (\d+)⟧/g)].map((match) => Number(match[1]));
}

export function holdsMark(text: string): boolean {
  return text.includes('⟦drover ');
}
