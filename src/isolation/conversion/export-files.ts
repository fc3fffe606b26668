/**
 * A conversion as files of plain SQL for any tool that runs migrations: one for each table and phase, and one for each statement that runs
 * in no transaction; a step that reads rows has a file of its own, so that no lock lasts longer than it must. Each has its way back.
 */
import { conversionPhases } from '../../engine/tenantize/conversion.ts';
import type { ConvertedTable } from '../../engine/tenantize/conversion.ts';
import type { ConversionStep } from '../../engine/tenantize/steps.ts';

/** A step with its statements. */
interface StatedStep extends Omit<ConversionStep, 'change'> {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

export interface ExportFile {
  readonly name: string;
  readonly text: string;
}

export interface ExportedConversion {
  readonly tables: readonly ConvertedTable[];
  readonly steps: readonly StatedStep[];
  /** How a session that takes steps begins. */
  readonly session: readonly string[];
}

/** The first line of each file: by it a file is known as one that may be written anew. */
export const exportMark = '-- Written by drover tenantize export.';

export const manifestName = 'manifest.json';

/** All files in their order, the manifest last. @param hash of a text, for the manifest */
export function exportFiles(conversion: ExportedConversion, hash: (text: string) => string): ExportFile[] {
  const parts = partsOf(conversion.steps).map((steps, at) => partFiles(steps, at + 1, conversion.session));
  const manifest = {
    tables: conversion.tables.map(({ table, class: kind, owner, v1, v2, column, keys, policies, shim }) => {
      return { table, class: kind, owner, v1, v2, column, keys, policies, shim };
    }),
    files: parts.map(({ phase, table, transaction, up, down }) => ({
      phase,
      table,
      transaction,
      up: { file: up.name, sha256: hash(up.text) },
      ...(down === undefined ? {} : { down: { file: down.name, sha256: hash(down.text) } }),
    })),
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return [
    ...parts.flatMap(({ up, down }) => [up, ...(down === undefined ? [] : [down])]),
    { name: manifestName, text },
  ];
}

function partsOf(steps: readonly StatedStep[]): StatedStep[][] {
  const parts: StatedStep[][] = [];
  for (const step of steps) {
    const last = parts.at(-1)?.at(-1);
    const isSame = last !== undefined && last.phase === step.phase && last.table === step.table;
    if (isSame && !isAlone(last) && !isAlone(step)) parts.at(-1)?.push(step);
    else parts.push([step]);
  }
  return parts;
}

function isAlone({ transaction, locks }: StatedStep): boolean {
  return !transaction || locks.some(({ rows }) => rows);
}

interface PartFiles extends Pick<StatedStep, 'phase' | 'table' | 'transaction'> {
  readonly up: ExportFile;
  readonly down?: ExportFile;
}

function partFiles(steps: readonly StatedStep[], number: number, session: readonly string[]): PartFiles {
  const [{ phase, table, transaction } = { phase: 'expand' as const, table: '', transaction: true }] = steps;
  const about = table === '' ? 'all' : table.replaceAll(/[^\w.-]/g, '_');
  const stem = `${String(number).padStart(4, '0')}-${conversionPhases.indexOf(phase) + 1}-${phase}-${about}`;
  const whats = steps.map(({ what }) => what);
  const down = steps.toReversed().flatMap((step) => step.down);
  const text = (statements: readonly string[], way: string): string =>
    fileText({ statements, transaction, whats, way, session });
  const up = {
    name: `${stem}.up.sql`,
    text: text(
      steps.flatMap((step) => step.up),
      phase,
    ),
  };
  if (phase === 'contract') return { phase, table, transaction, up };
  return {
    phase,
    table,
    transaction,
    up,
    down: { name: `${stem}.down.sql`, text: text(down, `back from ${phase}`) },
  };
}

interface FileWords {
  readonly statements: readonly string[];
  readonly transaction: boolean;
  readonly whats: readonly string[];
  readonly way: string;
  readonly session: readonly string[];
}

/** What runs in no transaction is one statement alone: with a setting before it many a tool would make one of both. */
function fileText({ statements, transaction, whats, way, session }: FileWords): string {
  const head = [
    exportMark,
    transaction ? '-- In one transaction.' : '-- In no transaction.',
    // A name may hold a line break, and the rest of it would be a statement.
    ...whats.map((what) => `-- ${way}: ${what.replaceAll(/\s+/g, ' ')}`),
  ];
  const settings = transaction ? session.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')) : [];
  return `${[...head, ...[...settings, ...statements].map((statement) => `${statement.replace(/;\s*$/, '')};`)].join('\n')}\n`;
}
