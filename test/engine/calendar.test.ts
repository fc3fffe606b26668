/** A calendar program reads exactly what was written, whatever is in the text, and no line is longer than it may be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writeCalendar } from '../../src/engine/calendar.ts';

const madeAt = '2026-11-21T10:20:30.456Z';

function calendarOf(summary: string, day = '2026-12-31'): string {
  const event = { uid: 'a@b', day, summary, description: 'd', categories: ['one, two', 'three'] };
  return writeCalendar({ name: 'Retirements', events: [event], madeAt });
}

/** What RFC 5545 says a reader does: unfold, split at the first colon, unescape. */
function read(text: string): Map<string, string> {
  const lines = text.replaceAll('\r\n ', '').split('\r\n');
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      const value = line
        .slice(at + 1)
        .replaceAll(/\\([\\;,nN])/g, (_, c: string) => (c.toLowerCase() === 'n' ? '\n' : c));
      return [line.slice(0, at), value] as const;
    }),
  );
}

describe('an iCalendar text', () => {
  it('has the properties that the standard asks for, with CRLF', () => {
    const text = calendarOf('Model ends');
    const found = read(text);
    assert.equal(found.get('DTSTAMP'), '20261121T102030Z');
    assert.equal(found.get('DTSTART;VALUE=DATE'), '20261231');
    assert.equal(found.get('DTEND;VALUE=DATE'), '20270101');
    assert.equal(found.get('UID'), 'a@b');
    assert.match(text, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\nPRODID:/);
    assert.match(text, /\r\nEND:VCALENDAR\r\n$/);
    assert.match(text, /\r\nCATEGORIES:one\\, two,three\r\n/);
    assert.ok(!/[^\r]\n/.test(text));
  });

  it('ends a day after a leap day on the first of March', () => {
    assert.equal(read(calendarOf('x', '2028-02-29')).get('DTEND;VALUE=DATE'), '20280301');
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
        assert.equal(read(text).get('SUMMARY'), plain);
      }),
    );
  });
});
