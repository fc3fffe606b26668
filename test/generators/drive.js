// @ts-check
// One request by each client, compared. `DROVER_URL` and `DROVER_KEY` say where and as whom.
import createClient from 'openapi-fetch';
import { client } from './out/hey/client.gen';
import { createAssistant as heyCreate, listAssistants as heyList } from './out/hey/sdk.gen';
import { createAssistant as orvalCreate, listAssistants as orvalList } from './out/orval';

const { DROVER_URL: baseUrl = '', DROVER_KEY: key = '' } = process.env;
const headers = { Authorization: `Bearer ${key}` };
const query = { limit: 2 };

/** @type {import('openapi-fetch').Client<import('./out/schema').paths>} */
const byTypes = createClient({ baseUrl, headers });
client.setConfig({ baseUrl, headers });

const answers = [
  (await byTypes.GET('/api/v1/assistants', { params: { query } })).data,
  (await heyList({ query })).data,
  (await orvalList(query, { headers })).data,
];
const refusals = [
  // @ts-expect-error A name must be given.
  (await byTypes.POST('/api/v1/assistants', { body: {} })).error?.code,
  // @ts-expect-error A name must be given.
  (await heyCreate({ body: {} })).error?.code,
  // @ts-expect-error A name must be given.
  codeOf((await orvalCreate({}, { headers })).data),
];

/** @param {unknown} data */
function codeOf(data) {
  return typeof data === 'object' && data !== null && 'code' in data ? data.code : undefined;
}

console.log(JSON.stringify({ answers, refusals }));
