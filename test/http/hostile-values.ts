/** Values that have broken programs before. */

const bell = '\u0007';
const rightToLeft = '\u202e\u2067';

/** Text for places where text is allowed, and for places where it is not. */
export const hostileTexts: readonly string[] = [
  "'",
  '"',
  '\\',
  "'; DROP TABLE migration.tenants; --",
  "' OR '1'='1",
  "1); DELETE FROM migration.users WHERE ('1'='1",
  '$1',
  '$$;SELECT pg_sleep(10);$$',
  "x' UNION SELECT secret_hash FROM migration.api_keys --",
  '${7*7}{{7*7}}<%= 7*7 %>',
  '<script>alert(1)</script>',
  '=cmd|/C calc!A0',
  '../../../../etc/passwd',
  '%00%0d%0a%ff',
  'a\r\nx-injected: yes\r\n\r\nGET / HTTP/1.1',
  'a\u2028b\u2029c',
  'nul\u0000nul',
  '\ud800',
  'half \udc00 pair',
  `${rightToLeft}nimda`,
  bell,
  '\ufeff',
  '\uffff\ufffe',
  'e\u0301'.repeat(50),
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\u00a0',
  ' ',
  '',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '[object Object]',
  '0',
  '-1',
  '1e400',
  '0x10',
  '٣',
  '9223372036854775808',
  '99999999999999999999999999999999',
  '{}',
  '{1,2}',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  '{00000001-def0-def0-def0-000000000000}',
  'urn:uuid:00000001-def0-def0-def0-000000000000',
  'x'.repeat(10_000),
];

/** Texts that are no days or moments, or that only the program or only the database can read. */
export const hostileMoments: readonly string[] = [
  '0000-00-00T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+00:01',
  '1900-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '9999-12-31T23:59:59-23:59',
  '9999-12-31T23:59:59-15:59',
  '2030-01-01T00:00:00+23:59',
  '2030-01-01T00:00:00-15:59',
  `2030-01-01T00:00:00.${'1'.repeat(200)}Z`,
  '2030-01-01T24:00:00Z',
  '2030-02-30T00:00:00Z',
  '1900-01-01',
  '9999-12-31',
  '99999-01-01',
  '2030-02-30',
  'infinity',
  'now',
];

export const hostileNumbers: readonly number[] = [
  -1,
  0,
  -0,
  0.1,
  -2_147_483_649,
  2_147_483_648,
  9_007_199_254_740_991,
  2 ** 53,
  1e21,
  1e308,
  5e-324,
  99_999_999.99995,
];

/** Keys that no schema knows. */
export const unknownKeys: readonly string[] = [
  'tenant_id',
  'is_live',
  'secret_hash',
  'is_demo',
  'actor',
  'created_at',
  'constructor',
  'hasOwnProperty',
  '$where',
  'a"b\\c',
  '',
  '\u202e',
  'k'.repeat(5000),
];

/** Bodies that are no JSON, or JSON that must be refused. */
export const brokenBodies: readonly string[] = [
  '',
  ' ',
  '{',
  '{"name": ',
  "{'name': 'x'}",
  '{"name": "x",}',
  '{"name": NaN}',
  '{"name": "\u0001"}',
  '{"name": "x"} trailing',
  '[1, 2',
  '\u0000',
  'name=x&b=1',
  '<xml/>',
  '{"__proto__": {"role": "sysadmin"}}',
  '{"constructor": {"prototype": {"role": "sysadmin"}}}',
  '{"a": {"__proto__": null}}',
  '{"name": "\\ud800"}',
  '{"name": "\\u0000"}',
  '{"\\u0000": 1}',
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
  '['.repeat(200_000),
];

/** Bodies that are JSON, but that no operation takes. */
export const oddBodies: readonly string[] = [
  'null',
  'true',
  '0',
  '1e400',
  '"text"',
  '[]',
  '[{}]',
  `[${'1,'.repeat(200_000)}1]`,
  `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":${n}`).join(',')}}`,
];

export const oddContentTypes: readonly string[] = [
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/json-patch+json',
  'application/octet-stream',
  'application/jsonx',
  'json',
  '*/*',
  'application/json\u0000',
];

/** Bytes that are no UTF-8, inside a JSON string. */
export const badBytes: readonly Buffer[] = [
  Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xfd]), Buffer.from('"}')]),
  Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
  Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xf0, 0x9f]), Buffer.from('"}')]),
  Buffer.from('{"name":"x"}', 'utf16le'),
];
