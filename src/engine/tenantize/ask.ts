/** How a person is asked: what was seen, and the answers to paste into drover.config.yaml. */
import { tablePath } from '../catalogue/names.ts';
import type { TableId } from '../catalogue/catalog.ts';
import { finding } from '../finding.ts';
import type { TenantizeTable } from '../rules/config.ts';
import { isYamlWord } from '../yaml-word.ts';
import type { ConversionQuestion } from './conversion.ts';
import type { GroundIndex } from './ground.ts';

/** A question about a table, as a finding that refuses. */
export function question(
  code: string,
  table: TableId,
  message: string,
  about: {
    readonly answers?: ConversionQuestion['answers'];
    readonly count?: number;
    readonly place?: string;
  } = {},
): ConversionQuestion {
  const { answers = [], ...rest } = about;
  return { ...finding('error', code, message, { entity: table, ...rest }), table, answers };
}

/** YAML that says something of one table. */
export function sayOf(index: GroundIndex, table: TableId, said: TenantizeTable): string {
  const source = index.tables.get(table);
  const name = source === undefined ? table : tablePath(index.ground.scope, source);
  return `tenantize: { tables: { ${yamlKey(name)}: ${flow(said)} } }`;
}

function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return yamlKey(String(value));
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${yamlKey(key)}: ${flow(inner)}`)
    .join(', ')} }`;
}

/** A text as YAML reads it as that text. */
export function yamlKey(text: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(text) && !isYamlWord(text) ? text : JSON.stringify(text);
}

/** Something that stands in the way of a phase. */
export function blocked(
  table: TableId,
  message: string,
  answers: ConversionQuestion['answers'] = [],
): ConversionQuestion {
  return question('PHASE_BLOCKED', table, message, { answers });
}

/** Does a text of SQL name the column? */
export function namesColumn(text: string, column: string): boolean {
  return text.split(/[^\w$]+/).includes(column);
}
