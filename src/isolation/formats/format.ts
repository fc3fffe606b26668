/** The forms in which a report can be written, each a function of the report alone. */
import { githubText } from './github.ts';
import { htmlText } from './html.ts';
import type { FormatInput } from './input.ts';
import { junitText } from './junit.ts';
import { markdownText } from './markdown.ts';
import { sarifText } from './sarif.ts';

export const reportFormats: Readonly<Record<string, (input: FormatInput) => string>> = {
  json: ({ report }) => `${JSON.stringify(report, null, 2)}\n`,
  sarif: sarifText,
  github: githubText,
  junit: junitText,
  markdown: markdownText,
  html: htmlText,
};
