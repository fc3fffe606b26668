/** Writes a proposal as the file that a person edits: YAML with a comment above each guess that says why. */
import type { Proposal } from './propose.ts';

type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

const width = 110;

const schemaLine = '# yaml-language-server: $schema=node_modules/drover/schema/drover.config.schema.json';

/** The text of `drover.config.yaml`, its questions on the first screen. Reading it gives the configuration of the proposal. */
export function renderProposal({ config, reasons, questions, notes, account }: Proposal): string {
  const head = [
    'Proposed by "drover init" from the catalogue and samples of the rows. Check every line, then commit the file.',
    ...(questions.length > 0 ? ['Questions:', ...questions.map((text, at) => `${at + 1}. ${text}`)] : []),
    ...notes.map((note) => `- ${note}`),
  ];
  const body = Object.entries(config as unknown as Record<string, Plain | undefined>).flatMap(
    ([key, value]) =>
      value === undefined ? [] : ['', ...entry({ reasons, path: '', indent: '' }, key, value)],
  );
  const lines = [
    schemaLine,
    ...head.flatMap((line) => comment('', line)),
    ...body,
    '',
    ...comment('', account),
  ];
  return `${lines.join('\n')}\n`;
}

interface YamlPosition {
  readonly reasons: Readonly<Record<string, string>>;
  readonly path: string;
  readonly indent: string;
}

function entry(where: YamlPosition, key: string, value: Plain): string[] {
  const path = where.path === '' ? key : `${where.path}.${key}`;
  const why = where.reasons[path];
  const said = why === undefined || why === '' ? [] : comment(where.indent, why);
  const label = `${where.indent}${scalar(key)}:`;
  const inline = `${label} ${flow(value)}`;
  const nested = Object.keys(where.reasons).some((reason) => reason.startsWith(`${path}.`));
  if (!isContainer(value) || (isSmall(value) && inline.length <= width && !nested)) return [...said, inline];
  return [
    ...said,
    label,
    ...(Array.isArray(value)
      ? items({ ...where, path, indent: `${where.indent}  ` }, value)
      : members({ ...where, path, indent: `${where.indent}  ` }, value)),
  ];
}

function members(where: YamlPosition, value: Plain): string[] {
  return Object.entries(value as Record<string, Plain | undefined>).flatMap(([key, member]) =>
    member === undefined ? [] : entry(where, key, member),
  );
}

function items(where: YamlPosition, list: readonly Plain[]): string[] {
  return list.flatMap((item, at) => {
    const why = where.reasons[`${where.path}.${at}`];
    const said = why === undefined || why === '' ? [] : comment(where.indent, why);
    if (!isContainer(item)) return [...said, `${where.indent}- ${flow(item)}`];
    const [first, ...rest] = members(
      { ...where, path: `${where.path}.${at}`, indent: `${where.indent}  ` },
      item,
    );
    return [...said, `${where.indent}- ${(first ?? '{}').trimStart()}`, ...rest];
  });
}

function isContainer(value: Plain): boolean {
  return typeof value === 'object' && value !== null;
}

/** Fits on a line: a list of scalars or an object of scalars. */
function isSmall(value: Plain): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((member) => !isContainer(member ?? null) || isEmpty(member as Plain))
  );
}

function isEmpty(value: Plain): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function flow(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map((item: Plain) => flow(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).flatMap(([key, member]) =>
      member === undefined ? [] : [`${scalar(key)}: ${flow(member)}`],
    );
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
  }
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** Bare where nothing can misread it, otherwise in double quotes, whose escapes are those of JSON. */
function scalar(text: string): string {
  const bare =
    /^[A-Za-z_$/][\w$./*=<>'~-]*( [\w$./*=<>'~-]+)*$/.test(text) &&
    !/^(true|false|yes|no|on|off|null|y|n|~)$/i.test(text);
  return bare ? text : JSON.stringify(text);
}

/** Wrapped, so that a reason can be read beside the line it explains. */
function comment(indent: string, text: string): string[] {
  const lines: string[] = [];
  let current = `${indent}#`;
  for (const word of text.replaceAll(/\s+/g, ' ').split(' ')) {
    if (current.length + word.length + 1 > width && current.trim() !== '#') {
      lines.push(current);
      current = `${indent}#`;
    }
    current += ` ${word}`;
  }
  return [...lines, current];
}
