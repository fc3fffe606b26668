/** A row as COPY writes it: fields divided by tabs, `\N` for NULL, and escapes. */

export function readCopiedRow(text: string): (string | null)[] {
  return text.split('\t').map((field) => (field === String.raw`\N` ? null : unescapeField(field)));
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescapeField(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replaceAll(/\\([^])/g, (_, character: string) => escapes[character] ?? character);
}
