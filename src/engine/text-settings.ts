/**
 * What decides how a value is written as text, and how a text is read. Journals hold keys and values as text, and a rollback may come
 * from a login, a database or a client with other settings than the apply had: so every transaction of Drover has these.
 */
export const textSettings: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  xmlbinary: 'base64',
  xmloption: 'content',
};

/** Is it one of these? PostgreSQL takes the names of settings in any letters. */
export function isTextSetting(name: string): boolean {
  return Object.hasOwn(textSettings, name.toLowerCase());
}
