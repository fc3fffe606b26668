/** What `import … from 'drover'` gives, as text: each exported declaration without its comments and its body, by name. */
import { readFileSync } from 'node:fs';
import { parseSync, type Program, Visitor } from 'oxc-parser';

export const libraryApiFile = new URL('../../docs/library-api.txt', import.meta.url);

const files = ['src/library/library.ts', 'src/library/shapes.ts'];
const builtIn = new Set(['Error', 'Promise', 'Readonly', 'Record']);

export function libraryApi(): string {
  const declared = files.flatMap((file) => declarationsOf(readFileSync(file, 'utf8')));
  const names = new Set([...declared.map(({ name }) => name), ...builtIn]);
  const strange = declared.flatMap(({ name, uses }) =>
    uses.filter((use) => !names.has(use)).map((use) => `${name} shows ${use}, which is not exported`),
  );
  if (strange.length > 0) throw new Error(strange.join('\n'));
  const texts = declared.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ text }) => text);
  return `${texts.join('\n\n')}\n\nclass DroverError extends Error { code; data }\n`;
}

interface Declared {
  readonly name: string;
  readonly text: string;
  /** The types that it names. */
  readonly uses: readonly string[];
}

function declarationsOf(source: string): Declared[] {
  const { program, comments } = parseSync('library.ts', source);
  const blank = [...comments].reduce(
    (text, { start, end }) => text.slice(0, start) + ' '.repeat(end - start) + text.slice(end),
    source,
  );
  return program.body.flatMap((statement): Declared[] => {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) return [];
    const { declaration } = statement;
    if (!('id' in declaration) || declaration.id === null || !('name' in declaration.id)) return [];
    const end =
      'body' in declaration && declaration.type === 'FunctionDeclaration'
        ? declaration.body?.start
        : undefined;
    const shown = blank.slice(declaration.start, end ?? declaration.end).replaceAll('shape.', '');
    const text = shown
      .replaceAll(/[ \t]+$/gm, '')
      .replaceAll(/\n{2,}/g, '\n')
      .trim();
    const uses = typesIn(program, declaration.start, end ?? declaration.end);
    return [{ name: declaration.id.name, text, uses }];
  });
}

function typesIn(program: Program, start: number, end: number): string[] {
  const names: string[] = [];
  new Visitor({
    TSTypeReference({ typeName, start: at }) {
      if (at < start || at >= end) return;
      if (typeName.type === 'Identifier') names.push(typeName.name);
      else if (typeName.type === 'TSQualifiedName') names.push(typeName.right.name);
    },
  }).visit(program);
  return names;
}
