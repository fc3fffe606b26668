/** A calendar program reads exactly what was written, whatever is in the text, and no line is longer than it may be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { writeCalendar } from '../../src/engine/models/calendar.ts';

const madeAt = '2026-11-21T10:20:30.456Z';

function calendarOf(summary: string, day = '2026-12-31'): string {
  const event = { uid: 'a@b', day, summary, description: 'd', categories: ['one, two', 'three'] };
  return writeCalendar({ name: 'Retirements', events: [event], madeAt });
}

/** The only event, as a parser that others wrote reads it. */
function read(text: string): ICAL.Event {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  assert.equal(calendar.getFirstPropertyValue('version'), '2.0');
  const events = calendar.getAllSubcomponents('vevent');
  const [only] = events;
  assert.ok(only !== undefined && events.length === 1);
  return new ICAL.Event(only);
}

describe('an iCalendar text', () => {
  it('has the properties that the standard asks for, with CRLF', () => {
    const text = calendarOf('Model ends');
    const { component, uid, startDate, endDate } = read(text);
    const stamp = component.getFirstPropertyValue('dtstamp') as ICAL.Time;
    assert.equal(stamp.toICALString(), '20261121T102030Z');
    assert.ok(startDate.isDate && endDate.isDate, 'a whole day, wherever the reader is');
    assert.deepEqual([startDate.toString(), endDate.toString()], ['2026-12-31', '2027-01-01']);
    assert.equal(uid, 'a@b');
    assert.deepEqual(component.getFirstProperty('categories')?.getValues(), ['one, two', 'three']);
    assert.match(text, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\nPRODID:/);
    assert.match(text, /\r\nEND:VCALENDAR\r\n$/);
    assert.match(text, /\r\nCATEGORIES:one\\, two,three\r\n/);
    assert.ok(!/[^\r]\n/.test(text));
  });

  it('ends a day after a leap day on the first of March', () => {
    assert.equal(read(calendarOf('x', '2028-02-29')).endDate.toString(), '2028-03-01');
  });

  it('gives back any text, in lines of at most 75 octets, characters whole', () => {
    const words = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\\', ';', ',', '\n', '\r\n', ':', 'é', '漢', '😀'),
        fc.string({ maxLength: 8 }),
      ),
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, (summary) => {
        const text = calendarOf(summary);
        for (const line of text.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line);
        const plain = summary.replaceAll(/\r\n|\r/g, '\n').replaceAll(/[^\P{Cc}\n]/gu, ' ');
        assert.equal(read(text).summary, plain);
      }),
    );
  });
});
