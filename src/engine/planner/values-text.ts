/** Values and how many rows have them, for a person. */
import { compareText } from '../order.ts';

const valuesShown = 5;

/** `"high" → "medium" in 12, "low" → "minimal" in 3`, those of the most rows first. */
export function valuesText(values: ReadonlyMap<string, number>): string {
  const all = [...values].toSorted(([a, some], [b, others]) => others - some || compareText(a, b));
  const most = all.slice(0, valuesShown).map(([value, rows]) => `${value} in ${rows}`);
  const more = all.length - valuesShown;
  return [...most, ...(more > 0 ? [`${more} other ${more === 1 ? 'value' : 'values'}`] : [])].join(', ');
}
