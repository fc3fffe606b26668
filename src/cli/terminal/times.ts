/** Days and moments on the command line. A day that no calendar has is refused, because a lenient reader would take it for another day. */
import { DroverError } from '../../errors.ts';

/** The day of today, as the registry writes days. */
export function todayText(): string {
  return new Date().toISOString().slice(0, 10);
}

/** A moment in UTC, to the minute; the JSON has it exactly. */
export function minuteText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** @throws USAGE_INVALID where a text is no day */
export function readDay(option: string, text: string): string {
  if (isDay(text)) return text;
  throw unreadable(option, 'a day such as 2026-11-21', text);
}

/** A day is its beginning in UTC. @throws USAGE_INVALID where a text is neither a day nor a moment with its time zone */
export function readMoment(option: string, text: string): Date {
  const [day = '', time] = text.split('T');
  const zoned = time === undefined || /^\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(time);
  const moment = new Date(text);
  if (isDay(day) && zoned && !Number.isNaN(moment.getTime())) return moment;
  throw unreadable(option, 'a time such as 2026-11-21T10:00:00Z', text);
}

function unreadable(option: string, wanted: string, text: string): DroverError {
  return new DroverError('USAGE_INVALID', `${option} takes ${wanted}, not "${text}".`);
}

/** `Date.parse` takes February 30 for a day in March. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
