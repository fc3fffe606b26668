/** An assessment as a document that people take elsewhere: rows of a list, Markdown, the days of it as a calendar. */
import { writeCalendar } from '../models/calendar.ts';
import type { CalendarEvent } from '../models/calendar.ts';
import type { Readiness } from './readiness.ts';
import { confidenceText } from './recommend.ts';
import { nameOf, undecided } from './review.ts';
import type { Assessed } from './review.ts';

/** What a document says of an assessment, and what its tenant is called: nothing where there is a single one. */
export interface NamedAssessment {
  readonly tenantName: string;
  readonly shown: {
    readonly record: {
      readonly id: string;
      readonly status: string;
      readonly version: number;
      readonly surveyedOn: string | null;
    };
    readonly sources: readonly {
      readonly source: string;
      readonly label: string;
      readonly ends: string | null;
      readonly says: string;
    }[];
    readonly assessed: readonly Assessed[];
    readonly readiness: Readiness;
    readonly waves: readonly { readonly asset: string; readonly wave: number }[];
  };
}

/** A row for each asset of all of them: for programs, and for the export. */
export function assetTable(assessments: readonly NamedAssessment[]): {
  head: readonly string[];
  rows: string[][];
} {
  return {
    head: [
      'tenant',
      'table',
      'key',
      'name',
      'kind',
      'model',
      'ends',
      'recommended',
      'confidence',
      'rule',
      'decided',
      'target',
      'until',
      'owner',
      'due',
      'reason',
      'decided by',
      'group',
      'wave',
    ],
    rows: assessments.flatMap(({ tenantName, shown }) => {
      const waves = new Map(shown.waves.map(({ asset, wave }) => [asset, wave]));
      return shown.assessed.map((one) => assetRow(tenantName, one, waves.get(one.asset)));
    }),
  };
}

function assetRow(
  tenantName: string,
  { facts, recommendation, decision, group }: Assessed,
  wave: number | undefined,
): string[] {
  return [
    tenantName,
    facts.table,
    facts.key,
    facts.name ?? '',
    facts.kind,
    facts.source,
    facts.ends ?? '',
    recommendation.strategy,
    confidenceText(recommendation.confidence),
    String(recommendation.rule),
    decision?.strategy ?? '',
    (decision === null ? recommendation.target : decision.target) ?? '',
    decision?.until ?? '',
    decision?.owner ?? '',
    decision?.due ?? '',
    decision?.reason ?? '',
    decision?.actor ?? '',
    group,
    wave === undefined ? '' : String(wave),
  ];
}

/** A heading, the models, the assets. */
export function markdownOf({ tenantName, shown }: NamedAssessment): string[] {
  const { record, sources, assessed, readiness, waves } = shown;
  const waveOf = new Map(waves.map(({ asset, wave }) => [asset, wave]));
  const open = undecided(assessed).length;
  return [
    `# Assessment${tenantName === '' ? '' : ` of ${cell(tenantName)}`}`,
    '',
    `${record.status}, version ${record.version}; surveyed on ${record.surveyedOn ?? 'no day'}; ` +
      `readiness ${readiness.points} of 100; ${open} undecided.`,
    '',
    '| model | ends | says |',
    '|---|---|---|',
    ...sources.map(({ label, ends, says }) => `| ${cell(label)} | ${ends ?? ''} | ${cell(says)} |`),
    '',
    '| asset | name | recommended | decided | target | until, due | owner | reason | wave |',
    '|---|---|---|---|---|---|---|---|---|',
    ...assessed.map((one) => {
      const { recommendation, decision, facts } = one;
      const cells = [
        nameOf(one),
        facts.name ?? '',
        `${recommendation.strategy} ${confidenceText(recommendation.confidence)}`,
        decision?.strategy ?? '',
        (decision === null ? recommendation.target : decision.target) ?? '',
        decision?.until ?? decision?.due ?? '',
        decision?.owner ?? '',
        decision?.reason ?? '',
        String(waveOf.get(one.asset) ?? ''),
      ];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
    '',
  ];
}

/** What people wrote must not be taken for Markdown, and stays in its cell. */
function cell(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ');
}

/** The ends of models, the days until which rows stay, and those by which somebody is done. */
export function calendarOf(all: readonly NamedAssessment[], madeAt: string): string {
  const events = all.flatMap(({ tenantName, shown }) => {
    const about = tenantName === '' ? '' : ` (${tenantName})`;
    const dated = shown.assessed.flatMap((one): CalendarEvent[] => {
      const { decision, asset, facts } = one;
      const day = decision?.until ?? decision?.due ?? null;
      if (decision === null || day === null) return [];
      const what = decision.strategy === 'retain' ? 'stays until today' : `${decision.strategy} is due`;
      return [
        {
          uid: `${asset}.${encodeURIComponent(facts.source)}@assessments.drover`,
          day,
          summary: `${facts.name ?? nameOf(one)}: ${what}${about}`,
          description: [
            nameOf(one),
            ...(decision.owner === null ? [] : [decision.owner]),
            ...(decision.reason === null ? [] : [decision.reason]),
          ].join('\n'),
        },
      ];
    });
    const ends = shown.sources.flatMap(({ source, label, ends: day, says }): CalendarEvent[] => {
      if (day === null) return [];
      const rows = shown.assessed.filter(({ facts }) => facts.source === source).length;
      const uid = `${shown.record.id}.${encodeURIComponent(source)}@assessments.drover`;
      return [
        { uid, day, summary: `${label} is shut down${about}`, description: `${rows} assets; says ${says}.` },
      ];
    });
    return [...ends, ...dated];
  });
  return writeCalendar({ name: 'Assessments', events, madeAt });
}
