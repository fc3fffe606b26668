/** iCalendar (RFC 5545) as text: all-day events, escaped and folded as the standard asks. Pure: the time is handed in. */
export interface CalendarEvent {
  /** An event keeps its identity for ever, so that a calendar updates the event and does not show it twice. */
  readonly uid: string;
  /** The day, `2026-11-21`. */
  readonly day: string;
  readonly summary: string;
  readonly description: string;
  readonly categories?: readonly string[];
}

interface Calendar {
  readonly name: string;
  readonly events: readonly CalendarEvent[];
  /** When it was made, ISO 8601 in UTC. */
  readonly madeAt: string;
}

/** The calendar as a text with CRLF line ends, no line longer than 75 octets. */
export function writeCalendar({ name, events, madeAt }: Calendar): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Drover//Retirements//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `X-WR-CALNAME:${escapeText(name)}`,
    ...events.flatMap((event) => eventLines(event, utcTime(madeAt))),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

function eventLines(event: CalendarEvent, stamp: string): string[] {
  const categories = (event.categories ?? []).map(escapeText).join(',');
  return [
    'BEGIN:VEVENT',
    `UID:${escapeText(event.uid)}`,
    `DTSTAMP:${stamp}`,
    `DTSTART;VALUE=DATE:${basicDay(event.day)}`,
    `DTEND;VALUE=DATE:${basicDay(dayAfter(event.day))}`,
    `SUMMARY:${escapeText(event.summary)}`,
    `DESCRIPTION:${escapeText(event.description)}`,
    ...(categories === '' ? [] : [`CATEGORIES:${categories}`]),
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ];
}

/** Backslash, semicolon, comma and line ends are escaped; other control characters cannot be written and become spaces. */
function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(';', '\\;')
    .replaceAll(',', '\\,')
    .replaceAll(/\r\n|\r|\n/g, '\\n')
    .replaceAll(/\p{Cc}/gu, ' ');
}

const maxOctets = 75;

/** Continues a long line in the next one, after a space. A character of several octets stays whole. */
function fold(line: string): string {
  const parts: string[] = [];
  let part = '';
  let octets = 0;
  for (const character of line) {
    const size = octetsOf(character);
    if (octets + size > maxOctets) {
      parts.push(part);
      part = '';
      // The space at the beginning of the next line counts.
      octets = 1;
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join('\r\n ');
}

/** In UTF-8. */
function octetsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/** `2026-11-21T10:00:00.000Z` → `20261121T100000Z` */
function utcTime(iso: string): string {
  return `${iso.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function basicDay(day: string): string {
  return day.replaceAll('-', '');
}

/** The end of an all-day event is the day after it. */
function dayAfter(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, date + 1)).toISOString().slice(0, 10);
}
